"""Amounts: text in requests and answers, whole cents everywhere else."""

from __future__ import annotations

import re
from typing import NamedTuple

from braintree import ErrorCodes

from .validation import Errors

# Ten digits before the point: beyond any real amount, and far inside SQLite's 64 bits.
TOO_LARGE = 10_000_000_000_00
# What taxes, discounts and the like must stay under.
MINOR_TOO_LARGE = 21_474_836_48

# Currencies without a smaller unit, of those that Braintree settles in. Their amounts are kept in
# hundredths all the same.
_WHOLE_CURRENCIES = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF")
) | {"XOF", "XPF"}

_FORMAT = re.compile(r"(-?)(\d{1,30})(?:\.(\d{1,2}))?", re.ASCII)


class AmountCodes(NamedTuple):
    """The validation codes that an amount of one kind can end in."""

    wrong_format: str
    negative: str
    too_large: str


TRANSACTION_AMOUNT = AmountCodes(
    ErrorCodes.Transaction.AmountIsInvalid,
    ErrorCodes.Transaction.AmountCannotBeNegative,
    ErrorCodes.Transaction.AmountIsTooLarge,
)


def cents(text: str) -> int | None:
    """Return the amount in cents, or None where the text is not an amount of at most two places."""
    match = _FORMAT.fullmatch(text.strip())
    if match is None:
        return None
    sign, units, hundredths = match.groups()
    amount = int(units) * 100 + int((hundredths or "").ljust(2, "0"))
    return -amount if sign else amount


def show(amount: int, currency: str = "USD") -> str:
    """Return cents as text with two places: 1050 gives "10.50". Currencies without cents have no places."""
    units = str(amount // 100)
    return units if currency in _WHOLE_CURRENCIES else f"{units}.{amount % 100:02}"


def read(
    text: str, attribute: str, codes: AmountCodes, errors: Errors, *, limit: int = TOO_LARGE
) -> int | None:
    """Return the amount in cents, zero included; or add an error and return None."""
    amount = cents(text)
    if amount is None:
        errors.add(attribute, codes.wrong_format)
    elif amount < 0:
        errors.add(attribute, codes.negative)
    elif amount >= limit:
        errors.add(attribute, codes.too_large)
    else:
        return amount
    return None


def read_transaction_amount(text: str | None, errors: Errors, *, currency: str = "USD") -> int:
    """Return the amount of a transaction in cents: above zero, or else an error is added."""
    if text is None:
        errors.add("amount", ErrorCodes.Transaction.AmountIsRequired)
        return 0
    amount = read(text, "amount", TRANSACTION_AMOUNT, errors)
    if amount == 0:
        errors.add("amount", ErrorCodes.Transaction.AmountMustBeGreaterThanZero)
    elif amount and amount % 100 and currency in _WHOLE_CURRENCIES:
        errors.add("amount", ErrorCodes.Transaction.AmountIsInvalid)
    return amount or 0
