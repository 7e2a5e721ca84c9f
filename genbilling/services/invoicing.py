"""Opening invoices, and putting items on them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max

from .. import pricing
from ..models import Account, Invoice, InvoiceItem, Product
from ..money import ZERO
from ..periods import from_to, next_period
from .rows import among


def open_invoice(account: Account, period: int) -> Invoice:
    """Return the invoice that an item of `account` goes on in `period`: the next month's, opened if need be.

    That is the earliest open one of a later period. The account is locked.
    """
    invoice = next_open_invoice(account, period)
    if invoice is None:
        latest = account.invoices.aggregate(latest=Max("period"))["latest"] or period
        invoice = account.invoices.get_or_create(period=next_period(max(latest, period)))[0]
    return invoice


def next_open_invoice(account: Account, period: int) -> Invoice | None:
    """Return what `open_invoice` would, as far as it is open already."""
    return account.invoices.open().filter(period__gt=period).order_by("period").first()


def open_missing_invoices(accounts: Iterable[Account], period: int) -> int:
    """Open the invoices that `accounts` lack up to `period`, which a missed month left out; return how many.

    The accounts are locked and billable.
    """
    behind = [account for account in accounts if account.invoiced_through < period]
    if not behind:
        return 0
    first = min(account.invoiced_through for account in behind)
    keys = [account.pk for account in behind]
    between = Invoice.objects.filter(among("account__pk", keys), period__gt=first, period__lte=period)
    there = set(between.values_list("account_id", "period"))
    missing = [
        Invoice(account=account, period=one)
        for account in behind
        for one in from_to(next_period(account.invoiced_through), period)
        if (account.pk, one) not in there
    ]
    # What somebody opens at the same moment is there, too. Conflicts are not ignored: a key that the database
    # gave out and that is taken, since rows were loaded, would leave an invoice out.
    Invoice.objects.bulk_create(
        missing, update_conflicts=True, unique_fields=["account", "period"], update_fields=["period"]
    )
    Account.objects.filter(among("pk", keys)).update(invoiced_through=period)
    for account in behind:
        account.invoiced_through = period
        account.take_as_read("invoiced_through")
    return len(missing)


def add_flat_rate(invoice: Invoice, product: Product, line: pricing.Line, period: int) -> InvoiceItem | None:
    """Put `line`, the flat rate of `period`, on `invoice`; return the item, or None: nothing owed is none."""
    if line.amount == ZERO:
        return None
    return InvoiceItem.objects.create(
        invoice=invoice,
        product=product,
        description=line.description,
        amount=line.amount,
        period=period,
    )
