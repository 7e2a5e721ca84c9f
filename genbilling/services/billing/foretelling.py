"""The dry run: what a dispatch would close and charge, from what is there; and what comes next. Nothing is
written, no code of the project's is called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Sum
from django.utils import timezone

from ...models import Account, Invoice, InvoiceItem
from ...money import ZERO, to_cents
from ...money import total as total_of
from ...periods import from_to, next_period
from ..reports import DispatchReport, NextDue
from ..rows import among
from . import filling
from .choosing import Policy, Standing, choose, dispatch_policy, read_standings
from .closing import accounts_to_close
from .filling import Draft
from .waiting import Lying, let_wait

PAGE = 500


def foretell(period: int, report: DispatchReport, progress: Callable[[int], object]) -> None:
    """Put on `report` what a dispatch of `period` would do.

    Flat rates that the project's own code works out are counted, and are in no sum.
    """
    policy = dispatch_policy(timezone.now())
    for accounts in _pages(period):
        drafts = _drafts(accounts, period)
        standings = {standing.account.pk: standing for standing in read_standings(accounts)}
        _foretell_closing(drafts, report)
        for draft in drafts:
            if not (draft.invoice.paid or draft.waits):
                standings[draft.account.pk].due.append(draft.invoice)
        for standing in standings.values():
            _foretell_charging(standing, period, policy, report)
        progress(len(accounts))


def accounts_to_look_at(period: int) -> QuerySet[Account]:
    """Return the accounts that have an invoice to open, to close or to charge in `period`."""
    due = Invoice.objects.to_work(period).order_by().filter(account=OuterRef("pk"))
    return Account.objects.filter(Exists(due)) | accounts_to_close(period)


def next_due(period: int) -> NextDue | None:
    """Return what is due next after `period`; None: no invoice is there yet."""
    later = Invoice.objects.unsettled().filter(period__gt=period).order_by("period")
    found = later.values("period").annotate(invoices=Count("pk")).first()
    return NextDue(**found) if found else None


def _pages(period: int) -> Iterator[list[Account]]:
    last = 0
    wanted = accounts_to_look_at(period).order_by("pk")
    while accounts := list(wanted.filter(pk__gt=last)[:PAGE]):
        yield accounts
        last = accounts[-1].pk


def _drafts(accounts: list[Account], period: int) -> list[Draft]:
    """Return what would be closed: open invoices that are due, and those that would be opened first."""
    of_key = {account.pk: account for account in accounts}
    there: defaultdict[int, list[Invoice]] = defaultdict(list)
    for invoice in Invoice.objects.filter(among("account__pk", of_key), period__lte=period):
        there[invoice.account_id].append(invoice)
    drafts = []
    for account in accounts:
        invoices = [*there[account.pk], *_missing(account, there[account.pk], period)]
        due = [one for one in invoices if not (one.closed or one.paid or one.void)]
        drafts += [
            Draft(account=account, invoice=invoice) for invoice in sorted(due, key=lambda one: one.period)
        ]
    return drafts


def _missing(account: Account, invoices: Iterable[Invoice], period: int) -> Iterator[Invoice]:
    there = {invoice.period for invoice in invoices}
    if account.billable():
        for one in from_to(next_period(account.invoiced_through), period):
            if one not in there:
                yield Invoice(account=account, period=one)


def _foretell_closing(drafts: list[Draft], report: DispatchReport) -> None:
    owing = filling.owing(max((draft.invoice.period for draft in drafts), default=0))
    of_drafts = among("account__pk", {draft.account.pk for draft in drafts})
    filling.find_owed(drafts, owing.filter(of_drafts).order_by("pk"))
    by_handler = set(filling.products_with_handler())
    worked_out = []
    for draft in drafts:
        by_code = [one for one in draft.owed if one[0].name in by_handler]
        report.counts["by a handler"] += len(by_code)
        draft.owed = [one for one in draft.owed if one not in by_code]
        worked_out += [draft] if by_code else []
    filling.Filling(drafts).fill()
    _foretell_totals(drafts)
    for draft in worked_out:
        # Whatever is on it beside that.
        draft.invoice.paid = False
    opened = sum(draft.invoice.pk is None for draft in drafts)
    report.closed(opened, [draft.invoice for draft in drafts if not draft.waits])


def _foretell_totals(drafts: list[Draft]) -> None:
    keys = (draft.invoice.pk for draft in drafts if draft.invoice.pk)
    items = InvoiceItem.objects.filter(among("invoice__pk", keys)).order_by().values("invoice")
    lying = items.annotate(total=Sum("amount"), highest=Max("amount"))
    there = {
        key: Lying(to_cents(total), highest)
        for key, total, highest in lying.values_list("invoice", "total", "highest")
    }
    let_wait(drafts, there)
    credit: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for draft in drafts:
        if draft.waits:
            continue
        lies = there[draft.invoice.pk].total if draft.invoice.pk in there else ZERO
        total = lies + total_of(item.amount for item in draft.added) + credit.pop(draft.account.pk, ZERO)
        if total < ZERO:
            credit[draft.account.pk], total = total, ZERO
        draft.invoice.total, draft.invoice.paid = total, total == ZERO


def _foretell_charging(standing: Standing, period: int, policy: Policy, report: DispatchReport) -> None:
    """Go from invoice to invoice as a run does that is paid each time."""
    standing.due.sort(key=lambda invoice: invoice.period)
    first_period, now = 0, timezone.now()
    while True:
        choice = choose(standing, first_period, period, policy, now)
        for _, wait in choice.left:
            report.result(wait)
        report.counts["to resolve"] += choice.to_find_out is not None
        if choice.to_charge is None:
            return
        report.foretold(choice.to_charge, standing.card)
        if standing.card is None:
            # That is a refusal, after which the others wait.
            return
        first_period = next_period(choice.to_charge.period)
