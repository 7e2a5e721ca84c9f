"""The endpoints that move a transaction on: submit, void, and simulated settlement."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from braintree import ErrorCodes, Transaction

from . import amounts, descriptors, industries, line_items, purchases, transactions
from .addresses import Fields
from .books import Books
from .exchange import Reply, Request
from .params import Params
from .transaction_view import Kept
from .validation import Errors, invalid

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status

VOIDABLE = (_STATUS.Authorized, _STATUS.SubmittedForSettlement)
_ON_ITS_WAY = (
    _STATUS.SubmittedForSettlement,
    _STATUS.Settling,
    _STATUS.SettlementPending,
    _STATUS.SettlementConfirmed,
)


@dataclass(frozen=True)
class Step:
    """What one simulated step of settlement leads to."""

    status: str
    code: str
    text: str


# By the last part of the path.
STEPS = {
    "settle": Step(_STATUS.Settled, "4000", "Confirmed"),
    "settlement_confirm": Step(_STATUS.SettlementConfirmed, "4000", "Confirmed"),
    "settlement_decline": Step(_STATUS.SettlementDeclined, "4001", "Settlement Declined"),
    "settlement_pending": Step(_STATUS.SettlementPending, "4002", "Settlement Pending"),
}


@dataclass(frozen=True)
class Capture:
    """What a submission says anew: the amount in cents, and details of the purchase."""

    amount: int
    order_id: str | None
    fields: dict[str, Any]
    details: dict[str, Any]


def void(books: Books, request: Request) -> Reply:
    """Call off a transaction that has not begun to settle."""
    kept = transactions.load(books, request.ids[0])
    if kept.status not in VOIDABLE:
        raise invalid(("transaction",), "base", _CODES.CannotBeVoided)
    transactions.move(books, kept, _STATUS.Voided)
    return transactions.reply(books, request, kept.id, status=200)


def submit(books: Books, request: Request) -> Reply:
    """Send an authorized transaction to settlement, whole or for a lesser amount."""
    kept = transactions.load(books, request.ids[0])
    if kept.status != _STATUS.Authorized:
        raise invalid(("transaction",), "base", _CODES.CannotSubmitForSettlement)
    errors = Errors()
    capture = read_capture(request.section("transaction"), kept, kept.amount, errors.under("transaction"))
    errors.raise_if_any()
    transactions.move(
        books,
        kept,
        _STATUS.SubmittedForSettlement,
        amount=capture.amount,
        order_id=capture.order_id,
        details=capture.details,
        **capture.fields,
    )
    return transactions.reply(books, request, kept.id, status=200)


def read_capture(params: Params, kept: Kept, limit: int, errors: Errors) -> Capture:
    """Return what a submission says; add an error for each part that is not acceptable."""
    amount = kept.amount
    if params.text("amount") is not None:
        amount = amounts.read_transaction_amount(params.text("amount"), errors, currency=kept.currency)
    if amount > limit:
        errors.add("amount", _CODES.SettlementAmountIsTooLarge)
    industries.check(params, errors)
    details: dict[str, Any] = {}
    if params.values.get("descriptor"):
        details["descriptor"] = read_descriptor(params, kept, errors)
    if params.values.get("line_items"):
        details["line_items"] = line_items.read(params, errors)
    return Capture(
        amount=amount,
        order_id=purchases.read_order_id(params, errors),
        fields=purchases.read_given(params, errors),
        details=details,
    )


def read_descriptor(params: Params, kept: Kept, errors: Errors) -> Fields:
    """Return the descriptor with what the request gives of it in place of what it was."""
    given = {name: value for name, value in descriptors.read(params, errors).items() if value is not None}
    return {**kept.details["descriptor"], **given}


def simulate(books: Books, request: Request) -> Reply:
    """Take the step of settlement that the path names, without waiting for a bank."""
    kept = transactions.load(books, request.ids[0])
    step = STEPS[request.path.rpartition("/")[2]]
    if kept.status not in _ON_ITS_WAY:
        raise invalid(("transaction",), "base", _CODES.CannotSimulateTransactionSettlement)
    transactions.move(
        books,
        kept,
        step.status,
        processor_settlement_response_code=step.code,
        processor_settlement_response_text=step.text,
        settlement_batch_id=kept.details["fields"]["settlement_batch_id"] or _batch(books, kept),
    )
    return transactions.reply(books, request, kept.id, status=200)


def _batch(books: Books, kept: Kept) -> str:
    return f"{books.now:%Y-%m-%d}_{kept.merchant_account_id}_{secrets.token_hex(4)}"
