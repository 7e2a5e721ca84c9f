"""Periods: months of the project's own calendar, whoever looks at it from wherever."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from genbilling.exceptions import BadPeriod
from genbilling.interface import add_product_to_account
from genbilling.models import Invoice
from genbilling.periods import (
    days_in,
    first_day,
    from_to,
    get_current_billing_period,
    get_next_billing_period,
    label,
    next_period,
    parse_period,
    period_of,
    previous_period,
    today,
)
from tests.factories import amounts, an_owner, at, declare, lines, product

FAR_EAST, FAR_WEST = "Pacific/Kiritimati", "Pacific/Niue"  # 14 hours before UTC, 11 behind it
NOT_PERIODS = [
    "",
    "december",
    "2026-12",
    "20261",
    "2026123",
    "202600",
    "202613",
    "202699",
    "000001",
    "000000",
]

days = st.dates(date(1900, 2, 1), date(9998, 11, 30))


# Arithmetic


@pytest.mark.parametrize(
    ("day", "current", "following"),
    [
        ("2026-01-31", 202601, 202602),
        ("2028-02-29", 202802, 202803),
        ("2026-02-28", 202602, 202603),
        ("2026-12-01", 202612, 202701),
        ("2026-12-31", 202612, 202701),
        ("2027-01-01", 202701, 202702),
        ("2026-10-31", 202610, 202611),
        ("2099-12-31", 209912, 210001),
    ],
)
def test_the_current_period_and_the_next_one(day, current, following):
    with at(day):
        assert get_current_billing_period() == current
        assert get_next_billing_period() == following


@pytest.mark.parametrize(
    ("period", "days"),
    [
        (202601, 31),
        (202602, 28),
        (202802, 29),
        (200002, 29),
        (210002, 28),
        (202604, 30),
        (202612, 31),
    ],
)
def test_how_many_days_a_period_has(period, days):
    assert days_in(period) == days


@given(days)
def test_the_next_period_begins_the_day_after_the_last_one(day):
    period = period_of(day)
    assert first_day(period) == day.replace(day=1)
    assert first_day(next_period(period)) == first_day(period) + timedelta(days=days_in(period))
    assert previous_period(next_period(period)) == period


@given(days)
def test_a_period_reads_as_it_is_written(day):
    period = period_of(day)
    assert parse_period(str(period)) == period


@given(days, st.integers(0, 40))
def test_the_periods_from_one_to_another_follow_each_other(day, months):
    first = last = period_of(day.replace(year=min(day.year, 9900)))
    for _ in range(months):
        last = next_period(last)
    found = list(from_to(first, last))
    assert (found[0], found[-1], len(found)) == (first, last, months + 1)
    assert found == sorted(set(found))


def test_there_are_no_periods_from_a_later_one_to_an_earlier_one():
    assert list(from_to(202701, 202612)) == []
    assert list(from_to(202611, 202702)) == [202611, 202612, 202701, 202702]


@pytest.mark.parametrize(
    "text", [*NOT_PERIODS, "189912", "999901", "٢٠٢٦١٢", "+20261", "2026.1", " 202612", "202612\n"]
)
def test_a_text_that_is_no_period_is_refused_by_name(text):
    with pytest.raises(BadPeriod, match="is not a period"):
        parse_period(text)


@pytest.mark.parametrize("period", [0, 12, 202600, 202613, -202612, 2026123, 10**9])
@pytest.mark.parametrize("ask", [first_day, days_in, next_period, previous_period, label])
def test_a_number_that_is_no_month_is_refused_with_how_to_write_one(ask, period):
    with pytest.raises(BadPeriod, match=f"{period} is not a period: write the month as YYYYMM, e.g. 202612"):
        ask(period)


def test_an_invoice_has_a_period(db):
    user = an_owner()
    with pytest.raises(BadPeriod, match="202613"):
        Invoice(account=user.genbilling_account, period=202613).save()
    assert not Invoice.objects.exists()


def test_a_label_speaks_the_language_of_the_moment():
    assert label(202612) == "December 2026"
    with translation.override("de"):
        assert label(202612) == "Dezember 2026"
    with translation.override("fr"):
        assert label(202602) == "février 2026"


# Time zones


@pytest.mark.parametrize(
    ("zone", "moment", "period"),
    [
        (FAR_EAST, "2026-12-31 09:59", 202612),
        (FAR_EAST, "2026-12-31 10:00", 202701),
        (FAR_WEST, "2027-01-01 10:59", 202612),
        (FAR_WEST, "2027-01-01 11:00", 202701),
        ("UTC", "2026-12-31 23:59", 202612),
        ("UTC", "2027-01-01 00:00", 202701),
        ("America/New_York", "2027-01-01 04:59", 202612),
        ("America/New_York", "2026-11-01 03:59", 202610),
        ("America/New_York", "2026-11-01 04:00", 202611),
    ],
)
@pytest.mark.parametrize("visitor", [None, FAR_EAST, FAR_WEST])
def test_the_month_turns_at_midnight_of_the_project_and_of_no_visitor(
    settings, zone, moment, period, visitor
):
    settings.TIME_ZONE = zone
    with at(moment, "UTC"), timezone.override(visitor):
        assert get_current_billing_period() == period
        assert get_next_billing_period() == next_period(period)
        assert period_of(today()) == period


def test_the_day_of_a_moment_is_the_projects_too(settings):
    settings.TIME_ZONE = FAR_EAST
    assert today(datetime(2026, 12, 31, 12, tzinfo=UTC)) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("zone", "moment", "period", "owed"),
    [
        # In both cases it is another day, and another month, in UTC.
        (FAR_EAST, "2026-10-31 12:00", 202612, "30.00"),
        (FAR_WEST, "2026-11-01 09:00", 202611, "1.00"),
    ],
)
@pytest.mark.parametrize("visitor", [None, FAR_EAST, FAR_WEST, "UTC"])
@pytest.mark.django_db
def test_a_visitors_time_zone_has_no_influence_on_what_is_charged(
    settings, zone, moment, period, owed, visitor
):
    settings.TIME_ZONE = zone
    rate = "30.00" if zone == FAR_EAST else "31.00"
    declare(settings, product("PLAN", flat_rate=rate), PRORATE_FIRST_PERIOD=True)
    with at(moment, "UTC"), timezone.override(visitor):
        an_owner("PLAN")
    invoice = Invoice.objects.get()
    assert (invoice.period, amounts(invoice)) == (period, [Decimal(owed)])


# The first period by days


@pytest.mark.parametrize(
    ("day", "rate", "line"),
    [
        ("2026-10-01", "31.00", ("The plan, October 2026", "31.00")),
        ("2026-10-02", "31.00", ("The plan, October 2026 (30 of 31 days)", "30.00")),
        ("2026-10-31", "31.00", ("The plan, October 2026 (1 of 31 days)", "1.00")),
        ("2028-02-29", "29.00", ("The plan, February 2028 (1 of 29 days)", "1.00")),
        ("2028-02-01", "29.00", ("The plan, February 2028", "29.00")),
        ("2027-02-28", "28.00", ("The plan, February 2027 (1 of 28 days)", "1.00")),
        ("2026-12-31", "31.00", ("The plan, December 2026 (1 of 31 days)", "1.00")),
        ("2026-10-31", "0.31", ("The plan, October 2026 (1 of 31 days)", "0.01")),
        ("2026-10-22", "10.00", ("The plan, October 2026 (10 of 31 days)", "3.23")),
    ],
)
@pytest.mark.django_db
def test_the_first_month_is_charged_by_days_the_day_of_adding_included(settings, day, rate, line):
    declare(settings, product("PLAN", flat_rate=rate), PRORATE_FIRST_PERIOD=True)
    with at(day):
        user = an_owner()
        add_product_to_account("PLAN", user)
    assert lines(Invoice.objects.get()) == [(line[0], Decimal(line[1]))]


@pytest.mark.django_db
def test_a_day_that_costs_less_than_half_a_cent_puts_nothing_on_the_invoice(settings):
    declare(settings, product("PLAN", flat_rate="0.01"), PRORATE_FIRST_PERIOD=True)
    with at("2026-10-31"):
        an_owner("PLAN")
    assert lines(Invoice.objects.get()) == []
