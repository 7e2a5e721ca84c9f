"""Totals frozen, credits carried over, numbers given: the last step of closing, for a page of drafts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from ... import conf, money
from ...language import invoice_language
from ...models import Account, Invoice, InvoiceItem, InvoiceNumber, Step
from ...money import ZERO
from ...periods import label
from ..invoicing import open_invoice
from ..rows import among, update_rows
from ..seals import seal
from . import waiting
from .filling import Draft, save_added

FROZEN = ("closed", "closed_at", "total", "currency", "number", "printed_number", "seal", "paid", "paid_at")


def close(drafts: list[Draft], period: int) -> list[Invoice]:
    """Close the invoices of `drafts`, whose rows are locked, and return them.

    A negative total is carried over to the account's earliest invoice that is still open; a total of zero is
    settled here; no items, no number. A credit that nothing will come to stays on its invoice, which stays
    open.
    """
    if not drafts:
        return []
    items = _items(drafts)
    waiting.let_wait(drafts, _lying(items))
    moved = _carry_over(drafts, items, period)
    drafts = [draft for draft in drafts if not draft.waits]
    for draft in drafts:
        items[draft.invoice.pk] += draft.added
    save_added(drafts, moved)
    now, currency = timezone.now(), conf.currency()
    for draft in drafts:
        draft.invoice.currency = currency
        _freeze(draft.invoice, money.total(item.amount for item in items[draft.invoice.pk]), now)
    _number([draft.invoice for draft in drafts if items[draft.invoice.pk]])
    steps = _steps(drafts)
    for draft in drafts:
        invoice = draft.invoice
        invoice.seal = seal(invoice, items[invoice.pk], steps[invoice.pk])
    rows = [(one.invoice.pk, *(getattr(one.invoice, name) for name in FROZEN)) for one in drafts]
    update_rows(Invoice, FROZEN, rows)
    return [draft.invoice for draft in drafts]


def _items(drafts: Iterable[Draft]) -> defaultdict[int, list[InvoiceItem]]:
    # As they are in the books: what was there, what was filled in, what a handler put there.
    items: defaultdict[int, list[InvoiceItem]] = defaultdict(list)
    there = InvoiceItem.objects.filter(among("invoice__pk", (draft.invoice.pk for draft in drafts)))
    for item in there.order_by("pk"):
        items[item.invoice_id].append(item)
    return items


def _lying(items: dict[int, list[InvoiceItem]]) -> dict[int, waiting.Lying]:
    amounts = {key: [item.amount for item in there] for key, there in items.items() if there}
    return {key: waiting.Lying(money.total(there), max(there)) for key, there in amounts.items()}


def _steps(drafts: Iterable[Draft]) -> defaultdict[int, list[Step]]:
    steps: defaultdict[int, list[Step]] = defaultdict(list)
    for step in Step.objects.filter(among("invoice__pk", (one.invoice.pk for one in drafts))):
        steps[step.invoice_id].append(step)
    return steps


def _freeze(invoice: Invoice, total: Decimal, now: datetime) -> None:
    invoice.closed, invoice.closed_at, invoice.total = True, now, total
    if total == ZERO:
        invoice.paid, invoice.paid_at = True, now


def _number(invoices: list[Invoice]) -> None:
    if not invoices:
        return
    layout = conf.invoice_number_format()
    # The numbers come last: from here to the commit every other closing waits.
    for invoice, number in zip(invoices, InvoiceNumber.take(len(invoices)), strict=True):
        invoice.number = number
        year, month = divmod(invoice.period, 100)
        invoice.printed_number = layout.format(number=number, period=invoice.period, year=year, month=month)


def _carry_over(
    drafts: list[Draft], items: defaultdict[int, list[InvoiceItem]], period: int
) -> list[InvoiceItem]:
    """Balance each negative total to zero; the credit becomes an item of the account's next invoice.

    Returns:
        The items of invoices that are not being closed.
    """
    elsewhere = []
    for position, draft in enumerate(drafts):
        if draft.waits:
            continue
        credit = -money.total(item.amount for item in [*items[draft.invoice.pk], *draft.added])
        if credit <= ZERO:
            continue
        later = drafts[position + 1 : position + 2]
        following = later[0] if later and later[0].account is draft.account else None
        last = max(period, draft.invoice.period)
        target = following.invoice if following else _open_later(draft.account, drafts, last)
        balance, moved = _credit_moved(draft.invoice, target, credit)
        draft.added.append(balance)
        if following and not following.waits:
            following.added.insert(0, moved)
        else:
            elsewhere.append(moved)
    return elsewhere


def _open_later(account: Account, drafts: list[Draft], period: int) -> Invoice:
    closing = [draft.invoice.pk for draft in drafts if draft.account is account]
    still_open = account.invoices.open().exclude(pk__in=closing).order_by("period").first()
    return still_open or open_invoice(account, period)


def _credit_moved(invoice: Invoice, target: Invoice, credit: Decimal) -> tuple[InvoiceItem, InvoiceItem]:
    with invoice_language():
        to = _("Carried over to %(period)s") % {"period": label(target.period)}
        since = _("Carried over from %(period)s") % {"period": label(invoice.period)}
    return (
        InvoiceItem(invoice_id=invoice.pk, description=to, amount=credit),
        InvoiceItem(invoice_id=target.pk, description=since, amount=-credit),
    )
