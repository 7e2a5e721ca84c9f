"""The endpoints of transaction search, in two steps: first the ids, then a page of transactions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from braintree import Transaction

from . import card_numbers, search_terms, transaction_view, transactions
from .books import Books, to_text
from .errors import BadRequestError
from .exchange import Reply, Request
from .markup import Elements
from .search_terms import MAX_RESULTS, PAGE_SIZE, Condition

# The plus keeps SQLite from walking through all transactions, newest first, instead of using the index
# of what is searched for and sorting what it finds.
NEWEST_FIRST = "ORDER BY +t.number DESC LIMIT"

_STATUS = Transaction.Status

_ADDRESS = (
    "company",
    "country_name",
    "extended_address",
    "first_name",
    "last_name",
    "locality",
    "postal_code",
    "region",
    "street_address",
)
_CUSTOMER = ("company", "email", "fax", "first_name", "last_name", "phone", "website")

# Term to column. Every condition is about a transaction named t.
_TEXT = {
    "id": "t.id",
    "order_id": "t.order_id",
    "customer_id": "t.customer_id",
    "payment_method_token": "t.payment_method_token",
    "currency": "t.currency",
    **{
        name: f"json_extract(t.details, '$.fields.{name}')"
        for name in ("processor_authorization_code", "settlement_batch_id")
    },
    **{f"billing_{name}": f"json_extract(t.details, '$.billing.{name}')" for name in _ADDRESS},
    **{f"shipping_{name}": f"json_extract(t.details, '$.shipping.{name}')" for name in _ADDRESS},
    **{f"customer_{name}": f"json_extract(t.details, '$.customer.{name}')" for name in _CUSTOMER},
    "credit_card_cardholder_name": "json_extract(t.details, '$.card.cardholder_name')",
    "credit_card_unique_identifier": "json_extract(t.details, '$.card.fingerprint')",
    "credit_card_expiration_date": (
        "json_extract(t.details, '$.card.expiration_month') || '/' ||"
        " json_extract(t.details, '$.card.expiration_year')"
    ),
}
_MULTIPLE = {
    "ids": "t.id",
    "status": "t.status",
    "type": "t.type",
    "merchant_account_id": "t.merchant_account_id",
    "debit_network": "json_extract(t.details, '$.fields.debit_network')",
    "created_using": "json_extract(t.details, '$.created_using')",
    "credit_card_card_type": "json_extract(t.details, '$.card.card_type')",
    "credit_card_customer_location": "json_extract(t.details, '$.card.customer_location')",
    # The user that the API keys of the development gateway belong to.
    "user": "'integration_user_public_id'",
    "source": "CASE json_extract(t.details, '$.fields.recurring') WHEN 1 THEN 'recurring' ELSE 'api' END",
}
_STATUS_TIMES = {
    "authorization_expired_at": _STATUS.AuthorizationExpired,
    "authorized_at": _STATUS.Authorized,
    "failed_at": _STATUS.Failed,
    "gateway_rejected_at": _STATUS.GatewayRejected,
    "processor_declined_at": _STATUS.ProcessorDeclined,
    "settled_at": _STATUS.Settled,
    "submitted_for_settlement_at": _STATUS.SubmittedForSettlement,
    "voided_at": _STATUS.Voided,
}
# As a transaction shows that it is of a card, and as Braintree's search names that.
_INSTRUMENT_TYPES = ("credit_card", "CreditCardDetail")
# What no transaction of the sandbox has: other means of payment, shops.
_NEVER = (
    "ach_return_responses_created_at",
    "ach_type",
    "acquirer_reference_number",
    "europe_bank_account_iban",
    "paypal_authorization_id",
    "paypal_payer_email",
    "paypal_payment_id",
    "reason_code",
    "sepa_debit_paypal_v2_order_id",
    "store_id",
    "store_ids",
)


def find_ids(books: Books, request: Request) -> Reply:
    """List the ids of the transactions that fit, newest first."""
    sql, values = _condition(books, request)
    rows = books.all(f"SELECT t.id FROM transactions t WHERE {sql} {NEWEST_FIRST} {MAX_RESULTS}", values)
    return search_terms.found([row["id"] for row in rows])


def find_page(books: Books, request: Request) -> Reply:
    """Show the transactions that fit, a page of them at most, newest first."""
    sql, values = _condition(books, request)
    rows = books.all(f"SELECT t.id FROM transactions t WHERE {sql} {NEWEST_FIRST} {PAGE_SIZE}", values)
    shown = [transaction_view.show(books, transactions.load(books, row["id"])) for row in rows]
    return Reply(200, "credit_card_transactions", Elements("transaction", shown))


def _condition(books: Books, request: Request) -> Condition:
    asked = search_terms.criteria(request, _term)
    if not request.orders.search_lag:
        return asked
    oldest = books.now - timedelta(seconds=request.orders.search_lag)
    return search_terms.join([asked, ("t.created_at <= ?", [to_text(oldest)])])


def _term(name: str, term: Any) -> Condition:
    """Return the condition of one term. Raises BadRequestError for one that Braintree does not have."""
    if name in _TEXT:
        return search_terms.text(_TEXT[name], term)
    if name in _MULTIPLE:
        return search_terms.multiple(_MULTIPLE[name], term)
    if name in _STATUS_TIMES:
        return search_terms.status_time(_STATUS_TIMES[name], term)
    if name == "amount":
        return search_terms.amount("t.amount", term)
    if name == "created_at":
        return search_terms.time("t.created_at", term)
    if name == "disbursement_date":
        return search_terms.day("t.disbursed_on", term)
    if name == "dispute_date":
        return search_terms.day_within("disputes", "received_on", term)
    if name == "credit_card_number":
        return _card_number(term)
    if name == "payment_instrument_type":
        wanted = term if isinstance(term, list) else [term]
        return ("1" if any(one in _INSTRUMENT_TYPES for one in wanted) else "0"), []
    if name == "refund":
        is_refund = term is True or term == "true"
        return f"t.refunded_transaction_id IS {'NOT ' if is_refund else ''}NULL", []
    if name in _NEVER:
        return ("1" if term == {"is": None} else "0"), []
    raise BadRequestError(f"{name!r} is not a term of a transaction search.")


def _card_number(term: Any) -> Condition:
    """Return the condition on a number of which only the ends and a fingerprint are kept."""
    columns = {
        "starts_with": "json_extract(t.details, '$.card.bin')",
        "ends_with": "json_extract(t.details, '$.card.last_4')",
    }
    parts = []
    for name, given in (term if isinstance(term, dict) else {"is": term}).items():
        if name in columns:
            parts.append(search_terms.text(columns[name], {name: given}))
        else:
            known = card_numbers.fingerprint(card_numbers.digits(str(given)))
            parts.append(search_terms.text("json_extract(t.details, '$.card.fingerprint')", {name: known}))
    return search_terms.join(parts)
