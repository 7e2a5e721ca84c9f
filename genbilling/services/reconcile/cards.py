"""Cards on file beside those in the vault, where Braintree's account updater changes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ...gateway import VaultedCard
from ...models import Card
from ..card_notes import FACE, has_another_face
from .report import Comparison

PAGE = 500


def compare(comparison: Comparison) -> None:
    """Bring brand, last four digits and expiry of the cards on file up to date."""
    for page in _pages():
        with comparison.unless_unanswered("the cards on file"):
            told = comparison.service.cards(card.account.customer_id for card in page)
            for card in page:
                _compare(comparison, card, told.get(card.token))


def _pages() -> Iterator[list[Card]]:
    last = 0
    on_file = Card.objects.filter(state=Card.State.CURRENT).select_related("account__owner").order_by("pk")
    while page := list(on_file.filter(pk__gt=last)[:PAGE]):
        yield page
        last = page[-1].pk


def _compare(comparison: Comparison, card: Card, told: VaultedCard | None) -> None:
    if told is None or not has_another_face(card, told):
        return
    face = {name: getattr(told, name) for name in FACE}
    found = (
        f"The card of the {card.account}, a {card}, is a {told.card_type} ending in {told.last_4} that "
        f"expires {told.expiration} now"
    )
    comparison.repair(found, partial(_update, card, {**face, "number_id": told.number_id or card.number_id}))


def _update(card: Card, values: dict[str, str]) -> int:
    return Card.objects.filter(pk=card.pk).update(**values)
