"""Sales in the gateway's books beside charges in ours."""

from __future__ import annotations

from functools import partial

from django.utils import timezone

from ...gateway import Booked, Ending, Outcome
from ...models import Charge, Refund
from ...models.charges import ORDER_ID_PREFIX
from ...money import ZERO, total
from .. import attempts, charging, refunding
from .report import Comparison

State = Charge.State
VOIDED = "voided"


def compare(comparison: Comparison, booked: Booked) -> None:
    """Compare a sale that the gateway booked with our charge."""
    outcome = booked.outcome
    key = outcome.order_id.removeprefix(ORDER_ID_PREFIX)
    charge = Charge.objects.select_related("invoice__account__owner").filter(key=key).first()
    if charge is None:
        _leave_money(
            comparison,
            booked,
            f"Transaction {outcome.transaction_id} of {outcome.amount} ({outcome.status}) has the order id "
            f"{outcome.order_id}, and is not in these books: lost, or charged by another database that bills "
            "through the same merchant account",
        )
        return
    comparison.met.add(key)
    _compare(comparison, charge, booked)


def look_up(comparison: Comparison, charge: Charge) -> None:
    """Look for a charge of ours that the gateway's list did not have."""
    if charge.state == State.PENDING:
        _resolve(comparison, charge)
    elif charge.transaction_id:
        booked = comparison.service.find(charge.transaction_id)
        if booked is None:
            comparison.leave(f"The {charge}: the gateway has no transaction {charge.transaction_id}")
        else:
            _compare(comparison, charge, booked)


def _compare(comparison: Comparison, charge: Charge, booked: Booked) -> None:
    outcome = booked.outcome
    comparison.looked_at["charges"] += 1
    said = f"transaction {outcome.transaction_id} of {outcome.amount} {outcome.currency} ({outcome.status})"
    if charge.state == State.PENDING:
        _resolve(comparison, charge)
    elif charge.transaction_id not in ("", outcome.transaction_id):
        _leave_money(
            comparison,
            booked,
            f"The {charge} has transaction {charge.transaction_id}, and {said} took money for it too: "
            "refund that one at Braintree",
        )
    elif outcome.amount != charge.amount or charge.currency not in ("", outcome.currency):
        comparison.leave(f"The {charge} in {charge.currency or 'an unknown currency'} differs from {said}")
    elif charge.state == State.PAID:
        _compare_paid(comparison, charge, outcome, said)
    elif outcome.ending is Ending.PAID:
        found = f"The {charge} was paid by {said} after all"
        comparison.repair(found, partial(charging.correct, charge, outcome))
    elif outcome.ending is Ending.UNKNOWN:
        comparison.leave(f"The {charge}: {said} holds money, and was not asked for")


def _compare_paid(comparison: Comparison, charge: Charge, outcome: Outcome, said: str) -> None:
    going_back = [State.PAID, State.PENDING]
    voided = charge.refunds.filter(kind=Refund.Kind.VOID, state__in=going_back).first()
    if outcome.status == VOIDED:
        if voided is None:
            work = partial(refunding.note_foreign, charge, outcome, Refund.Kind.VOID)
            comparison.repair(f"The {charge}: {said} was voided at Braintree; that is written down", work)
    elif voided is not None and voided.state == State.PAID:
        comparison.leave(f"The {charge} is voided by refund {voided.pk}, but {said} is not")
    elif outcome.ending is Ending.REFUSED:
        found = f"The {charge}: {said} did not settle; the {charge.invoice} is unpaid again"
        comparison.repair(found, partial(charging.correct, charge, outcome))
    elif outcome.ending is Ending.UNKNOWN:
        comparison.leave(f"The {charge} is called paid, but {said} is not submitted for settlement")
    elif outcome.status != charge.status and not comparison.dry_run:
        # On its way to be settled: nothing that needs to be told.
        Charge.objects.filter(pk=charge.pk, state=State.PAID).update(status=outcome.status)


def _leave_money(comparison: Comparison, booked: Booked, found: str) -> None:
    """Leave a sale that these books have no place for, as long as it holds somebody's money."""
    if booked.outcome.ending is Ending.REFUSED:
        return
    refunds = filter(None, map(comparison.service.find, booked.refund_ids))
    given_back = [one.outcome.amount or ZERO for one in refunds if one.outcome.ending is Ending.PAID]
    if total(given_back) == booked.outcome.amount:
        comparison.note(f"{found}. It was refunded")
    else:
        comparison.leave(found)


def _resolve(comparison: Comparison, charge: Charge) -> None:
    if attempts.may_be_in_flight(charge, timezone.now()):
        return
    found = f"The {charge} had lost its answer"
    if comparison.dry_run:
        comparison.repair(found, lambda: None)
        return
    resolved = charging.resolve(comparison.service, charge)
    if isinstance(resolved, Charge) and resolved.state == State.PENDING:
        comparison.leave(f"{found}, which is still not known: {resolved.message}")
    elif isinstance(resolved, Charge):
        comparison.repair(f"{found}; now it is known: {resolved.get_state_display()}", lambda: resolved)
