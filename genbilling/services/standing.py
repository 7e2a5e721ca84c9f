"""An account's standing follows its payments, where ``GENBILLING["RETRY_DAYS"]`` is set.

In grace from the first failure, expired when the retry days are used up, active again when it pays: that also
when the setting was taken out in the meantime.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import OperationalError, transaction
from django.utils import timezone

from .. import conf
from ..models import Account
from . import accounts, retries
from .announcing import announce_expiry
from .cards import current_card
from .locks import is_held, limit_lock_wait, lock_account

logger = logging.getLogger(__name__)

LOCK_WAIT_MS = 2_000

Status = Account.Status


def follow_payments(account_id: int) -> Account | None:
    """Bring the account's status in line with its invoices; return the account if that expired it.

    The caller announces it. Where somebody holds the account nothing is done: the next dispatch does it.
    """
    now = timezone.now()
    if conf.retry_days() is None and not Account.objects.recovering().filter(pk=account_id).exists():
        return None
    try:
        with transaction.atomic():
            limit_lock_wait(LOCK_WAIT_MS)
            account = lock_account(account_id)
            status = _status_due(account, now)
            _move(account, status, now)
    except OperationalError as error:
        if not is_held(error):
            raise
        logger.warning("Account %s is held; its status follows with the next dispatch.", account_id)
        return None
    return account if status == Status.EXPIRED else None


def follow_and_announce(account_id: int) -> None:
    """Bring the account's status in line with its invoices, and tell the project if that expired it."""
    if expired := follow_payments(account_id):
        announce_expiry(expired)


def _status_due(account: Account, now: datetime) -> str | None:
    """Return the status that the account moves to, or None."""
    owed = account.invoices.unsettled().filter(closed=True)
    if account.activated_at:
        # What failed before that the project has forgiven, as far as the status goes.
        owed = owed.exclude(failed=True, failed_at__lte=account.activated_at)
    if conf.retry_days() is not None and account.billable():
        card, failed = current_card(account), owed.filter(failed=True)
        if any(retries.days_are_used_up(invoice, card, now) for invoice in failed):
            return Status.EXPIRED
        if account.status == Status.ACTIVE and failed.exists():
            return Status.GRACE
    return Status.ACTIVE if account.recovering and not owed.exists() else None


def _move(account: Account, status: str | None, now: datetime) -> None:
    if status == Status.GRACE:
        account.status, account.in_grace_since = Status.GRACE, now
        account.save(update_fields=["status", "in_grace_since"])
    elif status == Status.EXPIRED:
        accounts.end(account, Status.EXPIRED)
        account.expired_unpaid_at = account.expiry_to_signal_since = now
        account.save(update_fields=["expired_unpaid_at", "expiry_to_signal_since"])
    elif status == Status.ACTIVE:
        accounts.activate(account)
