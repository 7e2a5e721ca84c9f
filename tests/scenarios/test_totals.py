"""Invoices without items, of zero, of less than zero."""

import re
from decimal import Decimal

import pytest

from genbilling.interface import (
    activate_account,
    add_credit,
    add_debit,
    add_step_to_product,
    cancel_account,
)
from genbilling.models import Charge, Invoice, Product
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    credit,
    declare,
    hearing,
    invoice_of,
    invoices_of,
    lines,
    product,
    run,
    turn_the_month,
)
from tests.scenarios.calls import SAID

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


# A credit to which nothing will come


def dispatch(moment):
    """Dispatch at that moment, after a dry run that foretells the same."""
    with at(moment):
        foretold, done = run("dispatch_invoices", dry_run=True), run("dispatch_invoices")
    assert closed(foretold) == closed(done)
    return done


def closed(summary):
    return re.search(r"\d+ closed .* settled at zero", summary).group()


def closed_ones(user):
    return [(one.period, one.number) for one in invoices_of(user) if one.closed]


@pytest.fixture
def cancelled(september):
    """An account that was cancelled in September and paid what it owed."""
    user = an_owner("PLAN", card=GOOD_CARD)
    cancel_account(user)
    with at("2026-10-01"):
        run("dispatch_invoices")
    return user


def test_a_credit_on_a_cancelled_account_waits_on_its_open_invoice(cancelled):
    with at("2026-10-15"):
        add_credit(cancelled, "5.00", **SAID)
    for moment in ("2026-11-01", "2026-12-01", "2027-03-01"):
        assert "0 closed (billed 0.00), 0 settled at zero" in dispatch(moment)
    assert closed_ones(cancelled) == [(202610, 1)]
    assert amounts(invoice_of(cancelled, 202611)) == [Decimal("-5.00")]


def test_it_is_taken_off_what_the_account_has_to_pay_later(cancelled):
    with at("2026-10-15"):
        add_credit(cancelled, "5.00", **SAID)
    with at("2026-12-15"):
        add_debit(cancelled, "40.00", **SAID)
    assert "0 closed" in dispatch("2026-12-20")
    assert "2 closed (billed 35.00)" in dispatch("2027-01-01")
    assert amounts(invoice_of(cancelled, 202701)) == [Decimal("40.00"), Decimal("-5.00")]
    assert invoice_of(cancelled, 202701).paid


def test_it_is_used_up_when_the_account_is_active_again(cancelled):
    with at("2026-10-15"):
        add_credit(cancelled, "15.00", **SAID)
    dispatch("2026-11-01")
    with at("2026-12-15"):
        activate_account(cancelled)
    # With December's, which an active account has, too.
    assert "3 closed (billed 5.00), 2 settled at zero" in dispatch("2027-01-01")
    assert sum(amounts(invoice_of(cancelled, 202701))) == Decimal("5.00")


def test_what_is_left_of_a_credit_waits_where_it_was_carried_over_to(cancelled):
    with at("2026-10-15"):
        add_debit(cancelled, "3.00", **SAID)
        add_credit(cancelled, "10.00", **SAID)
    assert "1 closed (billed 0.00), 1 settled at zero" in dispatch("2026-11-01")
    assert "0 closed" in dispatch("2026-12-01")
    assert amounts(invoice_of(cancelled, 202612)) == [Decimal("-7.00")]
    assert "0 closed" in dispatch("2027-01-01")


def test_in_a_late_run_it_waits_on_the_first_invoice_on_which_nothing_is_to_pay(cancelled):
    account = cancelled.genbilling_account
    for period in (202611, 202612, 202701):
        Invoice.objects.create(account=account, period=period)
    with at("2026-10-15"):
        add_debit(cancelled, "3.00", **SAID)
        add_credit(cancelled, "10.00", **SAID)
    assert "2 closed (billed 0.00), 2 settled at zero" in dispatch("2027-01-05")
    assert closed_ones(cancelled) == [(202610, 1), (202611, 2), (202701, None)]
    assert amounts(invoice_of(cancelled, 202612)) == [Decimal("-7.00")]


def test_two_credits_wait_each_on_its_invoice(cancelled):
    for period in (202611, 202612):
        credit(cancelled, "2.00", period)
    assert "0 closed" in dispatch("2027-01-01")
    assert closed_ones(cancelled) == [(202610, 1)]


def test_the_last_periods_are_billed_and_the_credit_after_them_waits(september):
    user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-05"):
        cancel_account(user)
        add_credit(user, "50.00", **SAID)
    # September's rate and October's; the credit is on November's.
    assert "1 closed (billed 20.00), 0 settled at zero" in dispatch("2026-11-01")
    assert "0 closed" in dispatch("2026-12-01")
    assert amounts(invoice_of(user, 202611)) == [Decimal("-50.00")]


def test_while_a_product_has_a_period_left_to_fill_in_a_credit_does_not_wait(september):
    user = an_owner("FREE", card=GOOD_CARD)
    credit(user, "15.00", 202610)
    with at("2026-09-20"):
        cancel_account(user)
    # As somebody leaves it who changes the books by hand: a period is left to fill in.
    Product.objects.update(last_period=202611)
    assert "1 closed (billed 0.00), 1 settled at zero" in dispatch("2026-10-01")


def test_a_credit_on_a_trial_waits_for_its_end(september):
    user = an_owner("PLAN", card=GOOD_CARD, trial=True)
    add_credit(user, "15.00", **SAID)
    for moment in ("2026-10-01", "2026-11-01"):
        assert "0 closed" in dispatch(moment)
    with at("2026-11-15"):
        activate_account(user)
    dispatch("2026-12-01")
    assert invoice_of(user, 202612).total == Decimal("5.00")


def test_numbers_have_no_gaps(september):
    users = [an_owner("PLAN"), an_owner("FREE"), an_owner("PLAN")]
    run("create_invoices")
    add_step_to_product("FREE", users[1])
    with at("2026-11-01"):
        turn_the_month()
    numbers = Invoice.objects.numbered().values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4, 5]
