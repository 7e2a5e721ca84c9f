"""Accounts: the owner is on it, every period has its invoice, and the status says why it is so."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Prefetch, QuerySet

from ... import periods
from ...models import Account, Product
from .found import Found, each, sentences
from .standing import standing


def rows() -> QuerySet[Account]:
    """Return the rows that are looked at."""
    return Account.objects.all()


def findings() -> Found:
    """Yield what is wrong with each account."""
    wanted = (
        rows()
        .select_related("owner")
        .prefetch_related(
            "invoices", "account_users", "cards", Prefetch("products", Product.objects.order_by("pk"))
        )
    )
    for account in each(wanted):
        yield "accounts", sentences(account, _account(account))


def _account(account: Account) -> Iterator[str]:
    yield from _owner(account)
    yield from standing(account, list(account.products.all()))
    for card in account.cards.all():
        if not card.is_as_sealed():
            yield f"card {card.pk} is not as it was stored: of another account, or with another token"
    there = {invoice.period for invoice in account.invoices.all()}
    for period in periods.from_to(periods.next_period(account.opened_in), account.invoiced_through):
        if period not in there:
            yield f"it has no invoice for {period}"


def _owner(account: Account) -> Iterator[str]:
    users = {place.user_id for place in account.account_users.all()}
    if account.owner_id is not None:
        if account.owner_id not in users:
            yield "its owner is not on it"
        return
    if account.status != Account.Status.CANCELLED:
        yield f"it has no owner, and is {account.status}"
    if users:
        yield "it has no owner, and users are on it"
    for invoice in account.invoices.all():
        if invoice.failed:
            # No signal tells of it: there is nobody to tell it to.
            yield f"it has no owner, and owes {invoice.total} for {invoice.period}; void_invoice() ends that"
