"""What a sale is charged to: a card in the vault, a nonce, or a card given by its number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from braintree import ErrorCodes, Transaction

from . import cards, nonces, vault
from .books import Books
from .cards import Card
from .nonces import NonceProblem
from .params import Params
from .validation import Errors, InvalidError
from .vault import VaultedCard

_CODES = ErrorCodes.Transaction


@dataclass(frozen=True)
class Instrument:
    """The card behind a sale, and how the sale came by it."""

    card: Card
    created_using: str
    token: str | None = None
    customer_id: str | None = None
    billing_address_id: str | None = None
    nonce: str | None = None
    refusal: str = ""
    three_d_secure: dict[str, Any] | None = None


def read(books: Books, params: Params, errors: Errors) -> Instrument:
    """Return what the request wants charged.

    Raises InvalidError if that cannot be told, or if errors had been found before.
    """
    customer_id = _read_customer_id(books, params, errors)
    instrument = _choose(books, params, errors, customer_id)
    if instrument is None or errors:
        raise InvalidError(errors)
    return instrument


def _read_customer_id(books: Books, params: Params, errors: Errors) -> str | None:
    customer_id = params.text("customer_id")
    # With a token the card decides: a wrong customer is then one that the card does not belong to.
    if customer_id is None or params.text("payment_method_token") is not None:
        return customer_id
    if not books.holds("customers", "id", customer_id):
        errors.add("customer_id", _CODES.CustomerIdIsInvalid)
        return None
    return customer_id


def _choose(books: Books, params: Params, errors: Errors, customer_id: str | None) -> Instrument | None:
    token, nonce = params.text("payment_method_token"), params.text("payment_method_nonce")
    card = params.section("credit_card")
    has_number = any(name in card for name in ("number", "expiration_date", "expiration_month"))
    if (token is not None) + (nonce is not None) + has_number > 1:
        errors.add("base", _CODES.PaymentMethodConflict)
    elif token is not None:
        return _from_token(books, token, customer_id, errors)
    elif nonce is not None:
        return _from_nonce(books, nonce, params, customer_id, errors)
    elif has_number:
        read_card = cards.read(card, errors.under("credit_card"))
        created_using = Transaction.CreatedUsing.FullInformation
        return Instrument(read_card, created_using, customer_id=customer_id) if read_card else None
    elif customer_id is not None:
        return _from_customer(books, customer_id, errors)
    elif params.text("customer_id") is None:
        errors.add("base", _CODES.CreditCardIsRequired)
    return None


def _from_token(books: Books, token: str, customer_id: str | None, errors: Errors) -> Instrument | None:
    kept = vault.find(books, token)
    if kept is None:
        errors.add("payment_method_token", _CODES.PaymentMethodTokenIsInvalid)
        return None
    if customer_id is not None and customer_id != kept.customer_id:
        errors.add("base", _CODES.PaymentMethodDoesNotBelongToCustomer)
    return _vaulted(kept)


def _from_customer(books: Books, customer_id: str, errors: Errors) -> Instrument | None:
    kept = vault.default_of(books, customer_id)
    if kept is None:
        errors.add("customer_id", _CODES.CustomerDoesNotHaveCreditCard)
        return None
    return _vaulted(kept)


def _from_nonce(
    books: Books, nonce: str, params: Params, customer_id: str | None, errors: Errors
) -> Instrument | None:
    opened = nonces.open_nonce(books, nonce)
    if isinstance(opened, NonceProblem):
        here, attribute, code = _nonce_error(opened, errors)
        here.add(attribute, code)
        return None
    if opened.token is not None:
        instrument = _from_token(books, opened.token, customer_id, errors)
        return replace(instrument, nonce=nonce) if instrument else None
    return Instrument(
        card=cards.amend(opened.card, params.section("credit_card"), errors.under("credit_card")),
        created_using=Transaction.CreatedUsing.FullInformation,
        customer_id=customer_id,
        nonce=nonce,
        refusal=opened.refusal,
        three_d_secure=opened.three_d_secure,
    )


def _nonce_error(problem: NonceProblem, errors: Errors) -> tuple[Errors, str, str]:
    if problem is NonceProblem.LUHN_INVALID:
        return errors.under("credit_card"), "number", ErrorCodes.CreditCard.NumberIsInvalid
    if problem is NonceProblem.CONSUMED:
        return errors, "payment_method_nonce", _CODES.PaymentMethodNonceConsumed
    return errors, "payment_method_nonce", _CODES.PaymentMethodNonceUnknown


def _vaulted(kept: VaultedCard) -> Instrument:
    return Instrument(
        card=kept.card,
        created_using=Transaction.CreatedUsing.Token,
        token=kept.token,
        customer_id=kept.customer_id,
        billing_address_id=kept.billing_address_id,
    )
