"""Measure the billing run, each figure beside a reference of the same run, and write a page about it.

It runs on a PostgreSQL of its own that keeps what was committed, as a project's does. Only the ratios say
something about genbilling: the rest says what the machine can do, and how busy it is.
"""

import argparse
import tempfile
from pathlib import Path

from tests.bench import table
from tests.bench.bench import SHORT, Bench, Sizes
from tests.bench.figures import FIGURES
from tests.bench.million import COLUMNS, million
from tests.settings import TOP

PAGE = TOP / "docs" / "performance.rst"


def main():
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--only", choices=FIGURES, help="one figure; prints, and writes nothing")
    options.add_argument("--short", action="store_true", help="a few rows, to see that it works")
    options.add_argument("--million", action="store_true", help="a million accounts, on both databases")
    options.add_argument("--page", type=Path, default=PAGE, help="what to write into (default: %(default)s)")
    given = options.parse_args()
    if given.short and given.page == PAGE:
        options.error("--short measures nothing: give it another page with --page.")
    sizes = SHORT if given.short else Sizes()
    with (
        tempfile.TemporaryDirectory() as folder,
        Bench(Path(folder), sizes) as bench,
    ):
        print(machine := table.machine(bench.server.version), flush=True)
        if given.million:
            name, columns, rows = "million", COLUMNS, told(million(bench, sizes.million))
        else:
            name, columns, rows = "figures", table.COLUMNS, told(figures(bench, given.only))
    if given.only is None:
        table.put(given.page, name, f"{machine}\n\n{table.rst(columns, rows)}")
        print(f"Written into {given.page}.")


def figures(bench, only):
    """Yield the cells of each row, of all figures or of one."""
    for name, rows in FIGURES.items():
        if only in (None, name):
            yield from (row.cells() for row in rows(bench))


def told(rows):
    """Return all rows, and print them as they come."""
    found = []
    for cells in rows:
        print(" | ".join(cells), flush=True)
        found.append(cells)
    return found


if __name__ == "__main__":
    main()
