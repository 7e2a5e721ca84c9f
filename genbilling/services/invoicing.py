"""Opening invoices, filling in the flat rates that are owed, closing."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import catalogue, conf, pricing
from ..exceptions import HandlerError
from ..models import Account, Invoice, InvoiceItem, InvoiceNumber, Product
from ..money import ZERO
from ..periods import from_to, label, next_period
from .seals import seal


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


def open_missing_invoices(account: Account, period: int) -> int:
    """Open the invoices that `account` lacks up to `period`, which a missed month left out; return how many.

    The account is locked.
    """
    opened = 0
    for missing in from_to(next_period(account.invoiced_through), period):
        opened += account.invoices.get_or_create(period=missing)[1]
    if account.invoiced_through < period:
        account.invoiced_through = period
        account.save(update_fields=["invoiced_through"])
    return opened


def close_invoice(account: Account, invoice: Invoice, period: int) -> None:
    """Fill in what `account` owes, freeze the total, give a number. Account and invoice are locked.

    A negative total is carried over, at the earliest to an open invoice after the current `period`, unless
    an earlier one is still open; a total of zero is settled here; no items, no number.
    """
    fill_in_flat_rates(account, invoice)
    total = invoice.get_total_amount()
    if total < ZERO:
        _carry_over(account, invoice, -total, period)
        total = ZERO
    invoice.closed_at, invoice.total = timezone.now(), total
    settled = {"paid": True, "paid_at": invoice.closed_at} if total == ZERO else {}
    # Not by the related manager: a handler may have fetched the items before it added one.
    items = list(InvoiceItem.objects.filter(invoice=invoice.pk))
    if items:
        # The number comes last: from here to the commit every other closing waits.
        invoice.number = InvoiceNumber.take()
        invoice.printed_number = _printed(invoice.number, invoice.period)
    Invoice.objects.filter(pk=invoice.pk).update(
        closed=True,
        closed_at=invoice.closed_at,
        total=total,
        number=invoice.number,
        printed_number=invoice.printed_number,
        seal=seal(invoice, items, invoice.steps.all()),
        **settled,
    )
    invoice.refresh_from_db()


def _printed(number: int, period: int) -> str:
    layout = conf.invoice_number_format()
    return layout.format(number=number, period=period, year=period // 100, month=period % 100)


def fill_in_flat_rates(account: Account, invoice: Invoice) -> None:
    """Put on `invoice` the flat rates owed for its period, and earlier ones that no invoice has taken yet."""
    invoice.account = account
    for product in _products_owing(account, invoice.period):
        owed = _periods_owed(product, invoice.period)
        # The condition, and not only the account's lock, is what makes it never twice.
        moved = Product.objects.filter(pk=product.pk, billed_through=product.billed_through).update(
            billed_through=owed[-1]
        )
        for period in owed if moved else ():
            _bill(account, invoice, product, period)


def _products_owing(account: Account, period: int) -> list[Product]:
    owing = Q(last_period__isnull=True) | Q(last_period__gt=F("billed_through"))
    return list(
        account.products.filter(owing, first_period__lte=period, billed_through__lt=period).order_by("pk")
    )


def _periods_owed(product: Product, period: int) -> list[int]:
    assert product.first_period is not None
    assert product.billed_through is not None
    first = max(product.first_period, next_period(product.billed_through))
    return list(from_to(first, min(period, product.last_period or period)))


def _bill(account: Account, invoice: Invoice, product: Product, period: int) -> None:
    declared = catalogue.find_declaration(product.name)
    if declared is None or declared.bill is None:
        terms = product.terms_in(period)
        add_line(invoice, product, pricing.flat_rate(terms.description, terms.flat_rate, period))
        return
    account.period_at_work = period
    try:
        check_item(declared.bill(account, invoice), product.name, "bill")
    finally:
        account.period_at_work = None


def add_line(invoice: Invoice, product: Product, line: pricing.Line) -> InvoiceItem | None:
    """Put `line` on `invoice` and return the item; nothing owed is no item, and None."""
    if line.amount == ZERO:
        return None
    item = InvoiceItem(invoice=invoice, product=product, description=line.description, amount=line.amount)
    item.save()
    return item


def check_item(returned: object, name: str, handler: str) -> InvoiceItem | None:
    """Return what a product's handler returned.

    Raises:
        HandlerError: it is neither an invoice item nor None.
    """
    if returned is None or isinstance(returned, InvoiceItem):
        return returned
    raise HandlerError(
        f"The {handler!r} handler of product {name!r} returned {returned!r}: "
        "it must return the new InvoiceItem, or None."
    )


def _carry_over(account: Account, invoice: Invoice, credit: Decimal, period: int) -> None:
    target = account.invoices.open().exclude(pk=invoice.pk).order_by("period").first()
    target = target or open_invoice(account, max(period, invoice.period))
    InvoiceItem(
        invoice=invoice,
        description=_("Carried over to %(period)s") % {"period": label(target.period)},
        amount=credit,
    ).save()
    InvoiceItem(
        invoice=target,
        description=_("Carried over from %(period)s") % {"period": label(invoice.period)},
        amount=-credit,
    ).save()
