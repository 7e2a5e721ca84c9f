"""Refunds in the gateway's books beside refunds in ours."""

from __future__ import annotations

from functools import partial

from ...gateway import VOIDED, Booked, Ending, Outcome
from ...models import Charge, Refund, order_ids
from .. import refunding
from .report import Comparison

State = Refund.State


def is_of_ours(booked: Booked) -> bool:
    """Return whether `booked` is a refund in these books, or of a charge in them."""
    of_charge = Charge.objects.filter(transaction_id=booked.refund_of).exclude(transaction_id="")
    return of_charge.exists() or _written_down(booked) is not None


def compare(comparison: Comparison, booked: Booked) -> None:
    """Compare a refund that the gateway booked with ours; one that was made there is written down."""
    outcome, refund = booked.outcome, _written_down(booked)
    if refund is not None:
        comparison.met.add(refund.key)
        _compare(comparison, refund, outcome)
        return
    said = f"Transaction {outcome.transaction_id} ({outcome.status}) refunds {outcome.amount}"
    charge = Charge.objects.filter(transaction_id=booked.refund_of).first()
    assert charge is not None, "else it is none of ours"
    if outcome.ending is Ending.PAID:
        made_there = f"{said} of the {charge}, and was made at Braintree; it is written down"
        note = partial(refunding.note_foreign, charge, outcome, Refund.Kind.REFUND)
        if not comparison.repair(made_there, note):
            comparison.leave(f"{said} of the {charge}, more than is left of it", outcome.transaction_id)


def look_up(comparison: Comparison, refund: Refund) -> None:
    """Look for a refund of ours that the gateway's list did not have."""
    if refund.state == State.PENDING:
        _resolve(comparison, refund)
    elif refund.transaction_id:
        booked = comparison.find(refund)
        if booked is None:
            return
        if refund.kind == Refund.Kind.REFUND:
            _compare(comparison, refund, booked.outcome)
        elif booked.outcome.status != VOIDED and refund.state == State.PAID:
            found = (
                f"The {refund} voided transaction {refund.transaction_id}, which is {booked.outcome.status}"
            )
            comparison.leave(found, refund.transaction_id)


def _written_down(booked: Booked) -> Refund | None:
    refunds = Refund.objects.select_related("charge__invoice__account__owner")
    said = order_ids.read(booked.outcome.order_id)
    # One that was made at Braintree has the order id of its sale.
    ours = refunds.filter(key=said.key).first() if said else None
    return ours or refunds.filter(transaction_id=booked.outcome.transaction_id).first()


def _compare(comparison: Comparison, refund: Refund, outcome: Outcome) -> None:
    comparison.looked_at["refunds"] += 1
    said = f"transaction {outcome.transaction_id} of {outcome.amount} ({outcome.status})"
    if refund.state == State.PENDING:
        _resolve(comparison, refund)
    elif outcome.amount != refund.amount:
        comparison.leave(f"The {refund} differs from {said}", outcome.transaction_id)
    elif refund.state == State.PAID and outcome.ending is Ending.REFUSED:
        if not comparison.dry_run:
            refunding.correct(refund, outcome)
        found = f"The {refund} did not settle by {said}: the money did not go back; refund it again"
        comparison.leave(found, outcome.transaction_id)
    elif refund.state != State.PAID and outcome.ending is Ending.PAID:
        went_back = f"The {refund} went back by {said}"
        if not comparison.repair(f"{went_back} after all", partial(refunding.correct, refund, outcome)):
            comparison.leave(f"{went_back}, and too much by it", outcome.transaction_id)
    elif outcome.status != refund.status and not comparison.dry_run:
        Refund.objects.filter(pk=refund.pk, state=refund.state).update(status=outcome.status)


def _resolve(comparison: Comparison, refund: Refund) -> None:
    found = f"The {refund} had lost its answer"
    if not comparison.is_to_resolve(refund, found):
        return
    resolved = refunding.resolve(comparison.service, refund)
    if resolved.state == State.PAID:
        comparison.mended(f"{found}; now it is known: the money went back")
    else:
        found = f"{found}, and the money did not go back ({resolved.state}): {resolved.message}"
        comparison.leave(found, refund.order_id)
