"""Sales in the gateway's books beside charges in ours."""

from __future__ import annotations

from functools import partial

from ...gateway import VOIDED, Booked, Ending, Outcome
from ...models import Charge, Refund, order_ids
from ...money import ZERO
from .. import billing, refunding
from .report import Comparison

State = Charge.State


def charge_of(booked: Booked) -> Charge | None:
    """Return the charge in these books that made a sale, or None."""
    said = order_ids.read(booked.outcome.order_id)
    made = Charge.objects.select_related("invoice__account__owner")
    return made.filter(key=said.key).first() if said else None


def compare(comparison: Comparison, charge: Charge, booked: Booked) -> None:
    """Compare a sale that the gateway booked with our charge."""
    comparison.met.add(charge.key)
    _compare(comparison, charge, booked)


def look_up(comparison: Comparison, charge: Charge) -> None:
    """Look for a charge of ours that the gateway's list did not have."""
    if charge.state == State.PENDING:
        _resolve(comparison, charge)
    elif charge.transaction_id:
        booked = comparison.find(charge)
        if booked is not None:
            _compare(comparison, charge, booked)


def _compare(comparison: Comparison, charge: Charge, booked: Booked) -> None:
    outcome = booked.outcome
    comparison.looked_at["charges"] += 1
    if charge.state == State.PENDING:
        _resolve(comparison, charge)
    elif charge.state == State.PAID and charge.transaction_id != outcome.transaction_id:
        found = (
            f"The {charge} has transaction {charge.transaction_id}, and {_said(outcome)} took money for it"
        )
        _leave_money(comparison, booked, f"{found} too: refund that one at Braintree")
    elif outcome.amount != charge.amount or charge.currency not in ("", outcome.currency):
        currency = charge.currency or "an unknown currency"
        found = f"The {charge} in {currency} differs from {_said(outcome)}"
        if charge.state != State.PAID:
            _leave_money(comparison, booked, found)
        elif outcome.ending is not Ending.REFUSED:
            comparison.leave(found, outcome.transaction_id)
    elif charge.state == State.PAID:
        _compare_paid(comparison, charge, booked)
    elif outcome.ending is not Ending.REFUSED:
        _compare_unpaid(comparison, charge, booked)


def _compare_unpaid(comparison: Comparison, charge: Charge, booked: Booked) -> None:
    said = _said(booked.outcome)
    if booked.outcome.ending is Ending.UNKNOWN:
        found = f"The {charge}: {said} holds money, and was not asked for"
        comparison.leave(found, booked.outcome.transaction_id)
        return
    not_owed = (
        f"The {charge}: {said} took money that the {charge.invoice} does not ask for: refund it at Braintree"
    )
    paid_after_all = f"The {charge} was paid by {said} after all"
    if not comparison.repair(paid_after_all, partial(billing.correct, charge, booked.outcome)):
        _leave_money(comparison, booked, not_owed)


def _compare_paid(comparison: Comparison, charge: Charge, booked: Booked) -> None:
    found = _mend_paid(comparison, charge, booked)
    if not found:
        return
    # Both books may have moved since they were read: once more, before somebody has to look.
    fresh = comparison.service.find(booked.outcome.transaction_id)
    charge.refresh_from_db()
    if fresh is not None and charge.state == State.PAID:
        found = _mend_paid(comparison, charge, fresh)
    if found:
        comparison.leave(found, booked.outcome.transaction_id)


def _mend_paid(comparison: Comparison, charge: Charge, booked: Booked) -> str:
    """Repair what is safe in a charge that is called paid; return what then does not fit, or nothing."""
    outcome, said = booked.outcome, _said(booked.outcome)
    voided = charge.refunds.filter(kind=Refund.Kind.VOID, state__in=[State.PAID, State.PENDING]).first()
    if outcome.status == VOIDED:
        found = f"The {charge}: {said} was voided at Braintree; that is written down"
        note = partial(refunding.note_foreign, charge, outcome, Refund.Kind.VOID)
        if voided is None and not comparison.repair(found, note):
            return f"The {charge}: {said} was voided, and a part of it refunded before"
    elif voided is not None and voided.state == State.PAID:
        return f"The {charge} is voided by refund {voided.pk}, but {said} is not"
    elif outcome.ending is Ending.REFUSED:
        found = f"The {charge}: {said} did not settle; the {charge.invoice} is unpaid again"
        if not comparison.repair(found, partial(billing.correct, charge, outcome)):
            return f"The {charge}: {said} did not settle, and the books moved meanwhile"
    elif outcome.ending is Ending.UNKNOWN:
        return f"The {charge} is called paid, but {said} is not submitted for settlement"
    elif outcome.status != charge.status and not comparison.dry_run:
        # On its way to be settled: nothing that needs to be told.
        Charge.objects.filter(pk=charge.pk, state=State.PAID).update(status=outcome.status)
    return ""


def _leave_money(comparison: Comparison, booked: Booked, found: str) -> None:
    """Leave a sale that these books have no place for, as long as it holds somebody's money."""
    if booked.outcome.ending is Ending.REFUSED:
        return
    if comparison.service.money_left(booked) == ZERO:
        comparison.note(f"{found}. It went back")
    else:
        comparison.leave(found, booked.outcome.transaction_id)


def _resolve(comparison: Comparison, charge: Charge) -> None:
    found = f"The {charge} had lost its answer"
    if not comparison.is_to_resolve(charge, found):
        return
    resolved = billing.resolve(comparison.service, charge)
    if isinstance(resolved, Charge) and resolved.state == State.PENDING:
        comparison.leave(f"{found}, which is still not known: {resolved.message}", charge.order_id)
    elif isinstance(resolved, Charge):
        comparison.mended(f"{found}; now it is known: {resolved.get_state_display()}")


def _said(outcome: Outcome) -> str:
    return f"transaction {outcome.transaction_id} of {outcome.amount} {outcome.currency} ({outcome.status})"
