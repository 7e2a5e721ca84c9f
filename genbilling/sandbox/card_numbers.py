"""Card numbers: brands, check digits, and what Braintree's test numbers are known for."""

from __future__ import annotations

import base64
import hashlib
import re

from braintree import CreditCard
from braintree.test.credit_card_numbers import CreditCardNumbers

_BRAND = CreditCard.CardType

# First match wins. A pattern is matched against the start of the number.
_BRANDS: tuple[tuple[str, str], ...] = (
    (r"5066|5067|4576|4011|6363", _BRAND.Elo),
    (r"637095|637568|637599|637609|637612", _BRAND.Hiper),
    (r"606282", _BRAND.Hipercard),
    (r"4", _BRAND.Visa),
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", _BRAND.MasterCard),
    (r"3[47]", _BRAND.AmEx),
    (r"6011|64[4-9]|65|62212[6-9]|6221[3-9]|622[2-8]|6229[01]|62292[0-5]", _BRAND.Discover),
    (r"62|81", _BRAND.ChinaUnionPay),
    (r"352[89]|35[3-8]", _BRAND.JCB),
    (r"30[0-5]|36|38|39", _BRAND.DinersClubInternational),
    (r"50|5[6-9]|6", _BRAND.Maestro),
)

_LOGOS = {
    _BRAND.AmEx: "american_express",
    _BRAND.DinersClubInternational: "diners_club",
    _BRAND.ChinaUnionPay: "unionpay",
}

INDICATORS = (
    "business",
    "commercial",
    "consumer",
    "corporate",
    "debit",
    "durbin_regulated",
    "healthcare",
    "payroll",
    "prepaid",
    "prepaid_reloadable",
    "purchase",
)

_INDICATOR_NUMBERS = {
    CreditCardNumbers.CardTypeIndicators.Business: {"business": "Yes"},
    CreditCardNumbers.CardTypeIndicators.Commercial: {"commercial": "Yes"},
    CreditCardNumbers.CardTypeIndicators.Consumer: {"consumer": "Yes"},
    CreditCardNumbers.CardTypeIndicators.Corporate: {"corporate": "Yes"},
    CreditCardNumbers.CardTypeIndicators.CountryOfIssuance: {"country_of_issuance": "USA"},
    CreditCardNumbers.CardTypeIndicators.Debit: {"debit": "Yes"},
    CreditCardNumbers.CardTypeIndicators.DurbinRegulated: {"durbin_regulated": "Yes"},
    CreditCardNumbers.CardTypeIndicators.Healthcare: {"healthcare": "Yes"},
    CreditCardNumbers.CardTypeIndicators.IssuingBank: {"issuing_bank": "NETWORK ONLY"},
    CreditCardNumbers.CardTypeIndicators.No: dict.fromkeys(INDICATORS, "No"),
    CreditCardNumbers.CardTypeIndicators.Payroll: {"payroll": "Yes"},
    CreditCardNumbers.CardTypeIndicators.Prepaid: {"prepaid": "Yes"},
    CreditCardNumbers.CardTypeIndicators.PrepaidReloadable: {"prepaid_reloadable": "Yes"},
    CreditCardNumbers.CardTypeIndicators.Purchase: {"purchase": "Yes"},
    CreditCardNumbers.VisaPrepaid: {"prepaid": "Yes"},
    # The Canadian card behind fake-valid-country-of-issuance-cad-nonce.
    "4012000033330125": {"country_of_issuance": "CAN"},
}

_INTERNATIONAL = (CreditCardNumbers.VisaInternational, CreditCardNumbers.MasterCardInternational)

_FAILS = CreditCardNumbers.FailsSandboxVerification
# What the processor answers to a verification of these.
_FAIL_VERIFICATION = {
    _FAILS.AmEx: "2000",
    _FAILS.Discover: "2000",
    _FAILS.MasterCard: "2000",
    _FAILS.Visa: "2000",
}


def digits(number: str) -> str:
    """Return the digits of a number as typed, without the spaces and dashes between them."""
    return re.sub(r"[^0-9]", "", number)


def has_valid_check_digit(number: str) -> bool:
    """Return whether the digits pass the Luhn check."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def brand(number: str) -> str:
    """Return the card type, as the SDK names it."""
    return next((name for pattern, name in _BRANDS if re.match(pattern, number)), _BRAND.Unknown)


def logo_url(card_type: str) -> str:
    """Return the address of the picture that goes with a card type."""
    name = _LOGOS.get(card_type, card_type.lower())
    return f"https://assets.braintreegateway.com/payment_method_logo/{name}.png?environment=development"


def location(number: str) -> str:
    """Return whether the issuer of a number is in the United States or elsewhere."""
    places = CreditCard.CustomerLocation
    return places.International if number in _INTERNATIONAL else places.US


def facts(number: str) -> dict[str, str]:
    """Return what the issuer tells about a number: kinds of card, country, bank."""
    unknown = dict.fromkeys((*INDICATORS, "country_of_issuance", "issuing_bank", "product_id"), "Unknown")
    return {**unknown, **_INDICATOR_NUMBERS.get(number, {})}


def verification_refusal(number: str) -> str:
    """Return the processor's code if a verification of the number fails, else empty text."""
    return _FAIL_VERIFICATION.get(number, "")


def fingerprint(number: str) -> str:
    """Return 32 characters that are the same for the same number, and from which it cannot be read."""
    digest = hashlib.sha256(b"genbilling sandbox card " + number.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:32]
