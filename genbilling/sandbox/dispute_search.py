"""The endpoint of dispute search, which answers page by page."""

from __future__ import annotations

import re
from typing import Any

from . import disputes, search_terms
from .books import Books
from .errors import BadRequestError
from .exchange import Reply, Request
from .markup import Elements
from .search_terms import PAGE_SIZE, Condition

_TEXT = {
    "id": "d.id",
    "transaction_id": "d.transaction_id",
    "case_number": "json_extract(d.details, '$.case_number')",
    "reference_number": "json_extract(d.details, '$.reference_number')",
    "customer_id": "t.customer_id",
}
_MULTIPLE = {
    "kind": "d.kind",
    "status": "d.status",
    "reason": "json_extract(d.details, '$.reason')",
    "reason_code": "json_extract(d.details, '$.reason_code')",
    "merchant_account_id": "t.merchant_account_id",
    # The sandbox has no programs that end a dispute before it begins, no protection, and no other source.
    "pre_dispute_program": "'none'",
    "protection_level": "'not_protected'",
    "chargeback_protection_level": "'not_protected'",
    "transaction_source": "'api'",
}
_AMOUNTS = {"amount_disputed": "d.amount", "amount_won": "json_extract(d.details, '$.amount_won')"}
_DATES = {"received_date": "d.received_on", "reply_by_date": "d.reply_by"}
_EVENT_DATES = {"disbursement_date": "disbursed_on", "effective_date": "effective_on"}


def find_page(books: Books, request: Request) -> Reply:
    """Show a page of the disputes that fit, newest first, and how many there are."""
    sql, values = search_terms.criteria(request, _term)
    source = f"FROM disputes d JOIN transactions t ON t.id = d.transaction_id WHERE {sql}"
    total = books.one(f"SELECT count(*) AS many {source}", values)
    page = _page(request)
    rows = books.all(
        f"SELECT d.* {source} ORDER BY d.number DESC LIMIT {PAGE_SIZE} OFFSET {(page - 1) * PAGE_SIZE}",
        values,
    )
    counts = {
        "current_page_number": page,
        "page_size": PAGE_SIZE,
        "total_items": total["many"] if total else 0,
    }
    return Reply(200, "disputes", Elements("dispute", [disputes.shown(books, row) for row in rows], counts))


def _page(request: Request) -> int:
    given = request.query.get("page", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", given):
        raise BadRequestError(f"{given!r} is not the number of a page.")
    return int(given)


def _term(name: str, term: Any) -> Condition:
    """Return the condition of one term. Raises BadRequestError for one that Braintree does not have."""
    if name in _TEXT:
        return search_terms.text(_TEXT[name], term)
    if name in _MULTIPLE:
        return search_terms.multiple(_MULTIPLE[name], term)
    if name in _AMOUNTS:
        return search_terms.amount(_AMOUNTS[name], term)
    if name in _DATES:
        return search_terms.day(_DATES[name], term)
    if name in _EVENT_DATES:
        sql, values = search_terms.day(f"json_extract(value, '$.{_EVENT_DATES[name]}')", term)
        return f"EXISTS (SELECT 1 FROM json_each(d.details, '$.history') WHERE {sql})", values
    raise BadRequestError(f"{name!r} is not a term of a dispute search.")
