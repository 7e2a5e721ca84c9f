"""The endpoints of customer search, in two steps: first the ids, then a page of customers."""

from __future__ import annotations

from typing import Any

from . import card_terms, customers, search_terms
from .books import Books
from .errors import BadRequestError
from .exchange import Reply, Request
from .markup import Elements
from .search_terms import MAX_RESULTS, PAGE_SIZE, Condition

_OWN = ("company", "email", "fax", "first_name", "last_name", "phone", "website")
_ADDRESS = (
    "country_name",
    "extended_address",
    "first_name",
    "last_name",
    "locality",
    "postal_code",
    "region",
    "street_address",
)


def find_ids(books: Books, request: Request) -> Reply:
    """List the ids of the customers that fit, newest first; without criteria, of all."""
    rows = _rows(books, request, MAX_RESULTS)
    return search_terms.found([row["id"] for row in rows])


def find_page(books: Books, request: Request) -> Reply:
    """Show the customers that fit, a page of them at most, newest first."""
    shown = [customers.show(books, row["id"]) for row in _rows(books, request, PAGE_SIZE)]
    return Reply(200, "customers", Elements("customer", shown))


def _rows(books: Books, request: Request, limit: int) -> list[Any]:
    sql, values = search_terms.criteria(request, _term)
    # The plus lets SQLite use the index of what is searched for.
    order = "ORDER BY +c.number DESC" if request.section("search").values else "ORDER BY c.number DESC"
    return books.all(f"SELECT c.id FROM customers c WHERE {sql} {order} LIMIT {limit}", values)


def _term(name: str, term: Any) -> Condition:
    """Return the condition of one term. Raises BadRequestError for one that Braintree does not have."""
    if name == "id":
        return search_terms.text("c.id", term)
    if name == "ids":
        return search_terms.multiple("c.id", term)
    if name == "created_at":
        return search_terms.time("c.created_at", term)
    if name in _OWN:
        return search_terms.text(f"json_extract(c.details, '$.{name}')", term)
    if name.removeprefix("address_") in _ADDRESS and name.startswith("address_"):
        column = f"json_extract(a.details, '$.{name.removeprefix('address_')}')"
        return _has("addresses a", "a", search_terms.text(column, term))
    if name == "paypal_account_email":
        return "0", []
    return _has("cards k", "k", _card_term(name, term))


def _card_term(name: str, term: Any) -> Condition:
    if name == "cardholder_name":
        return search_terms.text("json_extract(k.details, '$.cardholder_name')", term)
    if name == "credit_card_expiration_date":
        return card_terms.expiry("k.details", term)
    if name == "credit_card_number":
        return card_terms.number("k.details", term)
    if name == "payment_method_token":
        return search_terms.text("k.token", term)
    if name == "payment_method_token_with_duplicates":
        condition, values = search_terms.text("token", term)
        return f"k.fingerprint IN (SELECT fingerprint FROM cards WHERE {condition})", values
    raise BadRequestError(f"{name!r} is not a term of a customer search.")


def _has(source: str, alias: str, condition: Condition) -> Condition:
    """Return the condition that a customer has something of which the other condition holds."""
    sql, values = condition
    return f"c.id IN (SELECT {alias}.customer_id FROM {source} WHERE {sql})", values
