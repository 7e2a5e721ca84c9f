"""What is owed, computed purely: values in, frozen lines out; no database, no clock.

The texts are in the active language: whoever puts a line on an invoice chooses that of invoices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from . import periods
from .money import to_money

MAX_LINE = 255


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an invoice: what for, and how much."""

    description: str
    amount: Decimal


def flat_rate(description: str, rate: Decimal, period: int, *, currency: str) -> Line:
    """Return the line for a whole month of a product."""
    return Line(description=f"{description}, {periods.label(period)}", amount=to_money(rate, currency))


def first_flat_rate(description: str, rate: Decimal, added: date, *, prorated: bool, currency: str) -> Line:
    """Return the line for the month in which a product was added.

    Prorated, it is charged by days, the day of adding included: the last day of a month costs one day.
    """
    period = periods.period_of(added)
    if not prorated or added.day == 1:
        return flat_rate(description, rate, period, currency=currency)
    days = periods.days_in(period)
    owed = days - added.day + 1
    part = _("%(owed)s of %(days)s days") % {"owed": owed, "days": days}
    return Line(
        description=f"{description}, {periods.label(period)} ({part})",
        amount=to_money(rate * owed / days, currency),
    )


def steps(description: str, cost: Decimal, step: int, amount: int, *, currency: str) -> Line:
    """Return the line for `amount` steps of `step` units each, at `cost` a step."""
    added = _("%(amount)s × %(step)s added") % {"amount": amount, "step": step}
    return Line(description=f"{description}, {added}", amount=to_money(cost * amount, currency))
