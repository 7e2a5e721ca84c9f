"""A million accounts, once on each database: how long each command takes, and what memory it needs."""

import os
import shutil

from tests.bench.children import Children
from tests.bench.figures.growth import COMMANDS

COLUMNS = ("command", "database", "accounts", "seconds", "accounts a second", "peak memory, since it began")


def million(bench, accounts=1_000_000):
    """Yield the cells of each row."""
    yield from _rows("SQLite", _on_sqlite(bench.folder, accounts))
    template = bench.filled(accounts=accounts, raised=1000)
    yield from _rows("PostgreSQL", (bench.run_on_copy(template, order) for order in COMMANDS.values()))


def _rows(database, results):
    for title, done in zip(COMMANDS, results, strict=True):
        peak = f"{done.peak / 2**20:.1f} MiB, {done.rise / 2**20:.1f} MiB"
        yield title, database, f"{done.count:,}", f"{done.seconds:.1f}", f"{done.rate:,.0f}", peak


def _on_sqlite(folder, accounts):
    filled, copy = folder / "filled.sqlite3", folder / "books.sqlite3"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "GENBILLING_TEST_DATABASE": "sqlite",
    }
    with Children(environment) as children:
        children.measure(filled, ("migrate", {}))
        children.measure(filled, ("fill", {"accounts": accounts, "raised": 1000}))
        for order in COMMANDS.values():
            shutil.copyfile(filled, copy)
            yield children.measure(copy, order)
