"""Cards in the client API: a card becomes a nonce, a customer's cards are shown with one each."""

from __future__ import annotations

import re
from typing import Any

from . import card_requests, nonces, vault
from .books import Books
from .cards import Card
from .client_tokens import OPTIONS
from .exchange import Reply
from .markup import Items
from .params import Params
from .validation import Errors
from .vault import VaultedCard

# As many cards as one answer shows.
MAX_SHOWN = 100


def add(books: Books, options: dict[str, Any], params: dict[str, Any]) -> Reply:
    """Turn a card into a nonce.

    With a customer's client token the card is kept in the vault too, unless the library asks for no
    validation, as it does to have a nonce alone; then, and without a customer, the answer is a 202.
    """
    given = Params(params.get("credit_card"))
    customer_id = options["customer_id"]
    wants_nonce_alone = given.section("options").text("validate") in ("false", "0")
    if customer_id is None or wants_nonce_alone:
        return _add_nonce(books, given, params)
    return _add_to_vault(books, customer_id, given, options)


def show_all(books: Books, options: dict[str, Any], params: dict[str, Any]) -> Reply:
    """Show the cards of the customer, or those shared under an identifier, which are locked."""
    customer_id = options["customer_id"]
    if customer_id is not None:
        kept = vault.all_of(books, customer_id)[:MAX_SHOWN]
        shown = [_shown(one.card, nonces.make(books, one.token), one) for one in kept]
    else:
        identifier = str(params.get("shared_customer_identifier") or "")
        cards = nonces.shared_under(books, identifier, MAX_SHOWN)
        shown = [_shown(card, nonces.make_for_card(books, card, locked=True), locked=True) for card in cards]
    return Reply(200, content={"paymentMethods": shown, "creditCards": shown})


def problem(message: str, errors: Errors) -> dict[str, Any]:
    """Return validation errors as browsers get them."""
    return {"error": {"message": message}, "fieldErrors": _field_errors(errors.tree())}


def _add_nonce(books: Books, given: Params, params: dict[str, Any]) -> Reply:
    wanted = card_requests.read_unkept(books, given)
    shares = Params(params).flag("share")
    identifier = str(params.get("shared_customer_identifier") or "") if shares else ""
    nonce = nonces.make_for_card(
        books, wanted.card, cvv=given.text("cvv"), billing=wanted.billing, shared=identifier
    )
    return Reply(201 if shares else 202, content={"creditCards": [_shown(wanted.card, nonce)]})


def _add_to_vault(books: Books, customer_id: str, given: Params, options: dict[str, Any]) -> Reply:
    ordered = {name: options[name] for name in OPTIONS}
    ordered["verification_merchant_account_id"] = options["merchant_account_id"]
    card = Params({**given.values, "options": ordered, "token": None, "payment_method_nonce": None})
    wanted = card_requests.read_new(books, card, Errors().under("credit_card"), customer_id)
    verification = card_requests.verify(books, wanted, customer_id)
    if verification and verification.failure:
        return Reply(422, content={"error": {"message": verification.failure}, "fieldErrors": []})
    token = card_requests.keep(books, customer_id, wanted, verification)
    kept = vault.load(books, token)
    return Reply(201, content={"creditCards": [_shown(kept.card, nonces.make(books, token), kept)]})


def _shown(
    card: Card, nonce: str, kept: VaultedCard | None = None, *, locked: bool = False
) -> dict[str, Any]:
    return {
        "type": "CreditCard",
        "nonce": nonce,
        "description": f"ending in {card.last_4[-2:]}",
        "default": bool(kept and kept.is_default),
        "isLocked": locked,
        "securityQuestions": ["cvv", "postal_code"] if locked else [],
        "consumed": False,
        "details": {
            "bin": card.bin[:6],
            "cardType": card.card_type,
            "lastTwo": card.last_4[-2:],
            "lastFour": card.last_4,
            "cardholderName": card.cardholder_name,
            "expirationMonth": card.expiration_month,
            "expirationYear": card.expiration_year,
        },
        "binData": {_camel(name): value for name, value in card.issuer.items()},
        "threeDSecureInfo": None,
    }


def _field_errors(node: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, inner in node.items():
        if isinstance(inner, Items):
            found += [
                {"field": _camel(error["attribute"]), "code": error["code"], "message": error["message"]}
                for error in inner.values
            ]
        else:
            found.append({"field": _camel(name), "fieldErrors": _field_errors(inner)})
    return found


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)
