"""Charges and refunds: each paid invoice has one paying charge, and no more goes back than was paid."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from ... import money
from ...models import Charge, Invoice, Refund
from .numbers import Found

CHUNK = 500

State = Charge.State


def rows() -> QuerySet[Charge]:
    """Return the rows that are looked at, beside the invoices."""
    return Charge.objects.all()


def findings() -> Found:
    """Yield what is wrong with how each invoice was charged, and with each charge and its refunds."""
    charges = rows().order_by("ended_at", "pk").prefetch_related("refunds")
    wanted = Invoice.objects.select_related("account__owner").prefetch_related(Prefetch("charges", charges))
    for invoice in wanted.order_by("pk").iterator(chunk_size=CHUNK):
        tried = list(invoice.charges.all())
        name = f"The {invoice} (id {invoice.pk})"
        yield "payments", [f"{name}: {what}." for what in _invoice(invoice, tried)]
        for charge in tried:
            charge.invoice = invoice
            yield (
                "charges",
                [f"The {charge}: {what}." for what in _charge(charge, list(charge.refunds.all()))],
            )


def _invoice(invoice: Invoice, charges: list[Charge]) -> Iterator[str]:
    if charges and not invoice.closed:
        yield "it is open, and was charged"
    yield from _paid(invoice, [charge for charge in charges if charge.state == State.PAID])
    pending = [charge.pk for charge in charges if charge.state == State.PENDING]
    if pending != [key for key in [invoice.pending_charge_id] if key is not None]:
        yield f"its pending charge is noted as {invoice.pending_charge_id}, but pending are {pending}"
    refused = any(charge.state == State.REFUSED for charge in charges)
    if invoice.failed and not refused:
        yield "it is called failed, and no charge was refused"
    if refused and not (invoice.failed or invoice.paid or invoice.void):
        yield "a charge was refused, and it is neither called failed nor paid nor void"


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
    elif charge.state != State.REFUSED:
        yield f"it is {charge.state} without a card"
    if charge.state == State.PAID and not charge.transaction_id:
        yield "it is paid by no transaction"
    for refund in refunds:
        yield from _refund(charge, refund)
    given_back = money.total(refund.amount for refund in refunds if _counts(refund))
    if given_back > (charge.amount if charge.state == State.PAID else money.ZERO):
        yield f"{given_back} went back, more than it took"


def _as_it_was_sent(charge: Charge) -> Iterator[str]:
    sent = (charge.request.get("amount"), charge.request.get("order_id"))
    if sent != (str(charge.amount), charge.order_id):
        yield f"it was sent as {sent[0]} for order {sent[1]}, which is not what it says now"


def _refund(charge: Charge, refund: Refund) -> Iterator[str]:
    if refund.kind == Refund.Kind.VOID and refund.amount != charge.amount:
        yield f"refund {refund.pk} of {refund.amount} voided it, which is always the whole"
    sent = refund.request.get("amount")
    if sent is not None and Decimal(sent) != refund.amount:
        yield f"refund {refund.pk} was sent as {sent}, and is of {refund.amount}"


def _counts(refund: Refund) -> bool:
    return refund.state in (State.PAID, State.PENDING)
