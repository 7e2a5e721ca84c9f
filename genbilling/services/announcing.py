"""The two invoice signals, delivered at least once: a charge notes when its own went out."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from .. import signals
from ..models import Charge, Invoice

OVERDUE_AFTER = timedelta(minutes=10)


def announce(charge: Charge) -> None:
    """Send the signal for a charge that ended, and note that it went out. No transaction is open."""
    invoice = charge.invoice
    invoice.refresh_from_db()
    owner = invoice.account.owner
    if charge.state == Charge.State.PAID:
        signals.invoice_sent.send_robust(sender=Invoice, invoice=invoice, owner=owner)
    else:
        signals.credit_card_error.send_robust(
            sender=Invoice, invoice=invoice, charge=charge if charge.card_token else None, owner=owner
        )
    Charge.objects.filter(pk=charge.pk).update(signalled_at=timezone.now())


def announce_overdue() -> int:
    """Send the signals that a process which died did not, and return how many."""
    overdue = Charge.objects.filter(
        state__in=[Charge.State.PAID, Charge.State.REFUSED],
        signalled_at__isnull=True,
        ended_at__lt=timezone.now() - OVERDUE_AFTER,
    )
    sent = 0
    for charge in overdue.select_related("invoice__account__owner").order_by("pk"):
        announce(charge)
        sent += 1
    return sent
