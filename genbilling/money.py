"""Amounts of money: the one door through which a value becomes one.

An amount is a ``Decimal`` with two places, whatever its currency: in yen it ends in ".00". Sums of different
currencies never meet, since one project bills in one, ``GENBILLING["CURRENCY"]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from .exceptions import BadMoney, shown

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
MAX_DIGITS = 12
DECIMAL_PLACES = 2
# A sum of many amounts may have more digits than each of them.
MAX_TOTAL_DIGITS = 18
LIMIT = Decimal(10) ** (MAX_DIGITS - DECIMAL_PLACES)

# ISO 4217, 2026: currencies whose unit is not divided, and those that have more places than the books.
WHOLE = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV")
) | {"XAF", "XOF", "XPF"}
TOO_FINE = frozenset(("BHD", "CLF", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "UYW"))


def places(currency: str) -> int:
    """Return how many decimals amounts in `currency` have; two where it is empty, and not known."""
    return 0 if currency in WHOLE else DECIMAL_PLACES


def to_money(value: Decimal | int | str, currency: str) -> Decimal:
    """Return `value` as an amount, rounded half up to the decimals of `currency`.

    Raises:
        BadMoney: `value` is a float (binary fractions lose cents), is not a number, or has more than ten
            digits before the point.
    """
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise BadMoney(
            f"{shown(value)} is a {type(value).__name__}, not an amount of money: "
            'give a Decimal or a string such as "9.99".'
        )
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise BadMoney(f'{shown(value)} is not an amount of money: write it like "9.99".') from error
    if not amount.is_finite() or abs(amount) >= LIMIT:
        raise BadMoney(f"{shown(value)} is not an amount of money below {LIMIT:,}.")
    rounded = to_cents(_rounded(amount, currency))
    if abs(rounded) >= LIMIT:
        raise BadMoney(f"{shown(value)} is not an amount of money below {LIMIT:,}.")
    return rounded


def to_cents(amount: Decimal) -> Decimal:
    """Return `amount` rounded half up to two places; zero has no sign."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP) or ZERO


def written(amount: Decimal, currency: str) -> str:
    """Return `amount` with the decimals of `currency`, as the gateway wants it and people read it.

    Never as another amount: one that has more decimals than `currency` keeps them.
    """
    return str(_rounded(amount, currency) if fits(amount, currency) else to_cents(amount))


def fits(amount: Decimal, currency: str) -> bool:
    """Return whether `amount` has no more decimals than `currency`."""
    return _rounded(amount, currency) == amount


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places(currency)), rounding=ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of `amounts`, 0.00 for none."""
    return sum(amounts, ZERO)
