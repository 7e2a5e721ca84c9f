"""The figures as a table, in a page of the documentation or on a terminal."""

import math
import operator
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django
import psutil

SIGNS = {"≥": operator.ge, "≤": operator.le}
COLUMNS = ("what", "measured", "reference", "ratio", "goal", "")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure. `goal` is a sign and a number for the `ratio`, or empty: noted."""

    what: str
    measured: str
    reference: str = ""
    ratio: float = math.nan
    goal: str = ""

    def cells(self):
        ratio = "" if math.isnan(self.ratio) else f"{self.ratio:.2f}"
        return (self.what, self.measured, self.reference, ratio, self.goal, self.verdict())

    def verdict(self):
        if not self.goal:
            return "noted"
        sign, number = self.goal.split()
        return "met" if SIGNS[sign](round(self.ratio, 2), float(number)) else "missed"


def machine(postgres):
    """Return a line about what was measured on, and when; `postgres` is the version of the server."""
    python, framework = platform.python_version(), django.__version__
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {len(os.sched_getaffinity(0))} cores ({_processor()}), "
        f"{memory:.0f} GiB of memory; Python {python}, Django {framework}; "
        f"PostgreSQL {postgres} with fsync on."
    )


def _processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def rst(columns, rows):
    """Return a list-table."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for cells in (columns, *rows):
        lines += [f"   {'*' if number == 0 else ' '} - {cell}".rstrip() for number, cell in enumerate(cells)]
    return "\n".join(lines)


def put(page, name, text):
    """Replace, in the file `page`, what is between the comments ``NAME begins`` and ``NAME ends``."""
    begins, ends = (f".. {name} {word}\n" for word in ("begins", "ends"))
    before, _, rest = page.read_text().partition(begins)
    _, _, after = rest.partition(ends)
    page.write_text(f"{before}{begins}\n{text}\n\n{ends}{after}")
