"""Charges and refunds: each paid invoice has one paying charge, and no more goes back than was paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from ... import money
from ...exceptions import BadMoney
from ...gateway.outcomes import PAID_STATUSES, REFUSED_STATUSES, VOIDED
from ...models import Card, Charge, Invoice, Refund
from .found import Found, each, sentences

State = Charge.State


def rows() -> QuerySet[Charge]:
    """Return the rows that are looked at, beside the invoices."""
    return Charge.objects.all()


def findings() -> Found:
    """Yield what is wrong with how each invoice was charged, and with each charge and its refunds."""
    yield "payments", list(_booked_twice())
    charges = rows().order_by("ended_at", "pk").prefetch_related("refunds")
    wanted = Invoice.objects.select_related("account__owner").prefetch_related(
        Prefetch("charges", charges), "account__cards"
    )
    for invoice in each(wanted):
        tried = list(invoice.charges.all())
        yield "payments", sentences(invoice, _invoice(invoice, tried))
        for charge in tried:
            charge.invoice = invoice
            yield (
                "charges",
                [f"The {charge}: {what}." for what in _charge(charge, list(charge.refunds.all()))],
            )


def _booked_twice() -> Iterator[str]:
    for attempts in (Charge.objects, Refund.objects.filter(kind=Refund.Kind.REFUND)):
        booked = attempts.exclude(transaction_id="").order_by().values("transaction_id")
        for row in booked.annotate(times=Count("pk")).filter(times__gt=1).order_by("transaction_id"):
            yield f"Transaction {row['transaction_id']} is noted {row['times']} times."


def _invoice(invoice: Invoice, charges: list[Charge]) -> Iterator[str]:
    if charges and not invoice.closed:
        yield "it is open, and was charged"
    yield from _paid(invoice, [charge for charge in charges if charge.state == State.PAID])
    pending = [charge.pk for charge in charges if charge.state == State.PENDING]
    if pending != [key for key in [invoice.pending_charge_id] if key is not None]:
        yield f"its pending charge is noted as {invoice.pending_charge_id}, but pending are {pending}"
    yield from _dates(invoice, charges)
    refused = any(charge.state == State.REFUSED for charge in charges)
    if refused and not (invoice.failed or invoice.paid or invoice.void):
        yield "a charge was refused, and it is neither called failed nor paid nor void"


def _dates(invoice: Invoice, charges: list[Charge]) -> Iterator[str]:
    """Each flag has the date of the charge that set it."""
    dates: dict[str, list[datetime | None]] = {
        "paid": [one.ended_at for one in charges if one.state == State.PAID],
        "failed": [one.ended_at for one in charges if one.state == State.REFUSED],
        "sent": [one.created_at for one in charges if one.card_token],
    }
    if invoice.total == money.ZERO:
        dates["paid"].append(invoice.closed_at)
    for flag, possible in dates.items():
        if getattr(invoice, flag) and getattr(invoice, f"{flag}_at") not in possible:
            yield f"it is called {flag} at a time when no charge did that"


def _paid(invoice: Invoice, paid: list[Charge]) -> Iterator[str]:
    ids = [charge.pk for charge in paid]
    if len(paid) > 1:
        yield f"{len(paid)} charges paid it: {ids}"
    if paid and not invoice.paid:
        yield f"charge {ids[0]} paid it, and it is not called paid"
    if invoice.paid and (invoice.total or money.ZERO) > money.ZERO and not paid:
        yield "it is called paid, and no charge paid it"
    if invoice.paying_charge_id is not None and invoice.paying_charge_id not in ids:
        yield f"charge {invoice.paying_charge_id} is called the one that paid it, and did not"
    if invoice.paid and paid and invoice.paying_charge_id is None:
        yield f"it does not say which charge paid it; {ids[0]} did"
    if paid and not invoice.sent:
        yield "it was paid, and is not called sent"


def _charge(charge: Charge, refunds: list[Refund]) -> Iterator[str]:
    if charge.amount != charge.invoice.total:
        yield f"it is of {charge.amount}, but the invoice is of {charge.invoice.total}"
    if charge.card_token:
        yield from _as_it_was_sent(charge)
        yield from _whose_card(charge)
    elif charge.state != State.REFUSED:
        yield f"it is {charge.state} without a card"
    if charge.state != State.PENDING and not charge.is_as_sealed():
        yield "it was changed after its end"
    yield from _status(charge, refunds)
    if charge.state == State.PAID and not charge.transaction_id:
        yield "it is paid by no transaction"
    for refund in refunds:
        yield from _refund(charge, refund)
    given_back = money.total(refund.amount for refund in refunds if _counts(refund))
    took = charge.state == State.PAID or charge.settlement_failed
    if given_back > (charge.amount if took else money.ZERO):
        yield f"{given_back} went back, more than it took"


def _as_it_was_sent(charge: Charge) -> Iterator[str]:
    now = {
        "amount": str(charge.amount),
        "order_id": charge.order_id,
        "payment_method_token": charge.card_token,
    }
    yield from _differences("it", charge.request, now)
    if not charge.order_id.endswith(charge.key):
        yield f"its order id {charge.order_id} does not end in its key {charge.key}"


def _status(charge: Charge, refunds: list[Refund]) -> Iterator[str]:
    """The seal leaves out what moves on after the end: it can only move so far."""
    # One that somebody voided at Braintree before its answer was found is paid, and given back.
    given_back = {VOIDED} if any(one.kind == Refund.Kind.VOID and _counts(one) for one in refunds) else set()
    possible = {
        State.PAID: PAID_STATUSES | given_back,
        State.REFUSED: REFUSED_STATUSES | {""},
    }
    if charge.status not in possible.get(State(charge.state), {charge.status}):
        yield f"it is {charge.state}, and its status is {charge.status!r}"
    told = charge.signalled_at
    if told is not None and (charge.ended_at is None or told < charge.ended_at):
        yield "its signal is noted as sent before it ended"


def _whose_card(charge: Charge) -> Iterator[str]:
    if any(card.token == charge.card_token for card in charge.invoice.account.cards.all()):
        return
    # None at all is no finding: books that came from a backup do not know the cards of the time after it.
    for card in Card.objects.filter(token=charge.card_token):
        yield f"it was sent to card {card.pk}, which is of account {card.account_id}"


def _differences(name: str, request: Any, now: dict[str, str]) -> Iterator[str]:
    for key, value in now.items():
        sent = request.get(key) if isinstance(request, dict) else None
        if sent != value and not (key == "amount" and _is_sum(sent, value)):
            yield f"{name} was sent with {key} {sent}, and says {value} now"


def _is_sum(sent: Any, value: str) -> bool:
    """Return whether a sum was sent as `value`, with the decimals of whatever currency."""
    try:
        return isinstance(sent, str) and money.to_money(sent, "") == Decimal(value)
    except BadMoney:
        return False


def _refund(charge: Charge, refund: Refund) -> Iterator[str]:
    if refund.kind == Refund.Kind.VOID and refund.amount != charge.amount:
        yield f"refund {refund.pk} of {refund.amount} voided it, which is always the whole"
    if refund.state != State.PENDING and not refund.is_as_sealed():
        yield f"refund {refund.pk} was changed after its end"
    if refund.request and refund.kind == Refund.Kind.REFUND:
        now = {"amount": str(refund.amount), "order_id": refund.order_id}
        yield from _differences(f"refund {refund.pk}", refund.request, now)


def _counts(refund: Refund) -> bool:
    return refund.state in (State.PAID, State.PENDING)
