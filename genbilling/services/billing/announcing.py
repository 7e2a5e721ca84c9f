"""The signals about payments, delivered at least once: the row that one is about notes when it went out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.db import OperationalError
from django.utils import timezone

from ... import books, signals
from ...models import Account, Charge, Invoice
from ..locks import is_held
from ..rows import among

logger = logging.getLogger(__name__)

OVERDUE_AFTER = timedelta(minutes=10)
CHUNK = 500

SIGNALS = {Charge.State.PAID: signals.invoice_sent, Charge.State.REFUSED: signals.credit_card_error}


def announce(charges: Iterable[Charge]) -> None:
    """Send the signals for charges that ended, and note each when it went out. No transaction is open."""
    for charge in ready_to_announce(charges):
        announce_one(charge)


def ready_to_announce(charges: Iterable[Charge]) -> list[Charge]:
    """Return those of `charges` that somebody listens to, with their invoices as they are now, read at once.

    The others count as told, and so does what befalls an account that has no owner any more.
    """
    heard = {state for state, signal in SIGNALS.items() if signal.has_listeners(Invoice)}
    to_tell: list[Charge] = []
    unheard: list[Charge] = []
    for charge in charges:
        (to_tell if charge.state in heard else unheard).append(charge)
    if to_tell:
        invoices = Invoice.objects.select_related("account__owner")
        fresh = invoices.in_bulk([charge.invoice_id for charge in to_tell])
        for charge in to_tell:
            charge.invoice = fresh[charge.invoice_id]
        unheard += [charge for charge in to_tell if charge.invoice.account.owner is None]
        to_tell = [charge for charge in to_tell if charge.invoice.account.owner is not None]
    if unheard:
        told = Charge.objects.filter(among("pk", (charge.pk for charge in unheard)))
        told.update(signalled_at=timezone.now())
    return to_tell


def announce_one(charge: Charge) -> None:
    """Send the signal for a charge that is `ready_to_announce`, and note that it went out."""
    with _told(charge, partial(_note_told, charge)):
        _send(charge)


def _send(charge: Charge) -> None:
    invoice = charge.invoice
    owner = invoice.account.owner
    if charge.state == Charge.State.PAID:
        signals.invoice_sent.send_robust(sender=Invoice, invoice=invoice, owner=owner)
    else:
        signals.credit_card_error.send_robust(
            sender=Invoice, invoice=invoice, charge=charge if charge.card_token else None, owner=owner
        )


def _note_told(charge: Charge) -> None:
    try:
        Charge.objects.filter(pk=charge.pk).update(signalled_at=timezone.now())
    except OperationalError as error:
        if not is_held(error):
            raise
        logger.warning("That the signal of charge %s went out is not noted: it is sent again.", charge.pk)


def announce_expiry(account: Account) -> None:
    """Send the signal for an account that expired unpaid, and note that; no transaction is open.

    One that was closed in the meantime has no owner to tell.
    """
    if account.owner is None:
        _note_expiry_told(account)
        return
    with _told(account, partial(_note_expiry_told, account)):
        signals.account_expired.send_robust(sender=Account, account=account, owner=account.owner)


@contextmanager
def _told(about: Charge | Account, note: Callable[[], None]) -> Iterator[None]:
    """Note after the block that the project was told, also where a receiver breaks out of it.

    Django takes every `Exception` of a receiver's for an answer, but not `SystemExit` or what a time-out may
    raise. Told again, it would end every later run at the same place.
    """
    try:
        yield
    except KeyboardInterrupt:
        # Somebody's at the terminal, and no receiver's: told again.
        raise
    except BaseException as error:
        logger.error("A receiver broke off with %r; the signal of %s counts as served.", error, about)
        note()
        raise
    books.refuse_without_autocommit()
    note()


def _note_expiry_told(account: Account) -> None:
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
    sent = 0
    for charges in _overdue_charges():
        announce(charges)
        sent += len(charges)
    return sent


def _overdue_charges() -> Iterator[list[Charge]]:
    last, before = 0, timezone.now() - OVERDUE_AFTER
    overdue = Charge.objects.filter(
        state__in=[Charge.State.PAID, Charge.State.REFUSED], signalled_at__isnull=True, ended_at__lt=before
    ).order_by("pk")
    while charges := list(overdue.filter(pk__gt=last)[:CHUNK]):
        yield charges
        last = charges[-1].pk
