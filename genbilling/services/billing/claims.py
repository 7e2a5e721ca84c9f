"""Claims: pending charges, written down and committed before any card is asked; a window of accounts at a
time.

As long as an invoice points at its pending charge nobody can start a second one, and whoever comes later
finds out what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from ... import books, conf, money, texts
from ...models import Account, Card, Charge, Invoice, order_ids
from .. import attempts, installations
from ..locks import Patience, last_pass, lock_rows, lock_values
from ..retries import Wait
from ..rows import among, update_rows
from .choosing import Choice, Policy, Standing, choose, read_standings
from .records import move_invoices

State = Charge.State


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
    with books.atomic(durable=True, lock_timeout=(patience or last_pass()).next_wait):
        accounts = lock_rows(Account.objects.filter(among("pk", start_from)), skip_locked=patience is None)
        claims.accounts = {account.pk: account for account in accounts}
        claims.held = [key for key in start_from if key not in claims.accounts]
        paid: list[tuple[Invoice, Charge]] = []
        chosen: list[tuple[Standing, Invoice]] = []
        for standing in read_standings(accounts):
            choice = choose(standing, start_from[standing.account.pk], period, policy, now)
            _note(claims, standing, choice, now)
            paid += choice.paid
            chosen += [(standing, choice.to_charge)] if choice.to_charge else []
        _move_paid(paid)
        _write(claims, _lock_chosen(claims, chosen, patience), now)
    return claims


def _move_paid(paid: list[tuple[Invoice, Charge]]) -> None:
    """Have invoices say that they are paid, where they are; what somebody holds is left to a later claim."""
    if not paid:
        return
    wanted = Invoice.objects.filter(among("pk", (invoice.pk for invoice, _ in paid)))
    locked = {key for (key,) in lock_values(wanted, "pk", skip_locked=True)}
    charges = Charge.objects.filter(among("pk", (charge.pk for _, charge in paid)), state=State.PAID)
    still = set(charges.values_list("pk", flat=True))
    move_invoices(
        (invoice, charge) for invoice, charge in paid if invoice.pk in locked and charge.pk in still
    )


def _note(claims: Claims, standing: Standing, choice: Choice, now: datetime) -> None:
    claims.left += choice.left
    if choice.has_more:
        claims.have_more.add(standing.account.pk)
    if choice.to_find_out is None:
        return
    if attempts.may_be_in_flight(choice.to_find_out, now):
        claims.held.append(standing.account.pk)
    else:
        claims.to_find_out.append(choice.to_find_out)


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
    installation = installations.current().name if chosen else ""
    charges = [_new_charge(standing, invoice, installation, now) for standing, invoice in chosen]
    Charge.objects.bulk_create(charges)
    claims.to_send = [charge for charge in charges if charge.state == State.PENDING]
    claims.refused = [charge for charge in charges if charge.state == State.REFUSED]
    pending = [(charge.invoice_id, charge.pk) for charge in claims.to_send]
    update_rows(Invoice, ["pending_charge"], pending)
    move_invoices([(charge.invoice, charge) for charge in claims.refused])


def _new_charge(standing: Standing, invoice: Invoice, installation: str, now: datetime) -> Charge:
    invoice.account = standing.account
    charge = Charge(invoice=invoice, amount=invoice.get_total_amount())
    if standing.card is None:
        charge.message = "No card is on file."
        charge.state, charge.ended_at = State.REFUSED, now
        charge.seal = charge.seal_now()
    else:
        customer_id = standing.account.customer_id
        charge.sent_order_id = order_ids.make(installation, customer_id, invoice.period, charge.key)
        charge.card_token, charge.number_id = standing.card.token, standing.card.number_id
        charge.request = _request(charge, standing.card)
    return charge


def _request(charge: Charge, card: Card) -> dict[str, Any]:
    request: dict[str, Any] = {
        "amount": money.written(charge.amount, conf.currency()),
        "order_id": charge.order_id,
        "payment_method_token": card.token,
        # Merchant-initiated, as card networks want it said.
        "transaction_source": "recurring" if card.paid_before else "recurring_first",
        "options": {"submit_for_settlement": True},
    }
    if merchant_account_id := conf.merchant_account_id():
        request["merchant_account_id"] = merchant_account_id
    if descriptor := conf.descriptor():
        request["descriptor"] = descriptor
    if layouts := conf.custom_fields():
        invoice = charge.invoice
        request["custom_fields"] = texts.filled_in(
            layouts, number=invoice.printed_number, period=invoice.period, account=invoice.account_id
        )
    return request
