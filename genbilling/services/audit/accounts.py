"""Accounts: every period has its invoice, and the status says why it is so."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from ... import periods
from ...models import Account
from .found import Found, each, sentences

UNPAID = (Account.Status.GRACE, Account.Status.EXPIRED)


def rows() -> QuerySet[Account]:
    """Return the rows that are looked at."""
    return Account.objects.all()


def findings() -> Found:
    """Yield what is wrong with each account."""
    wanted = rows().select_related("owner").prefetch_related("invoices")
    for account in each(wanted):
        yield "accounts", sentences(account, _account(account))


def _account(account: Account) -> Iterator[str]:
    there = {invoice.period for invoice in account.invoices.all()}
    for period in periods.from_to(periods.next_period(account.opened_in), account.invoiced_through):
        if period not in there:
            yield f"it has no invoice for {period}"
    if account.unpaid_since is not None and account.status not in UNPAID:
        yield f"it is noted as in grace or expired unpaid, and is {account.status}"
