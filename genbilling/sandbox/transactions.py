"""Transactions in the books: adding one, moving it to another status, answering with it."""

from __future__ import annotations

import json
from typing import Any

from braintree import ErrorCodes, Transaction

from . import merchant_accounts, schedule, transaction_view
from .books import Books
from .errors import NotFoundError
from .exchange import Reply, Request, refused
from .messages import message_for
from .transaction_view import Kept
from .validation import Errors

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status
DECLINED = (_STATUS.ProcessorDeclined, _STATUS.GatewayRejected, _STATUS.Failed)


def load(books: Books, transaction_id: str) -> Kept:
    """Return the transaction with that id. Raises NotFoundError."""
    row = books.one("SELECT * FROM transactions WHERE id = ?", [transaction_id])
    if row is None:
        raise NotFoundError(f"There is no transaction with the id {transaction_id!r}.")
    values = dict(row)
    del values["number"]
    return Kept(**{**values, "details": json.loads(values["details"])})


def insert(
    books: Books,
    *,
    status: str,
    amount: int,
    merchant_account_id: str,
    details: dict[str, Any],
    **values: Any,
) -> str:
    """Keep a new transaction with its first status event; return its id."""
    transaction_id = books.fresh_id("transactions")
    books.insert(
        "transactions",
        id=transaction_id,
        status=status,
        amount=amount,
        currency=merchant_accounts.currency(books, merchant_account_id),
        merchant_account_id=merchant_account_id,
        fingerprint=details["card"]["fingerprint"],
        moves_at=schedule.next_move(status, books.now),
        details=details,
        created_at=books.today,
        updated_at=books.today,
        **values,
    )
    note_status(books, transaction_id, status, amount)
    return transaction_id


def move(
    books: Books,
    kept: Kept,
    status: str,
    *,
    amount: int | None = None,
    order_id: str | None = None,
    details: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Put a transaction into another status, with what changes along with it."""
    change(books, kept, status=status, amount=amount, order_id=order_id, details=details, **fields)
    note_status(books, kept.id, status, kept.amount if amount is None else amount)


def change(
    books: Books,
    kept: Kept,
    *,
    status: str | None = None,
    amount: int | None = None,
    order_id: str | None = None,
    details: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Change a transaction without a word in its history; what is None stays as it is.

    ``fields`` are those of the bank and the gateway, in ``details["fields"]``.
    """
    changed = {**kept.details, **(details or {})}
    changed["fields"] = {**changed["fields"], **fields}
    books.run(
        "UPDATE transactions SET status = ?, amount = ?, order_id = ?, details = ?, updated_at = ?,"
        " moves_at = ? WHERE id = ?",
        [
            status or kept.status,
            kept.amount if amount is None else amount,
            order_id or kept.order_id,
            json.dumps(changed),
            books.today,
            schedule.next_move(status, books.now) if status else kept.moves_at,
            kept.id,
        ],
    )


def note_status(books: Books, transaction_id: str, status: str, amount: int) -> None:
    """Add an event to the history of a transaction."""
    books.insert("status_events", transaction_id=transaction_id, status=status, amount=amount, at=books.today)


def left_of(books: Books, kept: Kept, column: str, came_to_nothing: tuple[str, ...]) -> int:
    """Return what is left of a transaction's amount, in cents, after those that name it in `column`.

    Those whose status is one of `came_to_nothing` do not count.
    """
    marks = ", ".join("?" * len(came_to_nothing))
    row = books.one(
        "SELECT coalesce(sum(amount), 0) AS taken FROM transactions"
        f" WHERE {column} = ? AND status NOT IN ({marks})",
        [kept.id, *came_to_nothing],
    )
    left: int = kept.amount - (row["taken"] if row else 0)
    return left


def keep_customer_and_card(books: Books, transaction_id: str, customer_id: str, token: str) -> None:
    """Note which customer and card in the vault a transaction belongs to."""
    books.run(
        "UPDATE transactions SET customer_id = ?, payment_method_token = ? WHERE id = ?",
        [customer_id, token, transaction_id],
    )


def reply(books: Books, request: Request, transaction_id: str, *, status: int) -> Reply:
    """Return the answer about a transaction: a 422 if it was declined, else the given status."""
    kept = load(books, transaction_id)
    shown = transaction_view.show(books, kept)
    if kept.status not in DECLINED:
        return Reply(status, "transaction", shown, transaction_id)
    fields, errors = kept.details["fields"], Errors()
    if kept.status == _STATUS.GatewayRejected:
        message = f"Gateway Rejected: {fields['gateway_rejection_reason']}"
    elif kept.refunded_transaction_id is not None:
        # The one case of a declined transaction that comes with a validation error as well.
        soft = fields["processor_response_type"] == "soft_declined"
        code = _CODES.RefundAuthSoftDeclined if soft else _CODES.RefundAuthHardDeclined
        errors.under("transaction").add("base", code)
        message = message_for(code)
    else:
        message = fields["processor_response_text"]
    return refused(request, message, errors, transaction_id=transaction_id, transaction=shown)
