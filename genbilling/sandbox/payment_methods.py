"""The endpoints of payment methods and credit cards, which differ only in the names they use."""

from __future__ import annotations

from typing import Any

from braintree import ErrorCodes

from . import card_requests, nonces, vault, verifications
from .books import Books
from .card_requests import CardRequest
from .cards import Card
from .errors import NotFoundError
from .exchange import EMPTY, Reply, Request, refused
from .nonces import NonceProblem, OpenNonce
from .params import Params
from .validation import Errors
from .vault import VaultedCard
from .verifications import Verification


def create(books: Books, request: Request) -> Reply:
    """Keep a new card of a customer, from a nonce or from its number."""
    params = request.section(request.root)
    errors = Errors()
    customer_id = _read_customer(books, request, params, errors)
    wanted = card_requests.read_new(books, params, errors.under("credit_card"), customer_id)
    verification = card_requests.verify(books, wanted)
    if verification and verification.failure:
        return refused_verification(books, request, verification)
    token = card_requests.keep(books, customer_id, wanted, verification)
    return Reply(201, "credit_card", vault.show(books, token))


def find(books: Books, request: Request) -> Reply:
    """Show a card in the vault."""
    return Reply(200, "credit_card", vault.show(books, request.ids[0]))


def update(books: Books, request: Request) -> Reply:
    """Change a card in the vault."""
    kept = vault.load(books, request.ids[0])
    params = request.section(request.root)
    wanted = card_requests.read_change(books, kept, params, Errors().under("credit_card"))
    verification = card_requests.verify(books, wanted)
    if verification and verification.failure:
        return refused_verification(books, request, verification)
    token = apply_change(books, kept, params, wanted, verification)
    return Reply(200, "credit_card", vault.show(books, token))


def delete(books: Books, request: Request) -> Reply:
    """Forget a card."""
    vault.delete(books, request.ids[0])
    return EMPTY


def create_nonce(books: Books, request: Request) -> Reply:
    """Make a nonce for a card in the vault."""
    kept = vault.load(books, request.ids[0])
    nonce = nonces.make(books, kept.token)
    return Reply(201, "payment_method_nonce", _shown_nonce(nonce, OpenNonce(kept.card, kept.token), kept))


def find_nonce(books: Books, request: Request) -> Reply:
    """Show what a nonce stands for."""
    nonce = request.ids[0]
    opened = nonces.open_nonce(books, nonce)
    if isinstance(opened, NonceProblem):
        raise NotFoundError(f"The nonce {nonce!r} cannot be shown: it is {opened.value}.")
    kept = vault.find(books, opened.token) if opened.token else None
    return Reply(200, "payment_method_nonce", _shown_nonce(nonce, opened, kept))


def from_nonce(books: Books, request: Request) -> Reply:
    """Show the card in the vault that a nonce stands for."""
    opened = nonces.open_nonce(books, request.ids[0])
    if isinstance(opened, NonceProblem) or opened.token is None:
        raise NotFoundError(f"No card in the vault goes with the nonce {request.ids[0]!r}.")
    return Reply(200, "credit_card", vault.show(books, opened.token))


def apply_change(
    books: Books, kept: VaultedCard, params: Params, wanted: CardRequest, verification: Verification | None
) -> str:
    """Write a change of a card that was read and verified; return its token."""
    in_place = params.section("billing_address").section("options").flag("update_existing")
    return card_requests.change(books, kept, wanted, verification, update_address=in_place)


def refused_verification(books: Books, request: Request, verification: Verification) -> Reply:
    """Return the answer to a card that failed its verification."""
    shown = verifications.show(books, verification.id)
    return refused(request, verification.failure, verification=shown)


def _read_customer(books: Books, request: Request, params: Params, errors: Errors) -> str:
    """Return the customer's id; add errors in the words of the endpoint that was called."""
    codes: Any = ErrorCodes.CreditCard
    here = errors.under("credit_card")
    if request.root != "credit_card":
        codes, here = ErrorCodes.PaymentMethod, errors.under("payment_method")
        if params.text("payment_method_nonce") is None:
            here.add("payment_method_nonce", codes.NonceIsRequired)
            errors.raise_if_any()
    customer_id = params.text("customer_id")
    if customer_id is None:
        here.add("customer_id", codes.CustomerIdIsRequired)
    elif not books.holds("customers", "id", customer_id):
        here.add("customer_id", codes.CustomerIdIsInvalid)
    return customer_id or ""


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
    }
