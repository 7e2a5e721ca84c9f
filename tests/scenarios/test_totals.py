"""Invoices without items, of zero, of less than zero."""

from decimal import Decimal

import pytest

from genbilling.interface import add_step_to_product
from genbilling.models import Charge, Invoice
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    credit,
    declare,
    hearing,
    invoice_of,
    lines,
    product,
    run,
    turn_the_month,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"), product("FREE", flat_rate="0"))


@pytest.fixture
def september():
    with at("2026-09-10"):
        yield


def test_an_invoice_without_items_closes_without_a_number_and_is_not_shown(september):
    user = an_owner("FREE", card=GOOD_CARD)
    run("create_invoices")
    with at("2026-10-01"), hearing() as heard:
        run("dispatch_invoices")
    october = invoice_of(user, 202610)
    assert (october.closed, october.number, october.total) == (True, None, Decimal("0.00"))
    assert list(Invoice.objects.numbered()) == []
    assert heard == []
    assert Charge.objects.count() == 0


def test_a_total_of_zero_is_settled_without_the_gateway_and_without_a_signal(september):
    user = an_owner("PLAN")
    credit(user, "20.00", 202610)
    with at("2026-10-01"), hearing() as heard:
        summary = run("dispatch_invoices")
    october = invoice_of(user, 202610)
    assert (october.paid, october.number, october.sent) == (True, 1, False)
    assert heard == []
    assert Charge.objects.count() == 0
    assert "1 settled at zero" in summary


def test_a_credit_larger_than_the_bill_is_carried_over(september):
    user = an_owner("PLAN", card=GOOD_CARD)
    credit(user, "45.00", 202610)
    run("create_invoices")
    with at("2026-10-01"):
        turn_the_month()
    october = invoice_of(user, 202610)
    assert (october.total, october.paid) == (Decimal("0.00"), True)
    assert lines(october)[-1] == ("Carried over to November 2026", Decimal("25.00"))
    with at("2026-11-01"):
        turn_the_month()
    with at("2026-12-01"):
        turn_the_month()
    with at("2027-01-01"):
        turn_the_month()
    november, december, january = (invoice_of(user, period) for period in (202611, 202612, 202701))
    assert lines(november)[0] == ("Carried over from October 2026", Decimal("-25.00"))
    assert amounts(november) == [Decimal("-25.00"), Decimal("10.00"), Decimal("15.00")]
    assert amounts(december) == [Decimal("-15.00"), Decimal("10.00"), Decimal("5.00")]
    assert amounts(january) == [Decimal("-5.00"), Decimal("10.00")]
    assert (january.total, january.paid) == (Decimal("5.00"), True)


def test_a_credit_is_carried_to_the_earliest_open_invoice_though_it_is_due_itself(september):
    user = an_owner("PLAN", card=GOOD_CARD)
    credit(user, "25.00", 202610)
    credit(user, "1.00", 202611)
    with at("2026-11-05"):
        run("dispatch_invoices")
    october, november = invoice_of(user, 202610), invoice_of(user, 202611)
    assert lines(october)[-1] == ("Carried over to November 2026", Decimal("5.00"))
    assert lines(november)[1] == ("Carried over from October 2026", Decimal("-5.00"))
    assert november.total == Decimal("4.00")


def test_numbers_have_no_gaps(september):
    users = [an_owner("PLAN"), an_owner("FREE"), an_owner("PLAN")]
    run("create_invoices")
    add_step_to_product("FREE", users[1])
    with at("2026-11-01"):
        turn_the_month()
    numbers = Invoice.objects.numbered().values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4, 5]
