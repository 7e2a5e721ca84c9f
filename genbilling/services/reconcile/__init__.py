"""Comparing our books with the gateway's own, both ways: what is safe is repaired, the rest is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from ...gateway import Booked
from ...models import Charge, Refund, order_ids
from ...models.charges import Attempt
from ...periods import today
from .. import unknown_sales
from . import cards, disputes, lost, refunds, sales
from .report import Comparison

T = TypeVar("T", bound=Attempt)

DAYS = 30

Progress = Callable[[int], object]


def days(first: date | None, last: date | None) -> tuple[date, date]:
    """Return the first and the last day of a comparison: the last 30 days, if not asked otherwise."""
    last = last or today()
    return first or last - timedelta(days=DAYS), last


def reconcile_days(comparison: Comparison, first: date, last: date, progress: Progress = bool) -> None:
    """Compare the days from `first` to `last`, both included; else as `reconcile`."""
    reconcile(comparison, _midnight(first), _midnight(last + timedelta(days=1)), progress)


def reconcile(comparison: Comparison, since: datetime, until: datetime, progress: Progress = bool) -> None:
    """Compare what was booked from `since` to before `until` (aware moments).

    `comparison` tells what came of it; `progress` is called with the number of transactions compared.

    Raises:
        GatewayUnusable, GatewayUncertain: the gateway did not answer; what was repaired stays.
    """
    # First, whatever the window: a charge that the books call pending may have come before a lost one.
    lost.look(comparison)
    unknown = []
    for booked in comparison.service.transactions(since, until):
        with comparison.unless_unanswered(f"transaction {booked.outcome.transaction_id}"):
            if not _compare(comparison, booked) and order_ids.read(booked.outcome.order_id):
                unknown.append(booked)
        progress(1)
    ours = [one for one, _ in unknown_sales.ours(unknown, comparison.installation)]
    comparison.looked_at["transactions"] += len(ours)
    new = [one for one in ours if one.outcome.transaction_id not in comparison.looked_for]
    lost.take_over(comparison, new)
    for charge in _unmet(Charge.objects.exclude(card_token=""), since, until, comparison):
        with comparison.unless_unanswered(f"the {charge}"):
            sales.look_up(comparison, charge)
    for refund in _unmet(Refund.objects.select_related("charge"), since, until, comparison):
        with comparison.unless_unanswered(f"the {refund}"):
            refunds.look_up(comparison, refund)
    for dispute in comparison.service.disputes(today(since), today(until - timedelta(seconds=1))):
        with comparison.unless_unanswered(f"dispute {dispute.id}"):
            disputes.compare(comparison, dispute)
    cards.compare(comparison)


def _compare(comparison: Comparison, booked: Booked) -> bool:
    """Compare what is ours; False: a sale that is of no charge of these books, and may be another's."""
    charge = None if booked.is_refund else sales.charge_of(booked)
    # What the project, or another one, charges through the same merchant account is not ours. Neither is a
    # credit that stands alone: it gives no sale back, whatever somebody wrote on it.
    if charge is not None or (booked.refund_of and refunds.is_of_ours(booked)):
        comparison.looked_at["transactions"] += 1
        if charge is not None:
            sales.compare(comparison, charge, booked)
        else:
            refunds.compare(comparison, booked)
        return True
    return booked.is_refund


def _unmet(rows: QuerySet[T], since: datetime, until: datetime, comparison: Comparison) -> Iterator[T]:
    """Yield those of ours that were sent in that time, and that no transaction was found for."""
    sent = rows.filter(created_at__gte=since, created_at__lt=until).exclude(state=Attempt.State.NOT_SENT)
    if renewed := comparison.installation.renewed_at:
        # Those of before then went to another merchant.
        sent = sent.filter(created_at__gte=renewed)
    unmet = [pk for pk, key in sent.order_by("pk").values_list("pk", "key") if key not in comparison.met]
    return (rows.get(pk=pk) for pk in unmet)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
