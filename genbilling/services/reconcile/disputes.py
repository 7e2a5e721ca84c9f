"""Disputes: charges of ours that a cardholder contests."""

from __future__ import annotations

from functools import partial

from ...gateway import Dispute
from ...models import Charge
from .. import refunding
from .report import Comparison

OPEN = "open"


def compare(comparison: Comparison, dispute: Dispute) -> None:
    """Tell of a dispute about a charge of ours: one that is open waits for somebody's answer.

    What went back by one that was lost or accepted is written down with the charge.

    Raises:
        GatewayUnusable, GatewayUncertain: the gateway did not answer.
    """
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
        _note_what_went_back(comparison, charge)


def _note_what_went_back(comparison: Comparison, charge: Charge) -> None:
    # Of all disputes about it: one may be about a part, and another round may have been won.
    gone = comparison.service.booked_sale(charge.transaction_id).charged_back
    if gone != charge.charged_back:
        found = f"{gone} of the {charge} went back by disputes; that is written down"
        comparison.repair(found, partial(refunding.note_charged_back, charge, gone))
