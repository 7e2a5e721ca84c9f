"""The endpoints that change a transaction without moving it on: its details, and what was authorized."""

from __future__ import annotations

from typing import Any

from braintree import ErrorCodes, Transaction

from . import amounts, processor, purchases, settlement, transactions
from .books import Books
from .declines import type_for
from .exchange import Reply, Request, refused
from .merchants import Trait
from .processor import Outcome
from .transaction_view import Kept, show
from .validation import Errors, invalid

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status

_MASTERCARD = "MasterCard"
_TYPES = {True: "increment", False: "reversal"}


def update_details(books: Books, request: Request) -> Reply:
    """Change the amount, the order id or the descriptor of a submitted transaction."""
    kept = transactions.load(books, request.ids[0])
    if kept.status != _STATUS.SubmittedForSettlement:
        code = _CODES.CannotUpdateTransactionDetailsNotSubmittedForSettlement
        raise invalid(("transaction",), "base", code)
    if books.merchant.has(Trait.FIXED, kept.merchant_account_id):
        raise invalid(("transaction",), "base", _CODES.ProcessorDoesNotSupportUpdatingTransactionDetails)
    params, errors = request.section("transaction"), Errors()
    here = errors.under("transaction")
    amount = kept.amount
    if params.text("amount") is not None:
        amount = amounts.read_transaction_amount(params.text("amount"), here, currency=kept.currency)
    if amount > _authorized(books, kept):
        here.add("amount", _CODES.SettlementAmountIsTooLarge)
    order_id = purchases.read_order_id(params, here)
    details: dict[str, Any] = {}
    if params.values.get("descriptor"):
        details["descriptor"] = settlement.read_descriptor(params, kept, here)
    errors.raise_if_any()
    transactions.change(books, kept, amount=amount, order_id=order_id, details=details)
    return transactions.reply(books, request, kept.id, status=200)


def adjust_authorization(books: Books, request: Request) -> Reply:
    """Have the bank authorize more, or less, than it did."""
    kept = transactions.load(books, request.ids[0])
    text = request.section("transaction").text("amount")
    amount = amounts.cents(text or "")
    refusal = _refusal_to_adjust(books, kept, text, amount)
    if refusal is not None or amount is None:
        # The transaction comes along, as it is.
        errors = refusal or Errors()
        return refused(request, errors.message, errors, transaction_id=kept.id, transaction=show(books, kept))
    outcome = processor.authorize(amount, refusal=request.orders.refusal)
    adjustment = _adjustment(books, kept, amount, outcome)
    adjusted: dict[str, Any] = {"adjustments": [*kept.details["adjustments"], adjustment]}
    if outcome.is_approved:
        adjusted["authorized_amount"] = amount
        transactions.change(books, kept, amount=amount, details=adjusted)
        return transactions.reply(books, request, kept.id, status=200)
    transactions.change(books, kept, details=adjusted)
    errors, soft = Errors(), type_for(outcome.code or "2000") == "soft_declined"
    code = _CODES.FailedAuthAdjustmentAllowRetry if soft else _CODES.FailedAuthAdjustmentHardDecline
    errors.under("transaction").add("base", code)
    shown = show(books, transactions.load(books, kept.id))
    return refused(request, errors.message, errors, transaction_id=kept.id, transaction=shown)


def _refusal_to_adjust(books: Books, kept: Kept, text: str | None, amount: int | None) -> Errors | None:
    """Return the errors that stand against an adjustment, or None."""
    errors = Errors()
    here, of_adjustment = errors.under("transaction"), errors.under("authorization_adjustment")
    if kept.status != _STATUS.Authorized:
        here.add("base", _CODES.TransactionMustBeInStateAuthorized)
    elif kept.details["fields"]["recurring"]:
        here.add("base", _CODES.TransactionIsNotEligibleForAdjustment)
    elif amount is None or amount <= 0:
        amounts.read_transaction_amount(text, of_adjustment, currency=kept.currency)
    elif amount >= amounts.TOO_LARGE:
        of_adjustment.add("amount", _CODES.AmountIsTooLarge)
    elif amount == kept.amount:
        of_adjustment.add("base", _CODES.NoNetAmountToPerformAuthAdjustment)
    elif not books.merchant.has(Trait.ADJUSTS, kept.merchant_account_id):
        here.add("base", _CODES.ProcessorDoesNotSupportAuthAdjustment)
    elif kept.details["card"]["card_type"] != _MASTERCARD:
        # The development gateway adjusts for Mastercard alone.
        raised = amount > kept.amount
        lowering = _CODES.ProcessorDoesNotSupportPartialAuthReversal
        here.add("base", _CODES.ProcessorDoesNotSupportIncrementalAuth if raised else lowering)
    return errors if errors else None


def _adjustment(books: Books, kept: Kept, amount: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "amount": amounts.show(abs(amount - kept.amount), kept.currency),
        "processor_response_code": outcome.code,
        "processor_response_text": outcome.text,
        "processor_response_type": outcome.type,
        "success": outcome.is_approved,
        "timestamp": books.today,
        "transaction_type": _TYPES[amount > kept.amount],
    }


def _authorized(books: Books, kept: Kept) -> int:
    """Return what the bank has authorized, in cents: at last, or else with the first status."""
    adjusted: int | None = kept.details.get("authorized_amount")
    if adjusted is not None:
        return adjusted
    row = books.one(
        "SELECT amount FROM status_events WHERE transaction_id = ? ORDER BY number LIMIT 1", [kept.id]
    )
    return row["amount"] if row else kept.amount
