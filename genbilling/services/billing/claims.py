"""Claims: pending charges, written down and committed before any card is asked; a window of accounts at a
time.

As long as an invoice points at its pending charge nobody can start a second one, and whoever comes later
finds out what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from ... import books, conf
from ...models import Account, Card, Charge, Invoice
from ...money import ZERO
from .. import attempts, retries
from ..locks import Patience, lock_rows, lock_values
from ..retries import Refusals, Wait
from ..rows import among, update_rows
from .records import move_invoices

State = Charge.State


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


Policy = Callable[[Standing, Invoice, datetime], Wait | None]


@dataclass(kw_only=True)
class Claims:
    """What came of a window: for each account one thing to do next, or nothing."""

    to_send: list[Charge] = field(default_factory=list)
    to_find_out: list[Charge] = field(default_factory=list)
    refused: list[Charge] = field(default_factory=list)
    """Ended already: there is no card on file."""
    left: list[tuple[Invoice, Wait]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    """Accounts of which somebody else holds a row, or charges an invoice."""
    accounts: dict[int, Account] = field(default_factory=dict)
    have_more: set[int] = field(default_factory=set)
    """Accounts with later invoices than the one that was chosen."""


def read_standings(accounts: Iterable[Account]) -> list[Standing]:
    """Return how `accounts` stand, by a handful of queries."""
    standings = {account.pk: Standing(account=account) for account in accounts}
    unsettled = Invoice.objects.unsettled().filter(among("account__pk", standings), closed=True)
    invoices = list(unsettled.defer("seal").order_by("account_id", "period"))
    for invoice in invoices:
        standings[invoice.account_id].due.append(invoice)
    for card in Card.objects.filter(among("account__pk", standings), state=Card.State.CURRENT):
        standings[card.account_id].card = card
    of_key = {invoice.pk: invoice for invoice in invoices}
    # The charges are the authority, whatever somebody did to an invoice's flags.
    live = Charge.objects.filter(among("invoice__pk", of_key), state__in=[State.PAID, State.PENDING])
    for charge in live:
        charge.invoice = of_key[charge.invoice_id]
        standings[charge.invoice.account_id].charges[charge.invoice_id] = charge
    refusals = retries.refusals_of(invoices)
    for standing in standings.values():
        standing.refusals = refusals
    return list(standings.values())


def claim(
    start_from: Mapping[int, int], period: int, policy: Policy, patience: Patience | None = None
) -> Claims:
    """Claim for each account the first invoice that may be tried now.

    Args:
        start_from: the accounts' keys, and for each the first period to look at.
        period: invoices of later periods are not due.
        patience: wait for who holds an account, within it; without, such an account is passed by.
    """
    now = timezone.now()
    claims = Claims()
    with books.atomic(durable=True):
        if patience is not None:
            patience.limit_wait()
        accounts = lock_rows(Account.objects.filter(among("pk", start_from)), skip_locked=patience is None)
        claims.accounts = {account.pk: account for account in accounts}
        claims.held = [key for key in start_from if key not in claims.accounts]
        chosen: list[tuple[Standing, Invoice]] = []
        for standing in read_standings(accounts):
            look_at = _Choice(claims, standing, period, policy, now)
            chosen += look_at.choose(start_from[standing.account.pk])
        _write(claims, _lock_chosen(claims, chosen, patience), now)
    return claims


class _Choice:
    """Chooses what to do next for one account, and says why other invoices are left."""

    def __init__(
        self, claims: Claims, standing: Standing, period: int, policy: Policy, now: datetime
    ) -> None:
        self._claims, self._standing, self._period = claims, standing, period
        self._policy, self._now = policy, now

    def choose(self, first_period: int) -> list[tuple[Standing, Invoice]]:
        """Return the invoice to claim, if there is one."""
        if self._finds_pending():
            return []
        due = [one for one in self._standing.due if first_period <= one.period <= self._period]
        for number, invoice in enumerate(due):
            if invoice.total == ZERO or self._is_paid(invoice):
                continue
            wait = self._policy(self._standing, invoice, self._now)
            if wait is None:
                if due[number + 1 :]:
                    self._claims.have_more.add(self._standing.account.pk)
                return [(self._standing, invoice)]
            self._claims.left.append((invoice, wait))
            if wait in (Wait.NOT_SCHEDULED, Wait.TRIED_IN_THIS_RUN, Wait.EARLIER_FIRST):
                # It has a try still to come, and the later ones come after it.
                break
        return []

    def _finds_pending(self) -> bool:
        # Until its outcome is known no other invoice of the account is charged, of whatever period.
        pending = [one for one in self._standing.charges.values() if one.state == State.PENDING]
        for charge in pending:
            if attempts.may_be_in_flight(charge, self._now):
                self._claims.held.append(self._standing.account.pk)
            else:
                self._claims.to_find_out.append(charge)
            break
        return bool(pending)

    def _is_paid(self, invoice: Invoice) -> bool:
        charge = self._standing.charges.get(invoice.pk)
        if charge is None:
            return False
        move_invoices([(invoice, charge)])
        self._claims.left.append((invoice, Wait.PAID_ALREADY))
        return True


def _lock_chosen(
    claims: Claims, chosen: list[tuple[Standing, Invoice]], patience: Patience | None
) -> list[tuple[Standing, Invoice]]:
    """Lock the chosen invoices; return those that are still as they were when they were chosen."""
    wanted = Invoice.objects.filter(among("pk", (invoice.pk for _, invoice in chosen)))
    free = wanted.unsettled().filter(closed=True, pending_charge__isnull=True)
    # A refusal is written down without the account's lock, and may have come since the invoice was read.
    locked = lock_values(free, "pk", "failed_at", skip_locked=patience is None) if chosen else []
    as_they_were = set(locked)
    still: list[tuple[Standing, Invoice]] = []
    for standing, invoice in chosen:
        if (invoice.pk, invoice.failed_at) in as_they_were:
            still.append((standing, invoice))
        else:
            claims.held.append(standing.account.pk)
    return still


def _write(claims: Claims, chosen: list[tuple[Standing, Invoice]], now: datetime) -> None:
    charges = [_new_charge(standing, invoice, now) for standing, invoice in chosen]
    Charge.objects.bulk_create(charges)
    claims.to_send = [charge for charge in charges if charge.state == State.PENDING]
    claims.refused = [charge for charge in charges if charge.state == State.REFUSED]
    pending = [(charge.invoice_id, charge.pk) for charge in claims.to_send]
    update_rows(Invoice, ["pending_charge"], pending)
    move_invoices([(charge.invoice, charge) for charge in claims.refused])


def _new_charge(standing: Standing, invoice: Invoice, now: datetime) -> Charge:
    invoice.account = standing.account
    charge = Charge(invoice=invoice, amount=invoice.get_total_amount())
    if standing.card is None:
        charge.message = "No card is on file."
        charge.state, charge.ended_at = State.REFUSED, now
        charge.seal = charge.digest()
    else:
        charge.card_token, charge.number_id = standing.card.token, standing.card.number_id
        charge.request = _request(charge, standing.card)
    return charge


def _request(charge: Charge, card: Card) -> dict[str, Any]:
    request: dict[str, Any] = {
        "amount": str(charge.amount),
        "order_id": charge.order_id,
        "payment_method_token": card.token,
        # Merchant-initiated, as card networks want it said.
        "transaction_source": "recurring" if card.paid_before else "recurring_first",
        "options": {"submit_for_settlement": True},
    }
    if merchant_account_id := conf.merchant_account_id():
        request["merchant_account_id"] = merchant_account_id
    return request
