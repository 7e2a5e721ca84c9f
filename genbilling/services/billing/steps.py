"""A charge on its way: sent, or found out about. What is left to do once its answer is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from ...gateway import VOIDED, Ending, Outcome, PaymentService
from ...models import Charge, Refund
from .. import attempts, refunding
from ..attempts import Steps


def send(service: PaymentService, charge: Charge) -> Steps:
    """Send a charge that was claimed just now."""
    return attempts.send(charge, partial(service.sale, charge.request))


def find_out(service: PaymentService, charge: Charge, now: datetime, *, send_again: bool = True) -> Steps:
    """Find out what became of a charge whose answer was lost; without `send_again` it is only looked for."""
    find = partial(service.find_sale, charge.order_id, charge.amount)
    sending = partial(service.sale, charge.request) if send_again else None
    outcome = yield from attempts.find_out(charge, find, sending, now)
    if outcome.status == VOIDED and attempts.is_ours(charge, outcome):
        # Paid, and given back by somebody at the gateway before we knew; not to be charged again.
        return replace(outcome, ending=Ending.PAID)
    return outcome


def note_void(charge: Charge, outcome: Outcome) -> None:
    """Write down that the money went back, where a charge was found paid and voided."""
    if charge.state == Charge.State.PAID and charge.status == VOIDED:
        refunding.note_foreign(charge, outcome, Refund.Kind.VOID)
