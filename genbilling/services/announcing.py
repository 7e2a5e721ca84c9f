"""The signals about payments, delivered at least once: the row that one is about notes when it went out."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from .. import signals
from ..models import Account, Charge, Invoice

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


def announce_expiry(account: Account) -> None:
    """Send the signal for an account that expired unpaid, and note that; no transaction is open."""
    signals.account_expired.send_robust(sender=Account, account=account, owner=account.owner)
    told = Account.objects.filter(pk=account.pk, expiry_to_signal_since=account.expiry_to_signal_since)
    told.update(expiry_to_signal_since=None)


def announce_overdue() -> int:
    """Send the signals that a process which died did not, and return how many."""
    return _announce_overdue_charges() + _announce_overdue_expiries()


def _announce_overdue_expiries() -> int:
    # Whatever its status is by now: that it expired is a fact.
    overdue = Account.objects.filter(expiry_to_signal_since__lt=timezone.now() - OVERDUE_AFTER)
    accounts = list(overdue.select_related("owner").order_by("pk"))
    for account in accounts:
        announce_expiry(account)
    return len(accounts)


def _announce_overdue_charges() -> int:
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
