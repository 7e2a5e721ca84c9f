"""What missed months come to: every product's every period once, on its invoice, at the terms of its time."""

from decimal import Decimal

import pytest

from genbilling.interface import (
    add_product_to_account,
    remove_product_from_account,
    update_product_terms,
)
from tests.factories import an_owner, at, credit, declare, invoices_of, lines, product, run

pytestmark = pytest.mark.django_db


def filled_in(user):
    """The lines of the closed invoices by their periods."""
    closed = [invoice for invoice in invoices_of(user) if invoice.closed]
    return {invoice.period: lines(invoice) for invoice in closed}


def line(description, amount):
    return (description, Decimal(amount))


def test_missed_months_of_several_products_on_former_terms_sold_anew_and_prorated(settings):
    def declare_at(rate):
        plans = product("PLAN", flat_rate=rate), product("MORE", flat_rate="3.00")
        declare(settings, *plans, PRORATE_FIRST_PERIOD=True)

    declare_at("10.00")
    with at("2026-09-16"):
        user = an_owner("PLAN", "MORE")
    with at("2026-10-05"):
        declare_at("20.00")
        update_product_terms("PLAN", user)
        remove_product_from_account("MORE", user)
    with at("2026-11-05"):
        declare_at("30.00")
        update_product_terms("PLAN", user)
    with at("2026-12-16"):
        add_product_to_account("MORE", user)
    with at("2027-01-01"):
        run("dispatch_invoices")
    assert filled_in(user) == {
        202610: [
            line("The plan, September 2026 (15 of 30 days)", "5.00"),
            line("The more, September 2026 (15 of 30 days)", "1.50"),
            line("The plan, October 2026", "10.00"),
            line("The more, October 2026", "3.00"),
        ],
        202611: [line("The plan, November 2026", "20.00")],
        202612: [line("The plan, December 2026", "30.00")],
        202701: [
            line("The more, December 2026 (16 of 31 days)", "1.55"),
            line("The plan, January 2027", "30.00"),
            line("The more, January 2027", "3.00"),
        ],
    }
    assert [invoice.number for invoice in invoices_of(user) if invoice.closed] == [1, 2, 3, 4]


def test_a_credit_larger_than_the_bills_of_several_missed_months_goes_on_from_one_to_the_next(settings):
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user = an_owner("PLAN")
        credit(user, "55.00", 202610)
    with at("2026-12-01"):
        assert "2 opened, 3 closed (billed 0.00), 3 settled at zero" in run("dispatch_invoices")
    assert filled_in(user) == {
        202610: [
            line("The plan, September 2026", "10.00"),
            line("Credit", "-55.00"),
            line("The plan, October 2026", "10.00"),
            line("Carried over to November 2026", "35.00"),
        ],
        202611: [
            line("Carried over from October 2026", "-35.00"),
            line("The plan, November 2026", "10.00"),
            line("Carried over to December 2026", "25.00"),
        ],
        202612: [
            line("Carried over from November 2026", "-25.00"),
            line("The plan, December 2026", "10.00"),
            line("Carried over to January 2027", "15.00"),
        ],
    }
    [january] = [invoice for invoice in invoices_of(user) if not invoice.closed]
    assert (january.period, lines(january)) == (202701, [line("Carried over from December 2026", "-15.00")])


def test_a_credit_goes_to_the_earliest_invoice_still_open_and_accounts_do_not_mix(settings):
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        first, second = an_owner("PLAN"), an_owner("PLAN")
        credit(first, "100.00", 202610)
        credit(first, "1.00", 202612)
    with at("2026-10-01"):
        run("dispatch_invoices")
    assert lines(invoices_of(first)[-1]) == [
        line("Credit", "-1.00"),
        line("Carried over from October 2026", "-80.00"),
    ]
    assert filled_in(second)[202610][-1] == line("The plan, October 2026", "10.00")
