"""Giving money back: claim, call, record, as for a charge, with a key of its own and the same endings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from .. import books, conf, money
from ..exceptions import (
    GatewayError,
    GatewayUnusable,
    NothingToRefund,
    Outdated,
    PaymentUnderWay,
    RefundRefused,
    RefundTooLarge,
)
from ..gateway import Ending, Outcome, PaymentService
from ..models import Charge, Invoice, Refund
from . import attempts
from .attempts import Find, Send
from .installations import payment_service
from .locks import is_everybodys, lock_row
from .operators import MAX_MEMO, MAX_OPERATOR, positive, text

logger = logging.getLogger(__name__)

State = Refund.State

# A gateway that hangs takes its time-out, a minute, for each refund.
SLOW_SECONDS = 30.0
MOST_SLOW = 3

MADE_THERE = "Made at Braintree"
WENT_BACK = "{amount} of the charge went back by a dispute that was lost or accepted."
NOT_SETTLED = (
    "The charge has not settled yet. It can be given back whole, which voids it; a part only once it has "
    "settled, as a rule the next day."
)


def refund_charge(
    charge: Charge, amount: Any, operator: str, memo: str, refunded: Decimal | None = None
) -> Refund:
    """Give back `amount` of a paid charge, or all that is left; see `genbilling.interface`."""
    books.refuse_open_transaction("refund_charge()")
    operator, memo = text(operator, "operator", MAX_OPERATOR), text(memo, "memo", MAX_MEMO)
    wanted = None if amount is None else positive(amount, charge.currency)
    service = payment_service()
    pending = list(charge.refunds.filter(state=State.PENDING).select_related("charge"))
    for earlier in pending:
        resolve(service, earlier)
    refund = _claim(charge, wanted, operator, memo, refunded)
    refund = record(refund, _send(service, refund))
    if refund.state == State.NOT_SENT:
        raise GatewayUnusable(f"Nothing was given back: {refund.message}")
    if refund.state == State.REFUSED:
        raise RefundRefused(f"{refund.amount} was not given back: {refund.message}", refund)
    return refund


def resolve_pending(service: PaymentService, stop: Callable[[], bool] = bool) -> Iterator[str]:
    """Find out what became of refunds whose answer was lost; yield a sentence for each that is not paid.

    It ends where `stop` says so, and where the gateway takes its time-out several times in a row.
    """
    pending = Refund.objects.filter(state=State.PENDING).select_related("charge").order_by("pk")
    slow = 0
    for refund in list(pending):
        if attempts.may_be_in_flight(refund, timezone.now()):
            continue
        if stop() or slow == MOST_SLOW:
            yield f"{refund}: it was not found out whether the money went back; a later run does."
            return
        began = time.monotonic()
        try:
            resolved = resolve(service, refund)
        except GatewayUnusable as error:
            # Of this one; whether the gateway can be used at all shows with the charges.
            yield f"{refund}: it cannot be found out now whether the money went back: {error}"
            continue
        except Exception as error:
            if is_everybodys(error):
                raise
            # Of this one, too: the others, and the charges that come after them, go on.
            logger.exception("What became of the %s is not known", refund)
            yield f"{refund}: it is not known whether the money went back: {type(error).__name__}: {error}"
            continue
        finally:
            slow = slow + 1 if time.monotonic() - began > SLOW_SECONDS else 0
        if resolved.state != State.PAID:
            yield f"{resolved}: the money did not go back; {resolved.message}"


def resolve(service: PaymentService, refund: Refund) -> Refund:
    """Find out what became of a refund whose answer was lost, record it, and return it.

    Raises:
        GatewayUnusable: the gateway cannot be asked now.
    """
    now = timezone.now()
    if attempts.may_be_in_flight(refund, now):
        return refund
    if refund.kind == Refund.Kind.UNDECIDED:
        return record(refund, Outcome(ending=Ending.NOT_SENT, message="Its sender died before it was sent."))
    finding = attempts.find_out(refund, _find(service, refund), _sending(service, refund), now)
    return record(refund, attempts.carry_out(finding))


def record(refund: Refund, outcome: Outcome) -> Refund:
    """Write down what came of `refund` and return it as it is now; an earlier record stands."""
    with books.atomic(durable=True):
        lock_row(Charge.objects.all(), refund.charge_id)
        stored = lock_row(Refund.objects.select_related("charge"), refund.pk)
        if stored.state != State.PENDING:
            return _note_late_answer(stored, outcome)
        moved_on = (stored.uncertain_at, stored.kind) != (refund.uncertain_at, refund.kind)
        if outcome.ending is Ending.NOT_SENT and moved_on:
            return stored
        attempts.write_answer(stored, attempts.only_ours(stored, outcome), timezone.now())
        stored.save()
    stored.result = outcome.result
    return stored


def _note_late_answer(refund: Refund, outcome: Outcome) -> Refund:
    """Keep an answer that came after the refund was given up: the money did go back."""
    if outcome.ending is Ending.PAID and refund.state != State.PAID:
        logger.error("The %s was given up, and then it went back: %r", refund, outcome)
        if _has_room(refund.charge, refund):
            attempts.write_answer(refund, outcome, timezone.now())
            refund.save()
    return refund


def correct(refund: Refund, outcome: Outcome) -> Refund | None:
    """Rewrite what came of an ended refund, as the gateway's own books have it; return it as it is now.

    None: the books do not allow it (any more), and nothing was changed.
    """
    with books.atomic(durable=True):
        charge = lock_row(Charge.objects.all(), refund.charge_id)
        stored = lock_row(Refund.objects.all(), refund.pk)
        if stored.state != refund.state or (outcome.ending is Ending.PAID and not _has_room(charge, stored)):
            return None
        attempts.write_answer(stored, outcome, timezone.now())
        stored.save()
    return stored


def note_foreign(charge: Charge, outcome: Outcome, kind: str) -> Refund | None:
    """Write down money that went back by somebody's hand at the gateway; return the refund.

    None: the books do not allow it (any more), and nothing was changed.
    """
    with books.atomic(durable=True):
        stored = lock_row(Charge.objects.all(), charge.pk)
        written = stored.refunds.filter(transaction_id=outcome.transaction_id, state=State.PAID).first()
        if written is not None:
            return written
        refund = Refund(charge=stored, amount=outcome.amount or money.ZERO, kind=kind, memo=MADE_THERE)
        if not _has_room(stored, refund):
            return None
        attempts.write_answer(refund, replace(outcome, ending=Ending.PAID), timezone.now())
        refund.save()
    return refund


def note_charged_back(charge: Charge, amount: Decimal) -> Charge:
    """Write down on `charge` that `amount` of it went back by disputes; return it."""
    Charge.objects.filter(pk=charge.pk).update(charged_back=amount)
    charge.charged_back = amount
    return charge


def _has_room(charge: Charge, refund: Refund) -> bool:
    return charge.state == State.PAID and refund.amount <= charge.amount - charge.refunded()


def _claim(
    charge: Charge, wanted: Decimal | None, operator: str, memo: str, refunded: Decimal | None
) -> Refund:
    with books.atomic(durable=True):
        # The invoice's lock first, in the order in which a payment is recorded.
        lock_row(Invoice.objects.all(), charge.invoice_id)
        stored = lock_row(Charge.objects.all(), charge.pk)
        gone = stored.refunded()
        if refunded is not None and refunded != gone:
            raise Outdated(
                f"{gone} of the {stored} went back or is on its way, not {refunded} as when this was "
                "decided. Nothing was given back now: look again."
            )
        if stored.refunds.filter(state=State.PENDING).exists():
            raise PaymentUnderWay(
                f"What came of an earlier refund of the {stored} is not known yet: try again in some minutes."
            )
        left = stored.amount - gone if stored.state == State.PAID else money.ZERO
        if left <= money.ZERO:
            raise NothingToRefund(f"The {stored} took no money, or all of it went back already.")
        if wanted is not None and wanted > left:
            raise RefundTooLarge(f"{wanted} is more than the {left} that is left of the {stored}.")
        return Refund.objects.create(charge=stored, amount=wanted or left, operator=operator, memo=memo)


def _send(service: PaymentService, refund: Refund) -> Outcome:
    """Decide how the money goes back, write that down, and send it."""
    charge = refund.charge
    try:
        sale = service.booked_sale(charge.transaction_id)
    except GatewayError as error:
        # A question: whatever became of it, no money moved.
        return Outcome(ending=Ending.NOT_SENT, message=str(error))
    if sale.charged_back != charge.charged_back:
        # Disputes are lost months later, when no comparison looks at them any more.
        note_charged_back(charge, sale.charged_back)
    if charge.refunded() > charge.amount:
        return Outcome(ending=Ending.REFUSED, message=WENT_BACK.format(amount=sale.charged_back))
    if not sale.can_be_voided:
        refund.kind = Refund.Kind.REFUND
        amount = money.written(refund.amount, charge.currency or conf.currency())
        refund.request = {"amount": amount, "order_id": refund.order_id}
    elif refund.amount == charge.amount:
        refund.kind = Refund.Kind.VOID
    else:
        return Outcome(ending=Ending.REFUSED, message=NOT_SETTLED)
    with books.atomic(durable=True):
        still_ours = Refund.objects.filter(pk=refund.pk, state=State.PENDING)
        if not still_ours.update(kind=refund.kind, request=refund.request):
            message = "It took so long to ask the gateway that the refund was given up."
            return Outcome(ending=Ending.NOT_SENT, message=message)
    return attempts.carry_out(attempts.send(refund, _sending(service, refund)))


def _sending(service: PaymentService, refund: Refund) -> Send:
    transaction_id = refund.charge.transaction_id
    if refund.kind == Refund.Kind.VOID:
        return lambda key: service.void(transaction_id, key)
    return lambda key: service.refund(transaction_id, refund.request, key)


def _find(service: PaymentService, refund: Refund) -> Find:
    if refund.kind == Refund.Kind.VOID:
        return partial(service.find_void, refund.charge.transaction_id)
    return partial(service.find_refund, refund.order_id, refund.amount)
