"""Whether an invoice may be tried (again) now: pure reading, no change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum

from django.db.models import QuerySet

from .. import conf, periods
from ..models import Card, Charge, Invoice
from ..models.charges import AUTHENTICATION_REQUIRED

COOL_DOWN = timedelta(hours=1)
TRIES_WINDOW = timedelta(days=30)


class Wait(Enum):
    """Why an invoice is left for a later dispatch."""

    HARD_DECLINE = "hard decline on this card"
    OWNER_HAS_TO_AUTHENTICATE = "the bank wants the owner to authenticate on the card page"
    TRIES_USED_UP = "card network's limit of tries reached"
    NOT_SCHEDULED = "not a retry day"
    DAYS_USED_UP = "no retry day left"
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
    declined = Charge.objects.filter(state=Charge.State.REFUSED, card_token=card.token)
    if declined.filter(hard_decline=True).exists():
        return Wait.HARD_DECLINE
    if declined.filter(response_code=AUTHENTICATION_REQUIRED).exists():
        return Wait.OWNER_HAS_TO_AUTHENTICATE
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
    tries = _refusals(invoice)
    if not tries or (card is not None and card.token not in {charge.card_token for charge in tries}):
        return True
    first, last = _day_of(tries[0]), _day_of(tries[-1])
    return any(last < first + timedelta(days=day) <= periods.today(now) for day in days)


def days_are_used_up(invoice: Invoice, card: Card | None, now: datetime) -> bool:
    """Return whether ``GENBILLING["RETRY_DAYS"]`` has no day left on which the failed `invoice` is tried."""
    days, tries = conf.retry_days(), _refusals(invoice)
    if days is None or not tries or invoice.pending_charge_id is not None:
        return False
    if periods.today(now) < _day_of(tries[0]) + timedelta(days=days[-1]):
        return False
    return card_forbids(invoice, card, now) is not None or not is_scheduled(invoice, card, now)


def _refusals(invoice: Invoice) -> list[Charge]:
    """Return the refusals that count for the schedule: since the invoice is owed, or owed again."""
    refused = list(invoice.charges.filter(state=Charge.State.REFUSED).order_by("ended_at", "pk"))
    owed_again = [number for number, charge in enumerate(refused) if charge.settlement_failed]
    return refused[owed_again[-1] :] if owed_again else refused


def _day_of(refusal: Charge) -> date:
    assert refusal.ended_at is not None
    return periods.today(refusal.ended_at)


def _refused(invoice: Invoice, card: Card | None) -> QuerySet[Charge]:
    token = card.token if card else ""
    return invoice.charges.filter(state=Charge.State.REFUSED, card_token=token)
