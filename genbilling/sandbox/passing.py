"""Time passing: settlement, payment out and expiry, of everything whose moment has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from braintree import Transaction

from . import amounts, transactions
from .books import Books, to_text, to_time
from .settlement import STEPS
from .transaction_view import Kept

_STATUS = Transaction.Status

# So many transactions are moved with one request: time that nobody looked at for long costs the next
# requests a little each, and none of them everything.
BATCH = 500

_DUE = "SELECT id, moves_at FROM transactions WHERE moves_at <= ?"
_SUBMITTED = (_STATUS.SubmittedForSettlement, _STATUS.SettlementConfirmed)


def is_due(books: Books) -> bool:
    """Return whether there is anything for ``catch_up`` to do."""
    return books.one(f"{_DUE} LIMIT 1", [books.today]) is not None


def catch_up(books: Books, first: Iterable[str] = ()) -> int:
    """Do what was due until now, the oldest before the rest, at most a batch; return how many moved.

    Those with the ids in ``first`` are moved whatever the batch.
    """
    moved = 0
    for transaction_id in first:
        while row := books.one(f"{_DUE} AND id = ?", [books.today, transaction_id]):
            moved += _move_on(books, row)
    while moved < BATCH:
        rows = books.all(f"{_DUE} ORDER BY moves_at LIMIT ?", [books.today, BATCH - moved])
        if not rows:
            break
        moved += sum(_move_on(books, row) for row in rows)
    return moved


def settle_submitted(books: Books) -> int:
    """Settle what is submitted, due or not, at most a batch of it; return how many settled."""
    rows = books.all(
        "SELECT id FROM transactions WHERE status IN (?, ?) ORDER BY status, number LIMIT ?",
        [*_SUBMITTED, BATCH],
    )
    for row in rows:
        _settle(books, transactions.load(books, row["id"]))
    return len(rows)


def _move_on(books: Books, row: Any) -> int:
    # As it would have been, had somebody looked at that moment.
    then = replace(books, now=to_time(row["moves_at"]))
    kept = transactions.load(books, row["id"])
    if kept.status in _SUBMITTED:
        _settle(then, kept)
    elif kept.status == _STATUS.Settled:
        _pay_out(then, kept)
    else:
        transactions.move(then, kept, _STATUS.AuthorizationExpired)
    return 1


def _settle(books: Books, kept: Kept) -> None:
    """Let a transaction settle, as the bank does it: in two steps, and in a batch of the day."""
    confirmed = STEPS["settle"]
    transactions.note_status(books, kept.id, _STATUS.Settling, kept.amount)
    transactions.move(
        books,
        kept,
        _STATUS.Settled,
        processor_settlement_response_code=confirmed.code,
        processor_settlement_response_text=confirmed.text,
        settlement_batch_id=kept.details["fields"]["settlement_batch_id"]
        or _batch(books.now, kept.merchant_account_id),
    )


def _batch(moment: datetime, account: str) -> str:
    return f"{moment:%Y-%m-%d}_{account}_{moment:%H%M%S}"


def _pay_out(books: Books, kept: Kept) -> None:
    day: date = books.now.date()
    books.run(
        "UPDATE transactions SET moves_at = NULL, disbursed_on = ?, updated_at = ?,"
        " details = json_set(details, '$.settlement_amount', ?) WHERE id = ?",
        [day.isoformat(), to_text(books.now), amounts.show(kept.amount, kept.currency), kept.id],
    )
