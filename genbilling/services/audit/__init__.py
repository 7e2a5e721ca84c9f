"""Proving the books from the rows alone: what does not fit is told, a sentence each, with the row's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from ... import books
from ...exceptions import one_line
from . import accounts, guards, invoices, numbers, payments, products

CHECKS = tuple(part.findings for part in (guards, numbers, invoices, payments, products, accounts))

Progress = Callable[[int], object]


def audit(counts: Counter[str], progress: Progress = bool) -> Iterator[str]:
    """Yield what is wrong with the books, a line each.

    `counts` is filled with the number of rows looked at, by kind.
    All checks see the books at one moment, whatever else goes on. `progress` is called with the number of
    rows done; `rows_to_audit` returns how many there are.
    """
    with books.snapshot():
        for check in CHECKS:
            for kind, found in check():
                counts[kind] += 1
                progress(1)
                yield from map(one_line, found)


def rows_to_audit() -> int:
    """Return how many rows an audit looks at."""
    return sum(rows().count() for rows in (invoices.rows, payments.rows, products.rows, accounts.rows))
