"""What a card's row remembers of the tries with it, so that the next run knows what may be tried.

Hard declines count for the card's number: a stolen card that an account stores again is the same card. Of the
account: in Braintree's sandbox everybody's cards have the same few numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Max, Q, QuerySet

from ..gateway import VaultedCard
from ..models import Account, Card, Charge
from ..models.charges import AUTHENTICATION_REQUIRED
from .rows import update_rows

# Declined for good once more, after it was stored anew and tried: to store it again does not help for so
# long.
NO_SAVING_HELPS_FOR = timedelta(hours=24)

Block = Card.Block
PAID = ("number_id", "paid_before", "block")
# What people know a card by. Braintree's account updater changes it, when the bank gives out a new card.
FACE = ("card_type", "last_4", "expiration")


def note_answers(charges: Iterable[Charge]) -> None:
    """Note on the cards what came of `charges`, which have ended; in the transaction that records them."""
    tried = {charge.card_token: charge for charge in charges if charge.card_token}
    found = Card.objects.filter(token__in=list(tried)).only("token", "account", "hard_declines", *PAID, *FACE)
    paid, faces = [], []
    for card in found:
        charge = tried[card.token]
        is_news = _is_news(charge, card)
        if is_news:
            card.number_id = charge.number_id
        if has_another_face(card, charge.card_told):
            faces.append((card.pk, *(getattr(charge.card_told, name) for name in FACE)))
        if charge.state == Charge.State.REFUSED:
            _note_refused(charge, card, is_news)
        elif charge.state == Charge.State.PAID:
            if card.hard_declines:
                _forgive(card)
            if is_news or card.block or not card.paid_before:
                paid.append((card.pk, card.number_id, True, Block.NONE))
    update_rows(Card, PAID, paid)
    update_rows(Card, FACE, faces)


def has_another_face(card: Card, told: VaultedCard | None) -> bool:
    """Return whether the gateway describes `card` in another way than its row; not if it tells nothing."""
    if told is None or not told.last_4:
        return False
    return any(getattr(card, name) != getattr(told, name) for name in FACE)


def _is_news(charge: Charge, card: Card) -> bool:
    """Return whether `charge` tells of a number that the card's row does not have."""
    if not charge.number_id or charge.number_id == card.number_id:
        return False
    return not card.number_id or charge.card_told is not None


def block_when_stored(account: Account, number_id: str, now: datetime) -> dict[str, object]:
    """Return what the row of a card that is stored at `now` begins with.

    That hangs on what befell the number on `account` before.
    """
    declined = Card.objects.filter(account=account, hard_declines__gt=0)
    before = declined.filter(number_id=number_id) if number_id else declined.none()
    found = before.aggregate(times=Max("hard_declines"), last=Max("hard_declined_at"))
    times, last = found["times"] or 0, found["last"]
    # Stored after its first decline it was verified by its bank just then, and is tried once.
    blocked = times > 1 and now < last + NO_SAVING_HELPS_FOR
    return {
        "number_id": number_id,
        "hard_declines": times,
        "hard_declined_at": last,
        "block": Block.HARD_DECLINE if blocked else Block.NONE,
    }


def _forgive(card: Card) -> None:
    """Forgive the number of `card` its declines; what else blocks another card of it is not the number's."""
    _same(card).filter(block=Block.HARD_DECLINE).update(block=Block.NONE)
    _same(card).update(hard_declines=0, hard_declined_at=None)


def _note_refused(charge: Charge, card: Card, is_news: bool) -> None:
    own = Card.objects.filter(pk=card.pk)
    if is_news:
        own.update(number_id=card.number_id)
    if charge.hard_decline:
        _same(card).update(
            block=Block.HARD_DECLINE, hard_declines=F("hard_declines") + 1, hard_declined_at=charge.ended_at
        )
    elif charge.card_gone:
        own.update(block=Block.NOT_IN_VAULT)
    elif charge.response_code == AUTHENTICATION_REQUIRED:
        own.update(block=Block.AUTHENTICATION)


def _same(card: Card) -> QuerySet[Card]:
    """Return the rows of the card's number on its account."""
    again = Q(account=card.account_id, number_id=card.number_id) if card.number_id else Q()
    return Card.objects.filter(Q(pk=card.pk) | again)
