"""Whether an invoice may be tried (again) now: pure, from rows that were read beforehand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import takewhile

from .. import conf, periods
from ..models import Card, Charge, Invoice
from .rows import among

COOL_DOWN = timedelta(hours=1)
TRIES_WINDOW = timedelta(days=30)


class Wait(Enum):
    """Why an invoice is left for a later dispatch."""

    HARD_DECLINE = "hard decline on this card"
    OWNER_HAS_TO_AUTHENTICATE = "the bank wants the owner to authenticate on the card page"
    CARD_GONE = "card not in the vault any more"
    TRIES_USED_UP = "card network's limit of tries reached"
    NOT_SCHEDULED = "not a retry day"
    DAYS_USED_UP = "no retry day left"
    COOLING_DOWN = "refused within the hour"
    EARLIER_FIRST = "an earlier invoice comes first"
    TRIED_IN_THIS_RUN = "refused since this run began"
    OTHER_CURRENCY = 'closed in another currency than GENBILLING["CURRENCY"]'
    AT_WORK_ELSEWHERE = "at work elsewhere"
    PAID_ALREADY = "paid already"
    UNKNOWN_SALE = "sale to be acknowledged first"


BLOCKS = {
    Card.Block.HARD_DECLINE: Wait.HARD_DECLINE,
    Card.Block.AUTHENTICATION: Wait.OWNER_HAS_TO_AUTHENTICATE,
    Card.Block.NOT_IN_VAULT: Wait.CARD_GONE,
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A try of an invoice that was refused; without a token: for want of a card."""

    ended_at: datetime
    token: str
    number_id: str
    settlement_failed: bool

    def was_on(self, card: Card | None) -> bool:
        """Return whether it was on `card`, or for want of one where `card` is None."""
        return self.token == (card.token if card else "")

    def was_on_number_of(self, card: Card | None) -> bool:
        """Return whether it was on the number of `card`, stored under whatever token."""
        if card is not None and card.number_id and self.number_id:
            return self.number_id == card.number_id
        return self.was_on(card)


Refusals = Sequence[Refusal]
REFUSAL = ("invoice", "ended_at", "card_token", "number_id", "settlement_failed")


def refusals_of(invoices: Iterable[Invoice]) -> defaultdict[int, list[Refusal]]:
    """Return the refusals of `invoices` by the invoice's key, in their order, with one query at most."""
    found: defaultdict[int, list[Refusal]] = defaultdict(list)
    # Whatever was refused and is not settled is called failed.
    failed = [invoice.pk for invoice in invoices if invoice.failed]
    if failed:
        refused = Charge.objects.filter(among("invoice__pk", failed), state=Charge.State.REFUSED)
        for charge in refused.order_by("ended_at", "pk").only(*REFUSAL):
            assert charge.ended_at is not None
            refusal = Refusal(
                ended_at=charge.ended_at,
                token=charge.card_token,
                number_id=charge.number_id,
                settlement_failed=charge.settlement_failed,
            )
            found[charge.invoice_id].append(refusal)
    return found


def card_forbids(card: Card | None, refusals: Refusals, now: datetime) -> Wait | None:
    """Return why the card networks do not allow another try with `card`, or None.

    Having no card counts as a refused try, until one is stored.
    """
    if card is not None and card.block:
        return BLOCKS[Card.Block(card.block)]
    if not refusals:
        return None
    return Wait.TRIES_USED_UP if _tries(card, refusals, now) >= conf.max_tries() else None


def _tries(card: Card | None, refusals: Refusals, now: datetime) -> int:
    """Return how many refused tries count for the limit: with the number of `card`, or for want of one."""
    if card is None:
        # No days gone by make another try any better: they count until there is a card to try.
        return sum(1 for _ in takewhile(lambda one: not one.token, reversed(refusals)))
    recent = (one for one in refusals if one.ended_at > now - TRIES_WINDOW)
    return sum(one.was_on_number_of(card) for one in recent)


def cools_down(card: Card | None, refusals: Refusals, now: datetime) -> bool:
    """Return whether a try was refused with `card`, or for want of one, within the last hour."""
    return any(one.was_on(card) and one.ended_at > now - COOL_DOWN for one in refusals)


def is_scheduled(card: Card | None, refusals: Refusals, now: datetime) -> bool:
    """Return whether a dispatch at `now` tries the invoice, by ``GENBILLING["RETRY_DAYS"]``.

    A retry day counts as used once a try was made on it or later; a card not tried yet is due at once.
    """
    if not refusals:
        return True
    days, tries = conf.retry_days(), _since_owed(refusals)
    if days is None or (card is not None and not any(one.was_on(card) for one in tries)):
        return True
    first, last = _day_of(tries[0]), _day_of(tries[-1])
    return any(last < first + timedelta(days=day) <= periods.today(now) for day in days)


def days_are_used_up(invoice: Invoice, card: Card | None, refusals: Refusals, now: datetime) -> bool:
    """Return whether ``GENBILLING["RETRY_DAYS"]`` has no day left on which the failed `invoice` is tried."""
    days, tries = conf.retry_days(), _since_owed(refusals)
    if days is None or not tries or invoice.pending_charge_id is not None:
        return False
    if periods.today(now) < _day_of(tries[0]) + timedelta(days=days[-1]):
        return False
    return card_forbids(card, refusals, now) is not None or not is_scheduled(card, refusals, now)


def _since_owed(refusals: Refusals) -> Refusals:
    """Return the refusals that count for the schedule: since the invoice is owed, or owed again."""
    owed_again = [number for number, one in enumerate(refusals) if one.settlement_failed]
    return refusals[owed_again[-1] :] if owed_again else refusals


def _day_of(refusal: Refusal) -> date:
    return periods.today(refusal.ended_at)
