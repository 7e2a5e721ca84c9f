"""What is owed, computed purely."""

from dataclasses import FrozenInstanceError
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genbilling import pricing
from genbilling.exceptions import BadMoney
from genbilling.money import CENT
from genbilling.periods import days_in, period_of
from genbilling.pricing import Line

rates = st.integers(0, 10**12 - 1).map(lambda n: Decimal(n).scaleb(-2))
days = st.dates(date(1900, 1, 1), date(9998, 12, 31))

flat_rate, first_flat_rate, steps = (
    partial(line, currency="USD") for line in (pricing.flat_rate, pricing.first_flat_rate, pricing.steps)
)


def test_a_whole_month_is_named_and_costs_the_rate():
    assert flat_rate("The plan", Decimal("9.99"), 202612) == Line(
        description="The plan, December 2026", amount=Decimal("9.99")
    )


def test_steps_tell_how_many_of_how_many_units():
    assert steps("The plan", Decimal("7.99"), 1000, 3) == Line(
        description="The plan, 3 × 1000 added", amount=Decimal("23.97")
    )


def test_steps_that_cost_more_than_the_books_hold_are_refused():
    with pytest.raises(BadMoney, match="10,000,000,000"):
        steps("The plan", Decimal("9999999999.99"), 1, 2)


def test_a_line_does_not_change():
    line = flat_rate("The plan", Decimal(1), 202612)
    with pytest.raises(FrozenInstanceError):
        line.amount = Decimal(2)


@pytest.mark.parametrize(
    ("added", "words", "amount"),
    [
        (date(2026, 10, 1), "The plan, October 2026", "31.00"),
        (date(2026, 10, 2), "The plan, October 2026 (30 of 31 days)", "30.00"),
        (date(2026, 10, 31), "The plan, October 2026 (1 of 31 days)", "1.00"),
        (date(2028, 2, 29), "The plan, February 2028 (1 of 29 days)", "1.07"),
    ],
)
def test_the_first_month_is_charged_by_days(added, words, amount):
    line = first_flat_rate("The plan", Decimal("31.00"), added, prorated=True)
    assert (line.description, line.amount) == (words, Decimal(amount))


@given(rates, days)
def test_without_proration_the_first_month_is_a_whole_one(rate, added):
    whole = flat_rate("The plan", rate, period_of(added))
    assert first_flat_rate("The plan", rate, added, prorated=False) == whole


@given(rates, days)
def test_a_prorated_month_costs_no_more_than_a_whole_one_and_its_share_to_half_a_cent(rate, added):
    line = first_flat_rate("The plan", rate, added, prorated=True)
    assert 0 <= line.amount <= rate
    month = days_in(period_of(added))
    share = rate * (month - added.day + 1) / month
    assert abs(line.amount - share) <= CENT / 2


@given(rates, st.dates(date(1900, 1, 1), date(9998, 12, 30)))
def test_whoever_comes_a_day_later_in_the_month_pays_no_more(rate, added):
    later = date.fromordinal(added.toordinal() + 1)
    if later.month == added.month:
        first, second = (
            first_flat_rate("The plan", rate, day, prorated=True).amount for day in (added, later)
        )
        assert second <= first


def test_the_longest_description_of_a_product_fits_on_a_line():
    longest = "x" * 200
    for line in (
        first_flat_rate(longest, Decimal(1), date(2026, 9, 2), prorated=True),
        steps(longest, Decimal(0), 2**31 - 1, 2**31 - 1),
    ):
        assert len(line.description) <= pricing.MAX_LINE


def test_a_share_of_yen_is_rounded_to_whole_ones():
    added, rate = date(2026, 9, 11), Decimal(1000)
    line = pricing.first_flat_rate("The plan", rate, added, prorated=True, currency="JPY")
    assert line.amount == Decimal(667)
