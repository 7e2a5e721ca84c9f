"""Cards as facts: reading one from a request, and showing one in an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from braintree import CreditCard, ErrorCodes

from . import card_numbers
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.CreditCard
_EXPIRY = ("expiration_date", "expiration_month", "expiration_year")


@dataclass(frozen=True)
class Card:
    """What is known of a card. Its number is not kept: only the ends, and a fingerprint of it."""

    bin: str  # 8 digits
    last_4: str
    card_type: str
    fingerprint: str
    customer_location: str
    issuer: dict[str, str]
    # The processor's code if a verification of this card fails, "fraud" or the like if the gateway
    # rejects it, or empty.
    refusal: str
    expiration_month: str
    expiration_year: str
    cardholder_name: str | None = None

    def is_expired(self, now: datetime) -> bool:
        """Return whether the month of expiry is over."""
        return (int(self.expiration_year), int(self.expiration_month)) < (now.year, now.month)


def from_json(values: dict[str, Any]) -> Card:
    """Return the card that was kept as JSON."""
    return Card(**values)


def to_json(card: Card) -> dict[str, Any]:
    """Return the card as it is kept in JSON."""
    return dict(vars(card))


def from_number(number: str, month: str, year: str, *, refusal: str = "", name: str | None = None) -> Card:
    """Return the card with that number, which must be digits only."""
    return Card(
        bin=number[:8],
        last_4=number[-4:],
        card_type=card_numbers.brand(number),
        fingerprint=card_numbers.fingerprint(number),
        customer_location=card_numbers.location(number),
        issuer=card_numbers.facts(number),
        refusal=refusal or card_numbers.verification_refusal(number),
        expiration_month=month,
        expiration_year=year,
        cardholder_name=name,
    )


def read(params: Params, errors: Errors) -> Card | None:
    """Return the card that a request describes by its number, or add errors and return None."""
    number = _read_number(params.text("number"), errors)
    expiry = _read_expiry(params, errors)
    name = _read_name(params, errors)
    check_cvv(params.text("cvv"), card_numbers.brand(number or ""), errors)
    if number is None or expiry is None:
        return None
    return from_number(number, *expiry, name=name)


def amend(card: Card, params: Params, errors: Errors) -> Card:
    """Return the card with what the request gives of number, expiry and name in place of its own."""
    if params.text("number"):
        number = _read_number(params.text("number"), errors)
        if number is not None:
            fresh = from_number(number, card.expiration_month, card.expiration_year)
            card = replace(fresh, cardholder_name=card.cardholder_name)
    if any(params.text(name) for name in _EXPIRY):
        expiry = _read_expiry(_with_rest_of_expiry(card, params), errors)
        if expiry is not None:
            card = replace(card, expiration_month=expiry[0], expiration_year=expiry[1])
    if "cardholder_name" in params:
        card = replace(card, cardholder_name=_read_name(params, errors))
    check_cvv(params.text("cvv"), card.card_type, errors)
    return card


def check_cvv(cvv: str | None, card_type: str, errors: Errors) -> None:
    """Add an error if there is a CVV, and it cannot be one of such a card."""
    if cvv is None:
        return
    # A card whose number is wrong has no known type, so both lengths pass.
    lengths = {CreditCard.CardType.AmEx: (4,), CreditCard.CardType.Unknown: (3, 4)}.get(card_type, (3,))
    if not (cvv.isascii() and cvv.isdigit() and len(cvv) in lengths):
        errors.add("cvv", _CODES.CvvIsInvalid)


def show(card: Card, now: datetime, *, extended: bool = False) -> dict[str, Any]:
    """Return the elements of a card that are the same wherever a card is shown.

    With ``extended`` it has eight visible digits in front, as cards on transactions have.
    """
    shown: dict[str, Any] = {
        "bin": card.bin[:6],
        "last_4": card.last_4,
        "card_type": card.card_type,
        "cardholder_name": card.cardholder_name,
        "expiration_month": card.expiration_month,
        "expiration_year": card.expiration_year,
        "expired": card.is_expired(now),
        "customer_location": card.customer_location,
        "image_url": card_numbers.logo_url(card.card_type),
        "unique_number_identifier": card.fingerprint,
        "is_network_tokenized": False,
        "venmo_sdk": False,
        "account_type": "debit" if card.issuer["debit"] == "Yes" else "credit",
        **card.issuer,
    }
    if extended:
        shown["bin_extended"] = card.bin
    return shown


def _read_number(text: str | None, errors: Errors) -> str | None:
    if text is None:
        errors.add("number", _CODES.NumberIsRequired)
        return None
    number = card_numbers.digits(text)
    if not 12 <= len(number) <= 19:
        errors.add("number", _CODES.NumberHasInvalidLength)
        return None
    if not card_numbers.has_valid_check_digit(number):
        errors.add("number", _CODES.NumberIsInvalid)
        return None
    return number


def _read_name(params: Params, errors: Errors) -> str | None:
    name = params.text("cardholder_name")
    if name is not None and len(name) > 175:
        errors.add("cardholder_name", _CODES.CardholderNameIsTooLong)
    return name


def _with_rest_of_expiry(card: Card, params: Params) -> Params:
    """Return the request with the card's own month or year where it changes only the other."""
    if params.text("expiration_date"):
        return params
    own = {"expiration_month": card.expiration_month, "expiration_year": card.expiration_year}
    return Params({name: params.text(name) or value for name, value in own.items()})


def _read_expiry(params: Params, errors: Errors) -> tuple[str, str] | None:
    """Return month and year as two and four digits, or add errors and return None."""
    whole, month, year = (params.text(name) for name in _EXPIRY)
    if whole is not None:
        if month is not None or year is not None:
            errors.add("expiration_date", _CODES.ExpirationDateConflict)
            return None
        return _split_expiry(whole, errors)
    if month is None and year is None:
        errors.add("expiration_date", _CODES.ExpirationDateIsRequired)
        return None
    good_month, good_year = _month(month or ""), _year(year or "")
    if good_month is None:
        errors.add("expiration_month", _CODES.ExpirationMonthIsInvalid)
    if good_year is None:
        errors.add("expiration_year", _CODES.ExpirationYearIsInvalid)
    return (good_month, good_year) if good_month and good_year else None


def _split_expiry(whole: str, errors: Errors) -> tuple[str, str] | None:
    month_text, _, year_text = whole.partition("/")
    month, year = _month(month_text), _year(year_text)
    if month is None or not year_text.strip().isdigit():
        errors.add("expiration_date", _CODES.ExpirationDateIsInvalid)
    elif year is None:
        errors.add("expiration_date", _CODES.ExpirationDateYearIsInvalid)
    else:
        return month, year
    return None


def _month(text: str) -> str | None:
    text = text.strip()
    if len(text) > 2 or not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 12:
        return None
    return text.zfill(2)


def _year(text: str) -> str | None:
    text = text.strip()
    if len(text) not in (2, 4) or not (text.isascii() and text.isdigit()):
        return None
    year = int(text) + (2000 if len(text) == 2 else 0)
    return str(year) if 1975 <= year <= 2201 else None
