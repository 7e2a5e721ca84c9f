"""What the tests ran on: a line for each run of pytest, as tests/conftest.py writes it down.

`python -m tests.ran_on FILE` prints the lines and their sum. The exit status is 1 where on one of the
databases no test passed: tox skips what it finds no Python for, and a run that skipped all of it looks good.
"""

import re
import sys
from pathlib import Path

DATABASES = ("SQLite", "PostgreSQL")
COUNTS = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")


def main():
    file = Path(sys.argv[1])
    lines = file.read_text().splitlines() if file.exists() else []
    print("Ran on:", *lines, total(lines), sep="\n")
    if missing := [database for database in DATABASES if not ran(lines, database)]:
        sys.exit(f"No test ran on {' and on '.join(missing)}. It takes a Python 3.11 or newer in PATH.")


def total(lines):
    """Return the sum of all lines, worded as they are."""
    counts = [[int(count) for count in COUNTS.search(line).groups()] for line in lines]
    passed, failed, skipped = (sum(run[outcome] for run in counts) for outcome in range(3))
    return f"{passed} passed, {failed} failed, {skipped} skipped"


def ran(lines, database):
    return any(database in line and int(COUNTS.search(line)[1]) for line in lines)


if __name__ == "__main__":
    main()
