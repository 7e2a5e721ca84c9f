"""Invoices and their items: sums and totals, and that closed ones are as they were at closing."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Prefetch, QuerySet

from ... import money
from ...models import Invoice, InvoiceItem
from ..seals import broken_seals
from .found import Found, each, sentences


def rows() -> QuerySet[Invoice]:
    """Return the rows that are looked at."""
    return Invoice.objects.all()


def findings() -> Found:
    """Yield what is wrong with each invoice and its items."""
    # Joined: SQLite refuses the query that prefetches the products of more than a thousand items.
    items_with_products = Prefetch("related_items", InvoiceItem.objects.select_related("product"))
    wanted = rows().select_related("account__owner").prefetch_related(items_with_products, "steps")
    for invoice in each(wanted):
        items = list(invoice.related_items.all())
        wrong = [*_as_it_was_closed(invoice, items), *_items(invoice, items)]
        yield "invoices", sentences(invoice, wrong)


def _as_it_was_closed(invoice: Invoice, items: list[InvoiceItem]) -> Iterator[str]:
    if not invoice.closed:
        if invoice.seal or invoice.printed_number:
            yield "it was closed, and somebody opened it again"
        return
    yield from broken_seals(invoice, items, invoice.steps.all())
    total = money.total(item.amount for item in items)
    if invoice.total != total:
        yield f"its total is {invoice.total}, but its items come to {total}"
    if invoice.total is not None and invoice.total < money.ZERO:
        yield f"its total is {invoice.total}: a credit is carried over, and never left here"
    if invoice.total == money.ZERO and not (invoice.paid or invoice.void):
        yield "its total is zero, and it is not settled"
    if invoice.void != bool(invoice.void_by and invoice.void_memo):
        yield "it is void, and nobody says why" if invoice.void else "it was void, and is not any more"
    if bool(items) != (invoice.number is not None):
        yield "it has items and no number" if items else "it has a number and no items"
    if (invoice.number is None) != (not invoice.printed_number):
        yield f"its number is {invoice.number}, but printed as {invoice.printed_number!r}"


def _items(invoice: Invoice, items: list[InvoiceItem]) -> Iterator[str]:
    for item in items:
        if not item.is_as_sealed():
            yield f"item {item.pk} was changed since it was put there"
        if item.product is not None and item.product.account_id != invoice.account_id:
            yield f"item {item.pk} bills a product of account {item.product.account_id}"
