"""The order id under which the gateway knows a sale of ours: it says whose the sale is."""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "genbilling-"

# The shorter form is that of charges made before installations had names.
_FORM = re.compile(
    r"genbilling-(?:(?P<installation>[a-z0-9]{12})-(?P<customer_id>.{1,36})-(?P<period>[0-9]{6})-)?"
    r"(?P<key>[0-9a-f]{32})"
)


@dataclass(frozen=True, kw_only=True)
class OrderId:
    """What an order id says; of the shorter form the key alone, and else nothing."""

    key: str
    installation: str = ""
    customer_id: str = ""
    period: int | None = None


def make(installation: str, customer_id: str, period: int, key: str) -> str:
    """Return the order id of a new charge."""
    return f"{of_invoice(installation, customer_id, period)}{key}"


def of_invoice(installation: str, customer_id: str, period: int) -> str:
    """Return what the order ids of all charges of an account's invoice of `period` (YYYYMM) begin with."""
    return f"{of_installation(installation)}{customer_id}-{period}-"


def of_installation(installation: str) -> str:
    """Return what the order ids of all charges of an installation begin with."""
    return f"{PREFIX}{installation}-"


def read(order_id: str) -> OrderId | None:
    """Return what `order_id` says, or None: it is none of genbilling's."""
    found = _FORM.fullmatch(order_id)
    if found is None:
        return None
    period = found["period"]
    return OrderId(
        key=found["key"],
        installation=found["installation"] or "",
        customer_id=found["customer_id"] or "",
        period=int(period) if period else None,
    )
