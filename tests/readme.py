"""The blocks of the README and of the docs: what a reader types, and what goes into which file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from textwrap import dedent

README = Path(__file__).resolve().parent.parent / "README.rst"
PYTHON = ".. code-block:: python"

_STEP = re.compile(r"\d+\. ")
_FILE = re.compile(r"``([\w/]+\.py)``")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block, the heading that it stands below, and the paragraph that leads to it."""

    heading: str
    intro: str
    python: bool
    text: str

    @property
    def file(self) -> str:
        """The file that it is for; empty: it is typed."""
        names = _FILE.findall(self.intro)
        return names[-1] if names else ""

    @property
    def appended(self) -> bool:
        """Whether it comes to what the file holds."""
        return "end of ``" in self.intro

    @property
    def database(self) -> str:
        """The database that it is for; empty: for any."""
        found = re.match("On (SQLite|PostgreSQL)", self.intro)
        return found[1].lower() if found else ""


def blocks(text: str | None = None) -> Iterator[Block]:
    """Yield the blocks of `text`, of the README if None, in their order."""
    lines = (README.read_text() if text is None else text).splitlines()
    heading = ""
    for number, line in enumerate(lines):
        if line and set(line) in ({"="}, {"-"}) and lines[number - 1]:
            heading = lines[number - 1]
        if line.strip() == PYTHON or (line.endswith("::") and not line.lstrip().startswith("..")):
            yield Block(
                heading=heading,
                intro=_intro(lines, number),
                python=line.strip() == PYTHON,
                text=_indented(lines, number),
            )


def _intro(lines: list[str], number: int) -> str:
    """Return the paragraph that ends in that line, or before it if nothing else stands in it."""
    last = number - 2 if lines[number].strip() in (PYTHON, "::") else number
    first = last
    while lines[first - 1].strip() and not _STEP.match(lines[first]):
        first -= 1
    return _STEP.sub("", " ".join(map(str.strip, lines[first : last + 1])))


def _indented(lines: list[str], number: int) -> str:
    """Return the lines below that one, as far as they are indented like the first of them."""
    depth = _depth(lines[number + 2])
    block = takewhile(lambda line: not line.strip() or _depth(line) >= depth, lines[number + 2 :])
    return dedent("\n".join(block)).strip() + "\n"


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
