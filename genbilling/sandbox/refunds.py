"""The endpoint of refunds."""

from __future__ import annotations

from typing import Any

from braintree import ErrorCodes, Transaction

from . import amounts, answers, processor, transactions
from .books import Books
from .exchange import Reply, Request
from .processor import Outcome
from .sale_details import read_order_id
from .transaction_view import Kept
from .validation import Errors, invalid

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status
_TYPE = Transaction.Type

_REFUNDABLE = (_STATUS.Settled, _STATUS.Settling)
# A refund in one of these returned nothing, and leaves its amount to be refunded.
_CAME_TO_NOTHING = (_STATUS.Voided, _STATUS.ProcessorDeclined, _STATUS.SettlementDeclined)


def create(books: Books, request: Request) -> Reply:
    """Refund a settled sale: what is left of it, or a part of that."""
    kept = transactions.load(books, request.ids[0])
    params = request.section("transaction")
    left = _left_to_refund(books, kept)
    errors = Errors()
    here = errors.under("transaction")
    amount = left
    if params.text("amount") is not None:
        amount = amounts.read_transaction_amount(params.text("amount"), here)
    if amount > left:
        here.add("amount", _CODES.RefundAmountIsTooLarge)
    order_id = read_order_id(params, here)
    account = params.text("merchant_account_id") or kept.merchant_account_id
    if account not in books.merchant.accounts:
        here.add("merchant_account_id", _CODES.MerchantAccountIdIsInvalid)
    errors.raise_if_any()
    outcome = processor.authorize_refund(amount)
    refund_id = transactions.insert(
        books,
        type=_TYPE.Credit,
        status=outcome.status,
        amount=amount,
        currency=kept.currency,
        merchant_account_id=account,
        # A search for the order then finds its refunds too.
        order_id=order_id or kept.order_id,
        customer_id=kept.customer_id,
        payment_method_token=kept.payment_method_token,
        refunded_transaction_id=kept.id,
        details=_details(kept, outcome),
    )
    return transactions.reply(books, request, refund_id, status=201)


def _left_to_refund(books: Books, kept: Kept) -> int:
    """Return what can still be refunded, in cents. Raises InvalidError where nothing can."""
    if kept.type == _TYPE.Credit:
        raise invalid(("transaction",), "base", _CODES.CannotRefundCredit)
    if kept.status not in _REFUNDABLE:
        raise invalid(("transaction",), "base", _CODES.CannotRefundUnlessSettled)
    marks = ", ".join("?" * len(_CAME_TO_NOTHING))
    row = books.one(
        "SELECT coalesce(sum(amount), 0) AS refunded FROM transactions"
        f" WHERE refunded_transaction_id = ? AND status NOT IN ({marks})",
        [kept.id, *_CAME_TO_NOTHING],
    )
    left: int = kept.amount - (row["refunded"] if row else 0)
    if left <= 0:
        raise invalid(("transaction",), "base", _CODES.HasAlreadyBeenRefunded)
    return left


def _details(kept: Kept, outcome: Outcome) -> dict[str, Any]:
    fields = {**kept.details["fields"], **answers.fields(outcome)}
    return {**kept.details, "fields": fields, "line_items": []}
