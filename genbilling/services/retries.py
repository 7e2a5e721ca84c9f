"""Whether an invoice may be tried (again) now: pure reading, no change."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from django.db.models import QuerySet

from .. import conf, periods
from ..models import Card, Charge, Invoice

COOL_DOWN = timedelta(hours=1)
TRIES_WINDOW = timedelta(days=30)


class Wait(Enum):
    """Why an invoice is left for a later dispatch."""

    HARD_DECLINE = "hard decline on this card"
    TRIES_USED_UP = "card network's limit of tries reached"
    NOT_SCHEDULED = "not a retry day"
    COOLING_DOWN = "refused within the hour"
    EARLIER_FIRST = "an earlier invoice comes first"
    TRIED_IN_THIS_RUN = "refused since this run began"
    AT_WORK_ELSEWHERE = "at work elsewhere"
    PAID_ALREADY = "paid already"


def card_forbids(invoice: Invoice, card: Card | None, now: datetime) -> Wait | None:
    """Return why the card networks do not allow another try of `invoice` with `card`, or None."""
    if card is None:
        return None
    # Of the card, on whatever invoice: it is the card that must not be tried again.
    declined = Charge.objects.filter(state=Charge.State.REFUSED, card_token=card.token, hard_decline=True)
    if declined.exists():
        return Wait.HARD_DECLINE
    tries = _refused(invoice, card).filter(ended_at__gt=now - TRIES_WINDOW)
    if tries.count() >= conf.max_tries():
        return Wait.TRIES_USED_UP
    return None


def cools_down(invoice: Invoice, card: Card | None, now: datetime) -> bool:
    """Return whether `invoice` was refused with `card`, or for want of one, within the last hour."""
    return _refused(invoice, card).filter(ended_at__gt=now - COOL_DOWN).exists()


def is_scheduled(invoice: Invoice, card: Card | None, now: datetime) -> bool:
    """Return whether a dispatch at `now` tries `invoice`, by ``GENBILLING["RETRY_DAYS"]``.

    A retry day counts as used once a try was made on it or later; a card not tried yet is due at once.
    """
    days = conf.retry_days()
    if days is None:
        return True
    tries = list(invoice.charges.filter(state=Charge.State.REFUSED).order_by("created_at"))
    if not tries or (card is not None and card.token not in {charge.card_token for charge in tries}):
        return True
    first, last = periods.today(tries[0].created_at), periods.today(tries[-1].created_at)
    return any(last < first + timedelta(days=day) <= periods.today(now) for day in days)


def _refused(invoice: Invoice, card: Card | None) -> QuerySet[Charge]:
    token = card.token if card else ""
    return invoice.charges.filter(state=Charge.State.REFUSED, card_token=token)
