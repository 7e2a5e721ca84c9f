"""What a card's row remembers of the tries with it, so that the next run knows what may be tried.

Hard declines count for the card's number: a stolen card that is stored again is the same card.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Max, Q, QuerySet

from ..models import Card, Charge
from ..models.charges import AUTHENTICATION_REQUIRED
from .rows import update_rows

# Declined for good once more, after it was stored anew and tried: to store it again does not help for so
# long.
NO_SAVING_HELPS_FOR = timedelta(hours=24)

Block = Card.Block
PAID = ("number_id", "paid_before", "block")


def note_answers(charges: Iterable[Charge]) -> None:
    """Note on the cards what came of `charges`, which have ended; in the transaction that records them."""
    tried = {charge.card_token: charge for charge in charges if charge.card_token}
    found = Card.objects.filter(token__in=list(tried)).only("token", "hard_declines", *PAID)
    cards = [(tried[card.token], card) for card in found]
    _note_paid([(charge, card) for charge, card in cards if charge.state == Charge.State.PAID])
    for charge, card in cards:
        if charge.state == Charge.State.REFUSED:
            _note_refused(charge, card)


def block_when_stored(number_id: str, now: datetime) -> dict[str, object]:
    """Return what the row of a card stored at `now` begins with, after what befell its number before."""
    declined = Card.objects.filter(hard_declines__gt=0)
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


def _note_paid(cards: list[tuple[Charge, Card]]) -> None:
    forgiven = [card for _, card in cards if card.hard_declines]
    if forgiven:
        _same(forgiven).update(block=Block.NONE, hard_declines=0, hard_declined_at=None)
    blocked = (Block.AUTHENTICATION, Block.NOT_IN_VAULT)
    news = [
        (card.pk, card.number_id or charge.number_id, True, Block.NONE)
        for charge, card in cards
        if not (card.paid_before and card.number_id) or card.block in blocked
    ]
    update_rows(Card, PAID, news)


def _note_refused(charge: Charge, card: Card) -> None:
    if charge.number_id:
        Card.objects.filter(pk=card.pk, number_id="").update(number_id=charge.number_id)
    if charge.hard_decline:
        _same([card]).update(
            block=Block.HARD_DECLINE, hard_declines=F("hard_declines") + 1, hard_declined_at=charge.ended_at
        )
    elif charge.card_gone:
        Card.objects.filter(pk=card.pk).update(block=Block.NOT_IN_VAULT)
    elif charge.response_code == AUTHENTICATION_REQUIRED:
        Card.objects.filter(pk=card.pk).update(block=Block.AUTHENTICATION)


def _same(cards: list[Card]) -> QuerySet[Card]:
    numbers = {card.number_id for card in cards} - {""}
    return Card.objects.filter(Q(pk__in=[card.pk for card in cards]) | Q(number_id__in=numbers))
