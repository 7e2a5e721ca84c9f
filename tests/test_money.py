"""Amounts: rounded half up to their currency's places, and never a float."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genbilling.exceptions import BadMoney
from genbilling.money import CENT, LIMIT, WHOLE, ZERO, places, to_money, total, written

USD, YEN = "USD", "JPY"

amounts = st.decimals(-(LIMIT - 1), LIMIT - 1, allow_nan=False, allow_infinity=False, places=None)
cents = st.integers(-(10**12) + 1, 10**12 - 1).map(lambda n: Decimal(n).scaleb(-2))


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("9.99", "9.99"),
        ("0", "0.00"),
        (" 9.99 ", "9.99"),
        (10, "10.00"),
        (-3, "-3.00"),
        ("0.005", "0.01"),
        ("0.004999999999999999999999999999999999", "0.00"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),
        ("-0.005", "-0.01"),
        (Decimal("2.675"), "2.68"),
        (Decimal(1) / 3, "0.33"),
        ("1e3", "1000.00"),
        ("9999999999.99", "9999999999.99"),
        ("-9999999999.994", "-9999999999.99"),
    ],
)
def test_a_value_becomes_an_amount_with_two_places(value, amount):
    assert str(to_money(value, USD)) == amount


@given(st.integers(-(10**13) + 10**4, 10**13 - 10**4))
def test_half_a_cent_and_more_goes_up_and_less_goes_down(thousandths):
    # The same in whole numbers: away from zero at the half.
    rounded = (abs(thousandths) + 5) // 10 * (1 if thousandths >= 0 else -1)
    assert to_money(Decimal(thousandths).scaleb(-3), USD) == Decimal(rounded).scaleb(-2)


@given(amounts)
def test_an_amount_is_never_more_than_half_a_cent_away(value):
    amount = to_money(value, USD)
    assert abs(amount - value) <= CENT / 2
    assert amount.as_tuple().exponent == -2


@given(cents)
def test_whole_cents_stay_what_they_are_in_every_writing(amount):
    assert to_money(amount, USD) == to_money(str(amount), USD) == amount
    assert to_money(to_money(amount, USD), USD) == amount


@given(amounts, amounts)
def test_rounding_keeps_the_order(one, other):
    low, high = sorted((one, other))
    assert to_money(low, USD) <= to_money(high, USD)


@given(amounts)
def test_a_credit_mirrors_its_charge(value):
    assert to_money(-value, USD) == -to_money(value, USD)


@given(st.floats())
def test_a_float_is_refused_whatever_it_is(value):
    with pytest.raises(
        BadMoney, match=r'is a float, not an amount of money: give a Decimal or a string such as "9\.99"'
    ):
        to_money(value, USD)


@pytest.mark.parametrize("value", [None, True, False, b"9.99", [], (0, (1,), 0), 1j])
def test_what_is_no_number_is_refused_by_its_type(value):
    with pytest.raises(BadMoney, match=f"is a {type(value).__name__}, not an amount of money"):
        to_money(value, USD)


@pytest.mark.parametrize("value", ["", " ", "free", "9,99", "$9.99", "9.99 €", "9.9.9", "0x10", "--1", "1/3"])
def test_a_text_that_is_no_number_is_refused_with_an_example(value):
    with pytest.raises(BadMoney, match=r'is not an amount of money: write it like "9\.99"') as caught:
        to_money(value, USD)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("kind", [str, Decimal])
@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_refused(kind, value):
    with pytest.raises(BadMoney, match="is not an amount of money"):
        to_money(kind(value), USD)


@pytest.mark.parametrize(
    "value", [10**10, -(10**10), "10000000000", "9999999999.995", "-9999999999.995", "1e99999"]
)
def test_more_than_the_books_hold_is_refused(value):
    with pytest.raises(BadMoney, match="is not an amount of money below 10,000,000,000"):
        to_money(value, USD)


@pytest.mark.parametrize(
    ("values", "sum_"), [([], ZERO), (["0.10"] * 3, Decimal("0.30")), (["5", "-7"], Decimal(-2))]
)
def test_a_total_is_exact_and_of_nothing_it_is_zero(values, sum_):
    assert total(Decimal(value) for value in values) == sum_


@given(st.lists(cents, max_size=30))
def test_a_total_does_not_depend_on_the_order(items):
    assert total(items) == total(reversed(items)) == total(sorted(items))


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("666.67", "667.00"),
        ("100.5", "101.00"),
        ("100.4", "100.00"),
        ("-0.5", "-1.00"),
        ("-0.4", "0.00"),
        (7, "7.00"),
    ],
)
def test_yen_are_rounded_to_whole_ones(value, amount):
    assert str(to_money(value, YEN)) == amount


def test_yen_that_are_rounded_to_more_than_the_books_hold_are_refused():
    assert to_money("9999999999.4", YEN) == 9999999999
    with pytest.raises(BadMoney, match="below 10,000,000,000"):
        to_money("9999999999.5", YEN)


@pytest.mark.parametrize(
    ("currency", "text"),
    [(USD, "1234.00"), ("EUR", "1234.00"), ("", "1234.00"), (YEN, "1234"), ("KRW", "1234")],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(currency, text):
    assert written(Decimal("1234.00"), currency) == text


def test_an_amount_is_never_written_as_another_one():
    assert written(Decimal("666.67"), YEN) == "666.67"


@given(amounts, st.sampled_from([USD, "", *sorted(WHOLE)]))
def test_what_is_written_is_the_amount(value, currency):
    amount = to_money(value, currency)
    assert Decimal(written(amount, currency)) == amount
    assert Decimal(written(amount, currency)).as_tuple().exponent == -places(currency)
