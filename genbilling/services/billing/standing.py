"""An account's standing follows its payments, where ``GENBILLING["RETRY_DAYS"]`` is set.

In grace from the first failure, expired when the retry days are used up, active again when it pays: that also
when the setting was taken out in the meantime.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from ... import books, conf
from ...models import Account, Invoice
from .. import accounts, retries
from ..locks import is_everybodys, is_held, last_pass, lock_rows
from ..rows import among
from .choosing import Standing, read_standings

logger = logging.getLogger(__name__)

Status = Account.Status


def follow_payments(account_ids: Iterable[int]) -> list[Account]:
    """Bring the accounts' status in line with their invoices; return those that it expired.

    The caller announces them. Accounts that somebody holds are passed by: the next dispatch does it. An error
    is logged, and changes nothing: money that has moved must be told all the same.
    """
    keys = list(account_ids)
    try:
        return _follow(keys)
    except Exception as error:
        if is_everybodys(error):
            raise  # without its database nothing can be told, either; a later run does
        if len(keys) > 1:
            return [account for key in keys for account in follow_payments([key])]
        if is_held(error):
            logger.warning("Account %s is held; its status follows with the next dispatch.", *keys)
        else:
            logger.exception("The status of account %s does not follow its payments", *keys)
        return []


def _follow(account_ids: list[int]) -> list[Account]:
    wanted = Account.objects.filter(among("pk", account_ids))
    if conf.retry_days() is None:
        wanted = wanted.filter(unpaid_since__isnull=False)
        account_ids = list(wanted.values_list("pk", flat=True))
    if not account_ids:
        return []
    now, expired = timezone.now(), []
    # Of the accounts that move the products do, too, and a customer's transaction may hold one.
    with books.atomic(lock_timeout=last_pass().next_wait):
        locked = lock_rows(Account.objects.filter(among("pk", account_ids)), skip_locked=True)
        if held := set(account_ids) - {account.pk for account in locked}:
            logger.warning("Accounts %s are held; their status follows with the next dispatch.", sorted(held))
        for standing in read_standings(locked):
            status = _status_due(standing, now)
            _move(standing.account, status, now)
            if status == Status.EXPIRED:
                expired.append(standing.account)
    return expired


def _status_due(standing: Standing, now: datetime) -> str | None:
    """Return the status that the account moves to, or None."""
    account = standing.account
    owed = [invoice for invoice in standing.due if not _is_forgiven(account, invoice)]
    if conf.retry_days() is not None and account.billable():
        failed = [invoice for invoice in owed if invoice.failed]
        if any(_days_are_used_up(standing, invoice, now) for invoice in failed):
            return Status.EXPIRED
        if account.status == Status.ACTIVE and failed:
            return Status.GRACE
    return Status.ACTIVE if account.unpaid_since and not owed else None


def _is_forgiven(account: Account, invoice: Invoice) -> bool:
    """Return whether the invoice failed before the project activated the account by hand."""
    since, failed_at = account.activated_at, invoice.failed_at
    return since is not None and failed_at is not None and failed_at <= since


def _days_are_used_up(standing: Standing, invoice: Invoice, now: datetime) -> bool:
    refusals = standing.refusals.get(invoice.pk, ())
    return retries.days_are_used_up(invoice, standing.card, refusals, now)


def _move(account: Account, status: str | None, now: datetime) -> None:
    unpaid_since = account.unpaid_since or now
    if status == Status.GRACE:
        accounts.move(account, Status.GRACE, unpaid_since)
    elif status == Status.EXPIRED:
        accounts.end(account, Status.EXPIRED, unpaid_since)
        account.move(expiry_to_signal_since=now)
    elif status == Status.ACTIVE:
        accounts.activate(account)
