"""What a card's row remembers of the tries with it, so that the next run knows what may be tried.

Hard declines count for the card's number: a stolen card that is stored again is the same card.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Max, Q, QuerySet

from ..models import Card, Charge
from ..models.charges import AUTHENTICATION_REQUIRED
from .rows import among, update_rows

# Declined for good once more, after it was stored anew and tried: to store it again does not help for so
# long.
NO_SAVING_HELPS_FOR = timedelta(hours=24)

Block = Card.Block


def note_answers(charges: Iterable[Charge]) -> None:
    """Note on the cards what came of `charges`, which have ended; in the transaction that records them."""
    tried = [charge for charge in charges if charge.card_token]
    cards = {card.token: card for card in Card.objects.filter(token__in=[one.card_token for one in tried])}
    together = [(charge, cards[charge.card_token]) for charge in tried if charge.card_token in cards]
    _learn_numbers(together)
    _note_paid([(charge, card) for charge, card in together if charge.state == Charge.State.PAID])
    for charge, card in together:
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


def _learn_numbers(together: list[tuple[Charge, Card]]) -> None:
    unknown = [(charge, card) for charge, card in together if charge.number_id and not card.number_id]
    update_rows(Card, ["number_id"], [(card.pk, charge.number_id) for charge, card in unknown])
    for charge, card in unknown:
        card.number_id = charge.number_id


def _note_paid(together: list[tuple[Charge, Card]]) -> None:
    first = [card.pk for _, card in together if not card.paid_before]
    if first:
        Card.objects.filter(among("pk", first)).update(paid_before=True)
    forgiven = [card for _, card in together if card.block or card.hard_declines]
    if forgiven:
        _same(forgiven).update(block=Block.NONE, hard_declines=0, hard_declined_at=None)


def _note_refused(charge: Charge, card: Card) -> None:
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
