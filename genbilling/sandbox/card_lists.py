"""The endpoints that list cards by their month of expiry."""

from __future__ import annotations

import re

from . import search_terms, vault
from .books import Books
from .errors import BadRequestError
from .exchange import Reply, Request
from .markup import Elements
from .search_terms import MAX_RESULTS, PAGE_SIZE, Condition

# As it stands in the index: the year, then the month.
_EXPIRY = "json_extract(details, '$.expiration_year') || json_extract(details, '$.expiration_month')"


def expired_ids(books: Books, request: Request) -> Reply:
    """List the tokens of the cards that have expired."""
    return _ids(books, _expired(books))


def expired(books: Books, request: Request) -> Reply:
    """Show expired cards, a page of them at most."""
    return _page(books, request, _expired(books))


def expiring_ids(books: Books, request: Request) -> Reply:
    """List the tokens of the cards that expire between two months, both included."""
    return _ids(books, _expiring(request))


def expiring(books: Books, request: Request) -> Reply:
    """Show cards that expire between two months, a page of them at most."""
    return _page(books, request, _expiring(request))


def _ids(books: Books, condition: Condition) -> Reply:
    sql, values = condition
    rows = books.all(
        f"SELECT token FROM cards WHERE {sql} ORDER BY {_EXPIRY}, number LIMIT {MAX_RESULTS}", values
    )
    return search_terms.found([row["token"] for row in rows])


def _page(books: Books, request: Request, condition: Condition) -> Reply:
    wanted = request.section("search").values.get("ids", [])
    sql, values = search_terms.join([search_terms.multiple("token", wanted), condition])
    rows = books.all(
        f"SELECT token FROM cards WHERE {sql} ORDER BY {_EXPIRY}, number LIMIT {PAGE_SIZE}", values
    )
    shown = [vault.show(books, row["token"]) for row in rows]
    return Reply(200, "payment_methods", Elements("credit_card", shown))


def _expired(books: Books) -> Condition:
    return f"{_EXPIRY} < ?", [f"{books.now:%Y%m}"]


def _expiring(request: Request) -> Condition:
    return f"{_EXPIRY} BETWEEN ? AND ?", [_month(request, "start"), _month(request, "end")]


def _month(request: Request, name: str) -> str:
    given = request.query.get(name, "")
    if not re.fullmatch(r"[0-9]{6}", given):
        raise BadRequestError(f"{name} has to be a month and a year, MMYYYY, and is {given!r}.")
    return given[2:] + given[:2]
