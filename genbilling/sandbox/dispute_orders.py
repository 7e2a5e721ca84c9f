"""Disputes on order: what a test wants to have happened."""

from __future__ import annotations

from decimal import Decimal

from . import amounts, disputes
from .books import Books
from .errors import NotFoundError


class DisputeError(Exception):
    """There can be no such dispute; the text says why and what to do."""


def place(
    books: Books, transaction_id: str, amount: Decimal | str | None, kind: str, reason: str, status: str
) -> str:
    """Open a dispute about a transaction; return its id. Raises DisputeError."""
    for name, value, known in (
        ("kind", kind, disputes.KINDS),
        ("reason", reason, disputes.REASONS),
        ("status", status, disputes.STATUSES),
    ):
        _check(name, value, known)
    row = books.one("SELECT amount FROM transactions WHERE id = ?", [transaction_id])
    if row is None:
        raise DisputeError(f"There is no transaction with the id {transaction_id!r}.")
    disputed: int | None = row["amount"] if amount is None else amounts.cents(str(amount))
    if disputed is None or not 0 < disputed <= row["amount"]:
        raise DisputeError(f"{amount} cannot be disputed of a transaction of {amounts.show(row['amount'])}.")
    return disputes.insert(books, transaction_id, amount=disputed, kind=kind, reason=reason, status=status)


def move(books: Books, dispute_id: str, status: str) -> None:
    """Put a dispute into another status. Raises DisputeError."""
    _check("status", status, disputes.STATUSES)
    try:
        disputes.move(books, dispute_id, status)
    except NotFoundError as error:
        raise DisputeError(str(error)) from error


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise DisputeError(f"{value!r} is not a {name} of disputes. Choose one of {', '.join(known)}.")
