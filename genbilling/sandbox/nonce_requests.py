"""The endpoints of nonces: making one for a card in the vault, and showing what one stands for."""

from __future__ import annotations

from typing import Any

from . import nonces, vault
from .books import Books
from .cards import Card
from .errors import NotFoundError
from .exchange import Reply, Request
from .nonces import NonceProblem, OpenNonce
from .vault import VaultedCard

# No European law asks for strong authentication of a card from the United States.
_UNREGULATED = {"regulation_environment": "unregulated", "sca_indicator": None}


def create(books: Books, request: Request) -> Reply:
    """Make a nonce for a card in the vault."""
    kept = vault.load(books, request.ids[0])
    nonce = nonces.make(books, kept.token)
    shown = _shown_nonce(nonce, OpenNonce(kept.card, kept.token), kept)
    if request.section("payment_method_nonce").flag("authentication_insight"):
        shown["authentication_insight"] = _UNREGULATED
    return Reply(201, "payment_method_nonce", shown)


def find(books: Books, request: Request) -> Reply:
    """Show what a nonce stands for, used up or not."""
    nonce = request.ids[0]
    opened = nonces.open_nonce(books, nonce)
    consumed = opened is NonceProblem.CONSUMED
    if consumed:
        opened = nonces.open_nonce(books, nonce, again=True)
    if isinstance(opened, NonceProblem):
        raise NotFoundError(f"The nonce {nonce!r} cannot be shown: it is {opened.value}.")
    kept = vault.find(books, opened.token) if opened.token else None
    shown = _shown_nonce(nonce, opened, kept)
    return Reply(200, "payment_method_nonce", {**shown, "consumed": consumed})


def from_nonce(books: Books, request: Request) -> Reply:
    """Show the card in the vault that a nonce stands for, and use the nonce up."""
    opened = nonces.open_nonce(books, request.ids[0])
    if isinstance(opened, NonceProblem) or opened.token is None:
        raise NotFoundError(f"No card in the vault goes with the nonce {request.ids[0]!r}.")
    nonces.consume(books, request.ids[0])
    return Reply(200, "credit_card", vault.show(books, opened.token))


def _shown_nonce(nonce: str, opened: OpenNonce, kept: VaultedCard | None) -> dict[str, Any]:
    card = opened.card
    return {
        "nonce": nonce,
        "type": "CreditCard",
        "description": f"ending in {card.last_4[-2:]}",
        "consumed": False,
        "default": bool(kept and kept.is_default),
        "details": _shown_details(card),
        "bin_data": card.issuer,
        "three_d_secure_info": opened.three_d_secure,
        "authentication_insight": None,
    }


def _shown_details(card: Card) -> dict[str, Any]:
    return {
        "bin": card.bin[:6],
        "card_type": card.card_type,
        "cardholder_name": card.cardholder_name,
        "expiration_month": card.expiration_month,
        "expiration_year": card.expiration_year,
        "last_two": card.last_4[-2:],
        "last_four": card.last_4,
        "is_network_tokenized": False,
    }
