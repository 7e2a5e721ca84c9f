"""Disputes: charges of ours that a cardholder contests."""

from __future__ import annotations

from ...gateway import Dispute
from ...models import Charge
from .report import Comparison

OPEN = "open"


def compare(comparison: Comparison, dispute: Dispute) -> None:
    """Tell of a dispute about a charge of ours: one that is open waits for somebody's answer."""
    charges = Charge.objects.select_related("invoice__account__owner")
    charge = charges.filter(transaction_id=dispute.transaction_id).first()
    if charge is None:
        return
    comparison.looked_at["disputes"] += 1
    said = f"Dispute {dispute.id} ({dispute.kind}) of {dispute.amount} about the {charge} is {dispute.status}"
    if dispute.status == OPEN:
        found = f"{said}: answer or accept it at Braintree by {dispute.reply_by or 'its date'}"
        comparison.leave(found, dispute.id)
    else:
        comparison.note(said)
