"""Billing periods: the one place that does month arithmetic.

A period is a calendar month, shown and stored as the int ``YYYYMM``: December 2026 is ``202612``. Its days
are counted in the project's default time zone (``TIME_ZONE``), never in one that a middleware activated for
a visitor.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache

from dateutil.relativedelta import relativedelta
from django.utils import dateformat, timezone

from .exceptions import BadInput, BadPeriod


def today(moment: datetime | None = None) -> date:
    """Return the project's calendar day at `moment` (an aware datetime; now, if not given)."""
    return timezone.localdate(moment, timezone=timezone.get_default_timezone())


def get_current_billing_period() -> int:
    """Return the period that today is in, as ``YYYYMM``."""
    return period_of(today())


def get_next_billing_period() -> int:
    """Return the period after the one that today is in, as ``YYYYMM``."""
    return next_period(get_current_billing_period())


def period_of(day: date) -> int:
    """Return the period that `day` is in."""
    return day.year * 100 + day.month


def first_day(period: int) -> date:
    """Return the first day of `period`.

    Raises:
        BadPeriod: `period` is not a month.
    """
    try:
        return date(period // 100, period % 100, 1)
    except ValueError as error:
        raise BadPeriod(f"{period} is not a period: write the month as YYYYMM, e.g. 202612.") from error


def days_in(period: int) -> int:
    """Return how many days `period` has: 28 to 31."""
    first = first_day(period)
    return calendar.monthrange(first.year, first.month)[1]


@lru_cache
def next_period(period: int) -> int:
    """Return the period after `period`: 202701 for 202612."""
    return period_of(first_day(period) + relativedelta(months=1))


@lru_cache
def previous_period(period: int) -> int:
    """Return the period before `period`: 202612 for 202701."""
    return period_of(first_day(period) - relativedelta(months=1))


def from_to(first: int, last: int) -> Iterator[int]:
    """Yield the periods from `first` to `last`, both included; none if `first` is the later one."""
    period = first
    while period <= last:
        yield period
        period = next_period(period)


def parse_period(text: str) -> int:
    """Return the period written as `text`.

    Raises:
        BadPeriod: `text` is not six digits that name a month of the years 1900 to 9998.
    """
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        raise BadPeriod(f"{text!r} is not a period: write the month as YYYYMM, e.g. 202612.")
    period = int(text)
    first_day(period)
    if not 190000 < period < 999900:
        raise BadPeriod(f"{text!r} is not a period of the years 1900 to 9998.")
    return period


def parse_day(text: str) -> date:
    """Return the day written as `text`.

    Raises:
        BadInput: `text` is not a day of the years 1900 to 9998, as ISO 8601 writes it.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a day: write it as YYYY-MM-DD.") from error
    if not 1900 <= day.year <= 9998:
        raise BadInput(f"{text!r} is not a day of the years 1900 to 9998.")
    return day


def label(period: int) -> str:
    """Return `period` in words, in the active language: ``December 2026``."""
    return dateformat.format(first_day(period), "F Y")
