"""The endpoint that makes a sale again, with the card that was given by its number."""

from __future__ import annotations

from braintree import ErrorCodes, Transaction

from . import amounts, answers, processor, transactions
from .books import Books
from .exchange import Reply, Request
from .params import Params
from .transaction_view import Kept
from .validation import Errors, invalid

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status


def create(books: Books, request: Request) -> Reply:
    """Make a sale like an earlier one, of an amount of its own."""
    kept = transactions.load(books, request.ids[0])
    _check_kept(kept)
    params = request.section("transaction_clone")
    errors = Errors()
    here = errors.under("transaction")
    amount = amounts.read_transaction_amount(params.text("amount"), here, currency=kept.currency)
    channel = params.text("channel")
    if channel is not None and len(channel) > 255:
        here.add("channel", _CODES.ChannelIsTooLong)
    submit = _read_submit(params, here)
    errors.raise_if_any()
    outcome = processor.authorize(amount, refusal=request.orders.refusal)
    fields = {**kept.details["fields"], **answers.fields(outcome), "channel": channel}
    clone_id = transactions.insert(
        books,
        type=kept.type,
        status=outcome.status,
        amount=amount,
        merchant_account_id=kept.merchant_account_id,
        order_id=kept.order_id,
        customer_id=kept.customer_id,
        payment_method_token=None,
        details={
            **kept.details,
            "fields": fields,
            "adjustments": [],
            "in_parts": False,
            "final_capture": False,
            "settlement_amount": None,
            "authorized_amount": None,
        },
    )
    if submit and outcome.status == _STATUS.Authorized:
        clone = transactions.load(books, clone_id)
        transactions.move(books, clone, _STATUS.SubmittedForSettlement)
    return transactions.reply(books, request, clone_id, status=201)


def _check_kept(kept: Kept) -> None:
    """Raise InvalidError if the transaction cannot be made again."""
    if kept.type == Transaction.Type.Credit:
        raise invalid(("transaction",), "base", _CODES.CannotCloneCredit)
    if kept.payment_method_token is not None:
        raise invalid(("transaction",), "base", _CODES.CannotCloneTransactionWithVaultCreditCard)
    if kept.status in transactions.DECLINED:
        raise invalid(("transaction",), "base", _CODES.CannotCloneUnsuccessfulTransaction)


def _read_submit(params: Params, errors: Errors) -> bool:
    options = params.section("options")
    if options.text("submit_for_settlement") is None:
        code = _CODES.Options.SubmitForSettlementIsRequiredForCloning
        errors.under("options").add("submit_for_settlement", code)
    return options.flag("submit_for_settlement")
