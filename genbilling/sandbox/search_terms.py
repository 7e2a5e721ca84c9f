"""Search terms as SQL: what each kind of term of the SDK means for a column.

Every function returns a condition with question marks, and the values for them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from . import amounts
from .books import to_text
from .errors import BadRequestError
from .exchange import Reply, Request

Condition = tuple[str, list[Any]]

PAGE_SIZE = 50
# As many as Braintree returns at most.
MAX_RESULTS = 50_000


def criteria(request: Request, term: Callable[[str, Any], Condition]) -> Condition:
    """Return the condition of all that a search asks for; `term` gives the one of a name and what it is."""
    return join([term(name, given) for name, given in request.section("search").values.items()])


def found(ids: list[str]) -> Reply:
    """Return the answer of a search's first step: the ids, of which the second shows a page at a time."""
    return Reply(200, "search_results", {"page_size": PAGE_SIZE, "ids": ids})


def text(column: str, term: Any) -> Condition:
    """Return the condition of a text term: is, is_not, starts_with, ends_with, contains."""
    if isinstance(term, list):
        return multiple(column, term)
    parts = [_text_part(column, name, given) for name, given in _operators(term)]
    return join(parts)


def multiple(column: str, term: Any) -> Condition:
    """Return the condition of a list of values, one of which the column must have."""
    values = term if isinstance(term, list) else [term]
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps([str(value) for value in values])]


def amount(column: str, term: Any) -> Condition:
    """Return the condition of a range of amounts; the column has cents."""
    if term == {"is": None}:
        return f"{column} IS NULL", []
    return join([_amount_part(column, name, given) for name, given in _operators(term)])


def time(column: str, term: Any) -> Condition:
    """Return the condition of a range of times; the column has text."""
    if term == {"is": None}:
        return f"{column} IS NULL", []
    return join([_range_part(column, name, moment(given)) for name, given in _operators(term)])


def day(column: str, term: Any) -> Condition:
    """Return the condition of a range of days; the column has text, ``2026-01-31``."""
    if term == {"is": None}:
        return f"{column} IS NULL", []
    return join([_range_part(column, name, _day(given)) for name, given in _operators(term)])


def status_time(status: str, term: Any) -> Condition:
    """Return the condition of a time at which a transaction came into a status."""
    came = "SELECT transaction_id FROM status_events WHERE status = ?"
    if term == {"is": None}:
        return f"t.id NOT IN ({came})", [status]
    within, values = time("at", term)
    return f"t.id IN ({came} AND {within})", [status, *values]


def day_within(table: str, column: str, term: Any) -> Condition:
    """Return the condition that a transaction has something, in another table, of a day in a range."""
    ids = f"SELECT transaction_id FROM {table}"
    if term == {"is": None}:
        return f"t.id NOT IN ({ids})", []
    within, values = day(column, term)
    return f"t.id IN ({ids} WHERE {within})", values


def join(parts: list[Condition]) -> Condition:
    """Return the condition that all parts hold."""
    sql = " AND ".join(f"({part})" for part, _ in parts) or "1"
    return sql, [value for _, values in parts for value in values]


def moment(given: Any) -> str:
    """Return a time of a request as the books keep it. Raises BadRequestError."""
    try:
        read = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise BadRequestError(f"{given!r} is not a time.") from error
    return to_text(read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC))


def _day(given: Any) -> str:
    """Return a day of a request as the books keep it; the SDK's users write ``01/31/2026`` as well."""
    american = re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", str(given))
    return "{2}-{0}-{1}".format(*american.groups()) if american else moment(given)[:10]


def _operators(term: Any) -> list[tuple[str, Any]]:
    return list(term.items()) if isinstance(term, dict) else [("is", term)]


def _text_part(column: str, name: str, given: Any) -> Condition:
    if given is None and name in ("is", "is_not"):
        return f"{column} IS {'NOT ' if name == 'is_not' else ''}NULL", []
    wanted = "" if given is None else str(given)
    if name == "is":
        return f"{column} = ?", [wanted]
    if name == "is_not":
        return f"{column} IS NOT ?", [wanted]
    if name == "starts_with":
        # A range, which an index can serve, unlike a comparison of the first letters.
        return f"{column} >= ? AND {column} < ?", [wanted, wanted + "\U0010ffff"]
    if name == "ends_with":
        return f"length({column}) >= ? AND substr({column}, -?) = ?", [len(wanted), len(wanted), wanted]
    if name == "contains":
        return f"instr({column}, ?) > 0", [wanted]
    raise BadRequestError(f"{name!r} is not an operator of a text search.")


def _amount_part(column: str, name: str, given: Any) -> Condition:
    try:
        wanted = Decimal(str(given)) * 100
        nearest = math.ceil(wanted) if name == "min" else math.floor(wanted)
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise BadRequestError(f"{given!r} is not an amount.") from error
    if name == "is" and wanted != nearest:
        return "0", []
    # Beyond what SQLite can hold, and beyond every amount there can be.
    nearest = max(-amounts.TOO_LARGE, min(nearest, amounts.TOO_LARGE))
    return _range_part(column, name, nearest)


def _range_part(column: str, name: str, value: Any) -> Condition:
    operators = {"min": ">=", "max": "<=", "is": "="}
    if name not in operators:
        raise BadRequestError(f"{name!r} is not an operator of a range.")
    return f"{column} {operators[name]} ?", [value]
