"""The endpoints that move a transaction on: submit, void, and simulated settlement."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from braintree import ErrorCodes, Transaction

from . import amounts, transactions
from .books import Books
from .exchange import Reply, Request
from .sale_details import read_descriptor, read_order_id
from .transaction_view import Kept
from .validation import Errors, invalid

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status

_VOIDABLE = (_STATUS.Authorized, _STATUS.SubmittedForSettlement)
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


def void(books: Books, request: Request) -> Reply:
    """Call off a transaction that has not begun to settle."""
    kept = transactions.load(books, request.ids[0])
    if kept.status not in _VOIDABLE:
        raise invalid(("transaction",), "base", _CODES.CannotBeVoided)
    transactions.move(books, kept, _STATUS.Voided)
    return transactions.reply(books, request, kept.id, status=200)


def submit(books: Books, request: Request) -> Reply:
    """Send an authorized transaction to settlement, whole or for a lesser amount."""
    kept = transactions.load(books, request.ids[0])
    if kept.status != _STATUS.Authorized:
        raise invalid(("transaction",), "base", _CODES.CannotSubmitForSettlement)
    params = request.section("transaction")
    errors = Errors()
    here = errors.under("transaction")
    amount = kept.amount
    if params.text("amount") is not None:
        amount = amounts.read_transaction_amount(params.text("amount"), here)
    if amount > kept.amount:
        here.add("amount", _CODES.SettlementAmountIsTooLarge)
    order_id = read_order_id(params, here)
    errors.raise_if_any()
    descriptor = read_descriptor(params) if "descriptor" in params else None
    transactions.move(
        books, kept, _STATUS.SubmittedForSettlement, amount=amount, order_id=order_id, descriptor=descriptor
    )
    return transactions.reply(books, request, kept.id, status=200)


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
