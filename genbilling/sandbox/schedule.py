"""What time itself does to a transaction, and when.

What was submitted settles when the day turns, at midnight in UTC; what has settled is paid out when the
next one does; an authorization that nobody uses expires.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from braintree import Transaction

from .books import to_text

# How long an authorization of a card is good for.
AUTHORIZATION = timedelta(days=7)

_STATUS = Transaction.Status
_AT_THE_TURN_OF_THE_DAY = (_STATUS.SubmittedForSettlement, _STATUS.SettlementConfirmed, _STATUS.Settled)


def next_move(status: str, now: datetime) -> str | None:
    """Return when a transaction that comes into a status now moves on by itself, or None if it does not."""
    if status in _AT_THE_TURN_OF_THE_DAY:
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return to_text(today + timedelta(days=1))
    if status == _STATUS.Authorized:
        return to_text(now + AUTHORIZATION)
    return None
