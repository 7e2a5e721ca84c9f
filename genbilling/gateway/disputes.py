"""What went back by disputes: the cardholder's bank took it back, and a refund would give it twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..money import total

# The cardholder has the money: for good, since nobody answered in time, or because the merchant lets it go.
# While one is open or under review that is not decided.
GONE = frozenset({"lost", "accepted", "auto_accepted", "expired"})
# A question of the bank's, which moves no money: the SDK's Dispute.Kind.Retrieval.
RETRIEVAL = "retrieval"


def charged_back(transaction: Any) -> Decimal:
    """Return how much of a transaction went back by disputes, in its currency; all of it at most."""
    disputes = getattr(transaction, "disputes", None) or []
    gone = [one.amount_disputed for one in disputes if one.status in GONE and one.kind != RETRIEVAL]
    amount: Decimal = transaction.amount
    # The rounds of one quarrel are disputes of their own.
    return min(total(gone), amount)
