"""What an account stands at, and what a run does for it next: pure, once the rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ...models import Account, Card, Charge, Invoice
from ...money import ZERO
from .. import retries, unknown_sales
from ..retries import Refusals, Wait
from ..rows import among
from . import currency

State = Charge.State

# They have a try still to come, and the later invoices of the account come after it.
HOLDING_BACK = frozenset({Wait.NOT_SCHEDULED, Wait.TRIED_IN_THIS_RUN, Wait.EARLIER_FIRST})


@dataclass(kw_only=True)
class Standing:
    """What is known of an account when it is decided what to try: nothing of it is searched for later."""

    account: Account
    card: Card | None = None
    due: list[Invoice] = field(default_factory=list)
    """Closed and unsettled, in the order of their periods."""
    charges: dict[int, Charge] = field(default_factory=dict)
    """The paid or pending charge of an invoice, by the invoice's key."""
    refusals: Mapping[int, Refusals] = field(default_factory=dict)
    unknown_sale: bool = False
    """Whether a sale of the account has to be acknowledged before anything is charged."""


Policy = Callable[[Standing, Invoice, datetime], Wait | None]


@dataclass(kw_only=True)
class Choice:
    """What to do next for an account: one thing, or nothing; and why the invoices before it are left."""

    to_charge: Invoice | None = None
    has_more: bool = False
    """Whether there are later invoices than the one to charge."""
    to_find_out: Charge | None = None
    left: list[tuple[Invoice, Wait]] = field(default_factory=list)
    paid: list[tuple[Invoice, Charge]] = field(default_factory=list)
    """Invoices that do not say that they are paid, and the charges that paid them."""


def read_standings(accounts: Iterable[Account]) -> list[Standing]:
    """Return how `accounts` stand, by a handful of queries."""
    standings = {account.pk: Standing(account=account) for account in accounts}
    unsettled = Invoice.objects.unsettled().filter(among("account__pk", standings), closed=True)
    invoices = list(unsettled.defer("seal").order_by("account_id", "period"))
    for invoice in invoices:
        standings[invoice.account_id].due.append(invoice)
    of_key = {invoice.pk: invoice for invoice in invoices}
    # The charges are the authority, whatever somebody did to an invoice's flags.
    live = Charge.objects.filter(among("invoice__pk", of_key), state__in=[State.PAID, State.PENDING])
    for charge in live:
        charge.invoice = of_key[charge.invoice_id]
        standings[charge.invoice.account_id].charges[charge.invoice_id] = charge
    # After the charges: where none is pending, what came of the last one is on the card.
    for card in Card.objects.filter(among("account__pk", standings), state=Card.State.CURRENT):
        standings[card.account_id].card = card
    refusals = retries.refusals_of(invoices)
    waiting = unknown_sales.waiting(standings)
    for key, standing in standings.items():
        standing.refusals, standing.unknown_sale = refusals, key in waiting
    return list(standings.values())


def dispatch_policy(started: datetime) -> Policy:
    """Return the policy of a run that began at `started`: why it leaves an invoice, or None."""

    def policy(standing: Standing, invoice: Invoice, now: datetime) -> Wait | None:
        if invoice.failed_at and invoice.failed_at >= started:
            return Wait.TRIED_IN_THIS_RUN
        card, refusals = standing.card, standing.refusals.get(invoice.pk, ())
        if wait := retries.card_forbids(card, refusals, now):
            return wait
        if retries.is_scheduled(card, refusals, now):
            return None
        used_up = retries.days_are_used_up(invoice, card, refusals, now)
        return Wait.DAYS_USED_UP if used_up else Wait.NOT_SCHEDULED

    return policy


def choose(standing: Standing, start_from: int, period: int, policy: Policy, now: datetime) -> Choice:
    """Choose for an account the first invoice from `start_from` to `period` that may be tried now."""
    choice = Choice()
    pending = [one for one in standing.charges.values() if one.state == State.PENDING]
    due = [one for one in standing.due if start_from <= one.period <= period and one.total != ZERO]
    if standing.unknown_sale:
        # Nor is a lost answer asked for: what is not found would be sent again.
        choice.left = [(invoice, Wait.UNKNOWN_SALE) for invoice in due]
        return choice
    if pending:
        # Until its outcome is known no other invoice of the account is charged, of whatever period.
        choice.to_find_out = pending[0]
        return choice
    for number, invoice in enumerate(due, start=1):
        if invoice.pk in standing.charges:
            choice.paid.append((invoice, standing.charges[invoice.pk]))
            choice.left.append((invoice, Wait.PAID_ALREADY))
            continue
        is_ours = currency.is_ours(invoice)
        wait = policy(standing, invoice, now) if is_ours else Wait.OTHER_CURRENCY
        if wait is None:
            choice.to_charge, choice.has_more = invoice, number < len(due)
            break
        choice.left.append((invoice, wait))
        if wait in HOLDING_BACK:
            break
    return choice
