"""Ids that a request gives to something new: which ones Braintree takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .books import Books
from .validation import Errors


@dataclass(frozen=True, kw_only=True)
class IdCodes:
    """The codes of the errors in an id of one kind."""

    too_long: str
    invalid: str
    reserved: str
    in_use: str


def check(books: Books, table: str, column: str, given: str | None, codes: IdCodes, errors: Errors) -> None:
    """Add an error if the id `given` cannot be that of a new row; None: the gateway makes one up."""
    if given is None:
        return
    if len(given) > 36:
        errors.add(column, codes.too_long)
    elif not re.fullmatch(r"[A-Za-z0-9_-]+", given):
        errors.add(column, codes.invalid)
    elif given in ("all", "new"):
        errors.add(column, codes.reserved)
    elif books.holds(table, column, given):
        errors.add(column, codes.in_use)
