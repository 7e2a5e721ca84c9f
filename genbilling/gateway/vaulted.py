"""Cards, as the gateway describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class VaultedCard:
    """A card as the gateway describes it; `expiration` is ``MM/YYYY``, `number_id` the same for a number
    that is stored again."""

    card_type: str
    last_4: str
    expiration: str
    number_id: str = ""


def card_of(told: Any) -> VaultedCard:
    """Return the card that an answer tells of; its texts are empty where it tells nothing."""
    return VaultedCard(
        card_type=getattr(told, "card_type", "") or "",
        last_4=getattr(told, "last_4", "") or "",
        expiration=getattr(told, "expiration_date", "") or "",
        number_id=number_id_of(told),
    )


def number_id_of(card: Any) -> str:
    """Return Braintree's id of a card's number, the same however often it is stored; empty: not told."""
    return getattr(card, "unique_number_identifier", None) or ""
