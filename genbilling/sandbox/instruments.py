"""What a sale is charged to: a card in the vault, a nonce, or a card given by its number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from braintree import ErrorCodes, Transaction

from . import cards, nonces, vault
from .addresses import Fields
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
    # What a browser sent along with the card.
    cvv: str | None = None
    billing: Fields = field(default_factory=dict)
    # Whether the number is one that a network issued in place of the card's own.
    network_token: bool = False


# What another merchant would have to share with this one first, which none here can: so it is unknown.
_SHARED = {
    "shared_billing_address_id": ErrorCodes.CreditCard.BillingAddressIdIsInvalid,
    "shared_customer_id": _CODES.CustomerIdIsInvalid,
    "shared_payment_method_nonce": _CODES.PaymentMethodNonceUnknown,
    "shared_payment_method_token": _CODES.PaymentMethodTokenIsInvalid,
    "shared_shipping_address_id": _CODES.ShippingAddressDoesntMatchCustomer,
}
_PROBLEMS = {
    NonceProblem.CONSUMED: _CODES.PaymentMethodNonceConsumed,
    NonceProblem.LOCKED: _CODES.PaymentMethodNonceLocked,
    NonceProblem.NOT_A_CARD: _CODES.PaymentInstrumentTypeIsNotAccepted,
    NonceProblem.UNKNOWN: _CODES.PaymentMethodNonceUnknown,
}


def read(books: Books, params: Params, errors: Errors) -> Instrument:
    """Return what the request wants charged.

    Raises InvalidError if that cannot be told, or if errors had been found before.
    """
    customer_id = _read_customer_id(books, params, errors)
    for name, code in _SHARED.items():
        if params.text(name) is not None:
            errors.add(name, code)
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
        return _from_number(card, customer_id, errors.under("credit_card"))
    elif customer_id is not None:
        return _from_customer(books, customer_id, errors)
    elif params.text("customer_id") is None:
        errors.add("base", _CODES.CreditCardIsRequired)
    return None


def _from_number(params: Params, customer_id: str | None, errors: Errors) -> Instrument | None:
    card = cards.read(params, errors)
    attributes = params.section("network_tokenization_attributes")
    if attributes.values and attributes.text("cryptogram") is None:
        code = ErrorCodes.CreditCard.NetworkTokenizationAttributeCryptogramIsRequired
        errors.add("network_tokenization_attributes", code)
    if card is None:
        return None
    return Instrument(
        card,
        Transaction.CreatedUsing.FullInformation,
        customer_id=customer_id,
        network_token=bool(attributes.values),
    )


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
        cvv=opened.cvv,
        billing=opened.billing,
    )


def _nonce_error(problem: NonceProblem, errors: Errors) -> tuple[Errors, str, str]:
    if problem is NonceProblem.LUHN_INVALID:
        return errors.under("credit_card"), "number", ErrorCodes.CreditCard.NumberIsInvalid
    return errors, "payment_method_nonce", _PROBLEMS[problem]


def _vaulted(kept: VaultedCard) -> Instrument:
    return Instrument(
        card=kept.card,
        created_using=Transaction.CreatedUsing.Token,
        token=kept.token,
        customer_id=kept.customer_id,
        billing_address_id=kept.billing_address_id,
    )
