"""A million accounts, once: how long each command takes and what memory it needs, on SQLite and on PostgreSQL."""

import os
import shutil

from tests.bench.children import measure
from tests.bench.figures.growth import COMMANDS

COLUMNS = ("command", "database", "accounts", "seconds", "accounts a second", "peak memory above the start")


def million(bench, accounts=1_000_000):
    """Return the columns and rows of the table; the rows are printed as they come."""
    rows = []
    for database, run in (
        ("SQLite", _on_sqlite(bench.folder, accounts)),
        ("PostgreSQL", _on_postgres(bench, accounts)),
    ):
        for title, order in COMMANDS.items():
            done = run(order)
            rows.append(
                (
                    title,
                    database,
                    f"{done.count:,}",
                    f"{done.seconds:.1f}",
                    f"{done.rate:,.0f}",
                    f"{done.peak / 2**20:.1f} MiB",
                )
            )
            print(" | ".join(rows[-1]), flush=True)
    return COLUMNS, rows


def _on_postgres(bench, accounts):
    return lambda order: bench.run_on_copy(bench.filled(accounts=accounts, raised=1000), order)


def _on_sqlite(folder, accounts):
    filled, copy = folder / "filled.sqlite3", folder / "books.sqlite3"

    def run(order):
        if not filled.exists():
            _measure(filled, ("migrate", {}))
            _measure(filled, ("fill", {"accounts": accounts, "raised": 1000}))
        shutil.copyfile(filled, copy)
        return _measure(copy, order)

    return run


def _measure(file, order):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "GENBILLING_TEST_DATABASE": "sqlite",
        "GENBILLING_TEST_DATABASE_NAME": str(file),
    }
    return measure(environment, order)
