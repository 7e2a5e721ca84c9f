"""Measure the billing run, each figure beside a reference of the same run, and write it into the documentation.

It runs on a PostgreSQL of its own that keeps what was committed, as a project's does. Only the ratios say
something about genbilling: the rest says what the machine can do, and how busy it is.
"""

import argparse
import tempfile
from pathlib import Path

from tests.bench import table
from tests.bench.bench import SHORT, Bench, Sizes
from tests.bench.figures import FIGURES
from tests.bench.million import million
from tests.settings import TOP

PAGE = TOP / "docs" / "performance.rst"


def main():
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--only", choices=FIGURES, help="one figure; prints, and writes nothing")
    options.add_argument("--short", action="store_true", help="a few rows, to see that it works")
    options.add_argument(
        "--million", action="store_true", help="1,000,000 accounts on both databases instead"
    )
    options.add_argument(
        "--page", type=Path, default=PAGE, help="the file to write into (default: %(default)s)"
    )
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="genbilling-bench-") as folder:
        bench = Bench(Path(folder), SHORT if given.short else Sizes())
        print(table.machine(bench.server.version), flush=True)
        if given.million:
            columns, rows, name = *million(bench), "million"
        else:
            columns, rows, name = table.COLUMNS, list(measure(bench, given.only)), "figures"
    if given.only is None:
        text = f"{table.machine(bench.server.version)}\n\n{table.rst(columns, rows)}"
        table.put(given.page, name, text)
        print(f"Written into {given.page}.")


def measure(bench, only):
    """Yield the cells of each row, and print them as they come."""
    for name, rows in FIGURES.items():
        if only in (None, name):
            for row in rows(bench):
                print(" | ".join(row.cells()), flush=True)
                yield row.cells()


if __name__ == "__main__":
    main()
