"""The endpoints of verification search, in two steps: first the ids, then a page of verifications."""

from __future__ import annotations

from typing import Any

from . import card_terms, search_terms, verifications
from .books import Books
from .errors import BadRequestError
from .exchange import Reply, Request
from .markup import Elements
from .search_terms import MAX_RESULTS, PAGE_SIZE, Condition

_CARD = "json_extract(v.details, '$.card')"
_TEXT = {
    "id": "v.id",
    "customer_id": "v.customer_id",
    "payment_method_token": "v.payment_method_token",
    "customer_email": "json_extract(v.details, '$.email')",
    "billing_address_details_postal_code": "json_extract(v.details, '$.billing.postal_code')",
    "credit_card_cardholder_name": f"json_extract({_CARD}, '$.cardholder_name')",
}
_MULTIPLE = {
    "ids": "v.id",
    "status": "v.status",
    "credit_card_card_type": f"json_extract({_CARD}, '$.card_type')",
    # The SDK asks for those of cards; there are no others.
    "verification_type": "'credit_card'",
}


def find_ids(books: Books, request: Request) -> Reply:
    """List the ids of the verifications that fit, newest first."""
    rows = _rows(books, request, MAX_RESULTS)
    return search_terms.found([row["id"] for row in rows])


def find_page(books: Books, request: Request) -> Reply:
    """Show the verifications that fit, a page of them at most, newest first."""
    shown = [verifications.shown(books, row) for row in _rows(books, request, PAGE_SIZE)]
    return Reply(200, "credit_card_verifications", Elements("verification", shown))


def _rows(books: Books, request: Request, limit: int) -> list[Any]:
    sql, values = search_terms.criteria(request, _term)
    return books.all(
        f"SELECT v.* FROM verifications v WHERE {sql} ORDER BY +v.number DESC LIMIT {limit}", values
    )


def _term(name: str, term: Any) -> Condition:
    """Return the condition of one term. Raises BadRequestError for one that Braintree does not have."""
    if name in _TEXT:
        return search_terms.text(_TEXT[name], term)
    if name in _MULTIPLE:
        return search_terms.multiple(_MULTIPLE[name], term)
    if name == "created_at":
        return search_terms.time("v.created_at", term)
    if name == "credit_card_number":
        return card_terms.number(_CARD, term)
    if name == "credit_card_expiration_date":
        return card_terms.expiry(_CARD, term)
    raise BadRequestError(f"{name!r} is not a term of a verification search.")
