"""The endpoints that give money back: refund, and reverse, which voids where it still can."""

from __future__ import annotations

from typing import Any

from braintree import ErrorCodes, Transaction

from . import amounts, answers, merchant_accounts, processor, purchases, settlement, transactions
from .books import Books
from .exchange import Reply, Request
from .processor import Outcome
from .transaction_view import Kept
from .validation import Errors, invalid

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status
_TYPE = Transaction.Type

# The SDK has these in error_codes.py (4.48), but not in its type hints.
_CANNOT_REVERSE, _NOT_SURCHARGED = "915282", "97605"

_REFUNDABLE = (_STATUS.Settled, _STATUS.Settling)
# A refund in one of these returned nothing, and leaves its amount to be refunded.
_CAME_TO_NOTHING = (
    _STATUS.Voided,
    _STATUS.ProcessorDeclined,
    _STATUS.GatewayRejected,
    _STATUS.Failed,
    _STATUS.SettlementDeclined,
)


def create(books: Books, request: Request) -> Reply:
    """Refund a settled sale: what is left of it, or a part of that."""
    kept = transactions.load(books, request.ids[0])
    params = request.section("transaction")
    left = _left_to_refund(books, kept)
    errors = Errors()
    here = errors.under("transaction")
    amount = left
    if params.text("amount") is not None:
        text = params.text("amount")
        amount = amounts.read_transaction_amount(text, here, currency=kept.currency)
    if amount > left:
        here.add("amount", _CODES.RefundAmountIsTooLarge)
    order_id = purchases.read_order_id(params, here)
    account = merchant_accounts.read(books, params, here, otherwise=kept.merchant_account_id)
    surcharge = purchases.read_given(params, here).get("surcharge_amount")
    if surcharge and not kept.details["fields"]["surcharge_amount"]:
        here.add("surcharge_amount", _NOT_SURCHARGED)
    errors.raise_if_any()
    refusal = request.orders.refusal
    outcome = processor.refuse(refusal) if refusal else processor.authorize_refund(amount)
    refund_id = transactions.insert(
        books,
        type=_TYPE.Credit,
        status=outcome.status,
        amount=amount,
        merchant_account_id=account,
        # A search for the order then finds its refunds too.
        order_id=order_id or kept.order_id,
        customer_id=kept.customer_id,
        payment_method_token=kept.payment_method_token,
        refunded_transaction_id=kept.id,
        details=_details(kept, outcome, surcharge),
    )
    return transactions.reply(books, request, refund_id, status=201)


def reverse(books: Books, request: Request) -> Reply:
    """Undo a transaction, in whichever way it still can be: void it, or refund all that is left of it."""
    kept = transactions.load(books, request.ids[0])
    if kept.status in settlement.VOIDABLE:
        return settlement.void(books, request)
    if kept.type == _TYPE.Sale and kept.status in _REFUNDABLE:
        return create(books, request)
    raise invalid(("transaction",), "base", _CANNOT_REVERSE)


def _left_to_refund(books: Books, kept: Kept) -> int:
    """Return what can still be refunded, in cents. Raises InvalidError where nothing can."""
    if kept.type == _TYPE.Credit:
        raise invalid(("transaction",), "base", _CODES.CannotRefundCredit)
    if kept.status not in _REFUNDABLE:
        raise invalid(("transaction",), "base", _CODES.CannotRefundUnlessSettled)
    left = transactions.left_of(books, kept, "refunded_transaction_id", _CAME_TO_NOTHING)
    if left <= 0:
        raise invalid(("transaction",), "base", _CODES.HasAlreadyBeenRefunded)
    return left


def _details(kept: Kept, outcome: Outcome, surcharge: str | None) -> dict[str, Any]:
    fields = {**kept.details["fields"], **answers.fields(outcome), "surcharge_amount": surcharge}
    # What was said of the sale's risk, or paid out for it, is not so of the refund.
    echo = {name: value for name, value in kept.details["echo"].items() if name != "risk_data"}
    details = {**kept.details, "fields": fields, "echo": echo, "line_items": [], "adjustments": []}
    return {**details, "settlement_amount": None, "authorized_amount": None}
