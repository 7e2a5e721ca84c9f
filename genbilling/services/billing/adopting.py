"""Taking over a sale that the books lost: its charge is written down again, with what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ... import books
from ...gateway import VOIDED, Booked, Ending, Outcome, PaymentService
from ...models import Charge, Invoice, Refund, order_ids
from ...models.invoices import InvoiceQuerySet
from ...models.order_ids import OrderId
from .. import refunding
from ..locks import lock_account, lock_rows
from . import by_hand, records

State = Charge.State

# Of a card that the vault has no more the gateway may not name the token.
NO_TOKEN = "unknown"
SECOND = timedelta(seconds=1)


def adopt(
    service: PaymentService, account_id: int, booked: Booked, refunds: Sequence[Outcome]
) -> Charge | None:
    """Write a lost sale down as a charge of the unpaid closed invoice that it fits, and tell the project.

    What was refused is refused; what was voided or refunded is paid, and went back. None: it fits no invoice.

    Raises:
        GatewayUnusable: what became of the invoice's last charge cannot be found out now.
    """
    outcome = booked.outcome
    if outcome.status == VOIDED:
        outcome = replace(outcome, ending=Ending.PAID)
    if outcome.ending not in (Ending.PAID, Ending.REFUSED):
        return None
    _end_earlier_claim(service, account_id, booked)
    with books.atomic(durable=True):
        lock_account(account_id)
        if written_down := Charge.objects.filter(key=_said(booked).key).first():
            return written_down
        fitting = lock_rows(_fitting(account_id, booked).filter(pending_charge=None), skip_locked=False)
        if not fitting:
            return None
        charge = _charge(min(fitting, key=lambda invoice: invoice.period), booked)
        records.write_adopted(charge, outcome, charge.created_at)
    if outcome.status == VOIDED:
        refunding.note_foreign(charge, outcome, Refund.Kind.VOID)
    for refund in refunds:
        refunding.note_foreign(charge, refund, Refund.Kind.REFUND)
    by_hand.finish(charge)
    return charge


def fits(account_id: int, booked: Booked) -> bool:
    """Return whether there is an unpaid closed invoice that a lost sale fits."""
    ended = booked.outcome.ending is not Ending.UNKNOWN
    return ended and _fitting(account_id, booked).exists()


def _fitting(account_id: int, booked: Booked) -> InvoiceQuerySet:
    period = _said(booked).period
    due = Invoice.objects.unsettled().filter(account=account_id, closed=True, total=booked.outcome.amount)
    return due.filter(period=period) if period else due


def _end_earlier_claim(service: PaymentService, account_id: int, booked: Booked) -> None:
    """End a claim from before the sale, whose charge the books call pending.

    While it was, nobody could have made the sale: so it had ended, and not by being paid.
    """
    # Its time is of whole seconds.
    earlier = _fitting(account_id, booked).filter(pending_charge__created_at__lt=booked.booked_at + SECOND)
    for invoice in earlier:
        pending = by_hand.pending_charge(invoice)
        resolved = by_hand.resolve(service, pending, send_again=False) if pending else None
        if isinstance(resolved, Charge) and resolved.state == State.PENDING:
            message = f"It had ended before transaction {booked.outcome.transaction_id} was made."
            records.record([(resolved, Outcome(ending=Ending.NOT_SENT, message=message))])


def _charge(invoice: Invoice, booked: Booked) -> Charge:
    charge = Charge(
        invoice=invoice,
        amount=invoice.get_total_amount(),
        key=_said(booked).key,
        sent_order_id=booked.outcome.order_id,
        card_token=booked.card_token or NO_TOKEN,
    )
    # What is known of it.
    charge.request = {
        "amount": str(charge.amount),
        "order_id": charge.order_id,
        "payment_method_token": charge.card_token,
    }
    charge.save(force_insert=True)
    # By the gateway's clock; what has not been yet, by ours, would wait for that.
    _date(charge, min(booked.booked_at, charge.created_at))
    return charge


def _said(booked: Booked) -> OrderId:
    said = order_ids.read(booked.outcome.order_id)
    assert said is not None, "of the installation's own sales alone"
    return said


def _date(charge: Charge, moment: datetime) -> None:
    charge.created_at = moment
    Charge.objects.filter(pk=charge.pk).update(created_at=moment)
