"""The figures of the original's own documentation, with first-period proration."""

from decimal import Decimal

import pytest

from genbilling.interface import add_product_to_account, new_account
from tests.factories import a_user, amounts, at, declare, invoice_of, product, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def prices(settings):
    declare(
        settings,
        product("GOLD", flat_rate="75.00"),
        product("SILVER", flat_rate="38.75"),
        product("BRONZE", flat_rate="29.95"),
        PRORATE_FIRST_PERIOD=True,
    )


def test_june_and_the_last_days_of_may_come_to_117_50(prices):
    with at("2012-01-01"):
        user = a_user()
        new_account(user)
        add_product_to_account("GOLD", user)
    with at("2012-05-01"):
        run("dispatch_invoices")
        run("create_invoices")
    with at("2012-05-29"):
        add_product_to_account("SILVER", user)
        assert amounts(invoice_of(user, 201206)) == [Decimal("3.75")]
    with at("2012-06-01"):
        run("dispatch_invoices")
    june = invoice_of(user, 201206)
    assert sorted(amounts(june)) == [Decimal("3.75"), Decimal("38.75"), Decimal("75.00")]
    assert june.get_total_amount() == Decimal("117.50")


def test_a_product_added_on_the_last_day_of_june_costs_one_day_of_it(prices):
    with at("2012-01-01"):
        user = a_user()
        new_account(user)
        add_product_to_account("GOLD", user)
        add_product_to_account("SILVER", user)
    with at("2012-06-30"):
        add_product_to_account("BRONZE", user)
        run("dispatch_invoices")
    with at("2012-07-01"):
        run("dispatch_invoices")
    july = invoice_of(user, 201207)
    assert july.get_total_amount() == Decimal("144.70")
    assert Decimal("1.00") in amounts(july)
