"""Sales of ours that our books do not know: taken over where they fit, else noted until acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from ... import books
from ...gateway import VOIDED, Booked, Ending, Outcome
from ...models import Account, UnknownSale
from ...money import ZERO, total
from .. import billing, unknown_sales
from ..locks import lock_account
from .report import Comparison

NO_MONEY = "It holds nobody's money."


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A sale that the books do not know, and its refunds at the gateway."""

    booked: Booked
    refunds: tuple[Outcome, ...]

    @property
    def holds_money(self) -> bool:
        """Whether it holds somebody's money, or may."""
        outcome = self.booked.outcome
        gone = total(one.amount or ZERO for one in self.refunds)
        return outcome.ending is not Ending.REFUSED and gone != outcome.amount

    @property
    def rank(self) -> tuple[bool, bool, object]:
        """The order of taking over: what was refused, what holds money, what was given back; by time."""
        refused = self.booked.outcome.ending is Ending.REFUSED and self.booked.outcome.status != VOIDED
        return not refused, not self.holds_money, self.booked.booked_at

    def __str__(self) -> str:
        outcome = self.booked.outcome
        return (
            f"Transaction {outcome.transaction_id} of {outcome.amount} {outcome.currency} "
            f"({outcome.status}), order id {outcome.order_id}, is not in these books"
        )


def look(comparison: Comparison) -> None:
    """Look at what the check before a run would find, and at what waits to be acknowledged.

    Raises:
        GatewayUnusable, GatewayUncertain: the gateway did not answer.
    """
    take_over(comparison, unknown_sales.find(comparison.service, comparison.installation))
    again = []
    for sale in unknown_sales.unacknowledged().exclude(transaction_id__in=comparison.looked_for):
        booked = comparison.service.find(sale.transaction_id)
        if booked is None:
            comparison.leave(f"The {sale} waits to be acknowledged", sale.transaction_id)
        else:
            again.append(booked)
    take_over(comparison, again)


def take_over(comparison: Comparison, sales: Iterable[Booked]) -> None:
    """Take over the sales that fit unpaid closed invoices, and note the others."""
    lost = [Lost(booked=booked, refunds=_refunds(comparison, booked)) for booked in sales]
    for one in sorted(lost, key=lambda one: one.rank):
        with comparison.unless_unanswered(str(one)):
            # What it is not answered about is noted nowhere, so that the next run stops at it again.
            _take_over(comparison, one)
            comparison.looked_for.add(one.booked.outcome.transaction_id)


def _refunds(comparison: Comparison, booked: Booked) -> tuple[Outcome, ...]:
    found = filter(None, map(comparison.service.find, booked.refund_ids))
    return tuple(one.outcome for one in found if one.outcome.ending is Ending.PAID)


def _take_over(comparison: Comparison, lost: Lost) -> None:
    noted = UnknownSale.objects.filter(transaction_id=lost.booked.outcome.transaction_id).first()
    if noted is not None and noted.acknowledged_at:
        comparison.note(f"{lost}; acknowledged by {noted.operator or 'a run'}: {noted.memo}")
        return
    account = unknown_sales.account_of(lost.booked)
    if account is not None and _is_taken_over(comparison, account, lost):
        if noted is not None and not comparison.dry_run:
            noted.delete()
        return
    if not comparison.dry_run:
        _note(lost, account)
    if not lost.holds_money:
        comparison.note(f"{lost}, and holds nobody's money")
        return
    waits = f"; the {account} is not charged" if account else "; nor is its customer"
    found = f"{lost}, and fits no unpaid closed invoice{waits}. acknowledge_sale() ends that"
    comparison.leave(found, lost.booked.outcome.transaction_id)


def _is_taken_over(comparison: Comparison, account: Account, lost: Lost) -> bool:
    if comparison.dry_run:
        if billing.fits(account.pk, lost.booked):
            comparison.mended(f"{lost}; it would be taken over")
            return True
        return False
    charge = billing.adopt(comparison.service, account.pk, lost.booked, lost.refunds)
    if charge is not None:
        comparison.met.add(charge.key)
        comparison.mended(f"{lost}; it was taken over as the {charge}")
    return charge is not None


def _note(lost: Lost, account: Account | None) -> None:
    outcome, booked = lost.booked.outcome, lost.booked
    no_money = {} if lost.holds_money else {"acknowledged_at": timezone.now(), "memo": NO_MONEY}
    with books.atomic(durable=True):
        if account is not None:
            # Seen by whoever charges the account next.
            lock_account(account.pk)
        UnknownSale.objects.update_or_create(
            transaction_id=outcome.transaction_id,
            defaults={
                "order_id": outcome.order_id,
                "account": account,
                "amount": outcome.amount or ZERO,
                "currency": outcome.currency,
                "status": outcome.status,
                "sold_at": booked.booked_at,
                **no_money,
            },
        )
