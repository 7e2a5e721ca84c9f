"""What an operator types: a sum, a memo, their name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .. import conf, money
from ..exceptions import BadInput, BadMoney

MAX_OPERATOR = 150
MAX_MEMO = 255


def positive(amount: Any, currency: str = "") -> Decimal:
    """Return `amount` as a sum of money above zero, in `currency` (empty: ``GENBILLING["CURRENCY"]``).

    Raises:
        BadMoney: it is none.
    """
    value = money.to_money(amount, currency or conf.currency())
    if value <= money.ZERO:
        raise BadMoney(f"The sum is {amount}: it must be above zero.")
    return value


def text(value: Any, name: str, longest: int) -> str:
    """Return `value` without white space around it.

    Raises:
        BadInput: it is no text, empty or too long.
    """
    if not isinstance(value, str) or not value.strip() or len(value.strip()) > longest:
        raise BadInput(f"The {name} is {value!r}: it must be a text of 1 to {longest} characters.")
    return value.strip()
