"""The endpoint that settles an authorization in parts: each part is a sale of its own."""

from __future__ import annotations

from braintree import ErrorCodes, Transaction

from . import transactions
from .books import Books
from .exchange import Reply, Request
from .merchants import Trait
from .settlement import read_capture
from .transaction_view import Kept
from .validation import Errors, invalid

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status
_NOTHING_SETTLED = (_STATUS.Voided, _STATUS.SettlementDeclined, _STATUS.AuthorizationExpired)


def create(books: Books, request: Request) -> Reply:
    """Send a part of an authorization to settlement; the rest can follow."""
    kept = transactions.load(books, request.ids[0])
    if books.merchant.has(Trait.FIXED, kept.merchant_account_id):
        raise invalid(("transaction",), "base", _CODES.ProcessorDoesNotSupportPartialSettlement)
    if not _can_be_settled_in_parts(kept):
        raise invalid(("transaction",), "base", _CODES.CannotSubmitForPartialSettlement)
    params, errors = request.section("transaction"), Errors()
    here = errors.under("transaction")
    if params.text("amount") is None:
        here.add("amount", _CODES.AmountIsRequired)
    capture = read_capture(params, kept, _left(books, kept), here)
    errors.raise_if_any()
    part_id = transactions.insert(
        books,
        type=kept.type,
        status=_STATUS.SubmittedForSettlement,
        amount=capture.amount,
        merchant_account_id=kept.merchant_account_id,
        order_id=capture.order_id or kept.order_id,
        customer_id=kept.customer_id,
        payment_method_token=kept.payment_method_token,
        authorized_transaction_id=kept.id,
        details={
            **kept.details,
            **capture.details,
            "fields": {**kept.details["fields"], **capture.fields},
            # So much was authorized for this part, and no more.
            "authorized_amount": capture.amount,
        },
    )
    _note_part(books, kept, is_last=params.flag("final_capture"))
    return transactions.reply(books, request, part_id, status=201)


def _can_be_settled_in_parts(kept: Kept) -> bool:
    if kept.authorized_transaction_id is not None or kept.details.get("final_capture"):
        return False
    in_parts_already = kept.status == _STATUS.SettlementPending and kept.details.get("in_parts", False)
    return kept.type == Transaction.Type.Sale and (kept.status == _STATUS.Authorized or in_parts_already)


def _left(books: Books, kept: Kept) -> int:
    """Return what is authorized and not yet submitted, in cents."""
    return transactions.left_of(books, kept, "authorized_transaction_id", _NOTHING_SETTLED)


def _note_part(books: Books, kept: Kept, *, is_last: bool) -> None:
    details = {"in_parts": True, "final_capture": is_last}
    if kept.status == _STATUS.Authorized:
        transactions.move(books, kept, _STATUS.SettlementPending, details=details)
    else:
        transactions.change(books, kept, details=details)
