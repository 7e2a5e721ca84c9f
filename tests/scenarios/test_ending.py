"""Removing a product, cancelling an account: both end with the current period; and coming back."""

from decimal import Decimal

import pytest

from genbilling.interface import (
    activate_account,
    add_product_to_account,
    add_step_to_product,
    cancel_account,
    expire_account,
    remove_product_from_account,
    use_product,
)
from genbilling.models import Account, Product
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    declare,
    invoice_of,
    invoices_of,
    product,
    run,
    turn_the_month,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"))


@pytest.fixture
def owner():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        turn_the_month()
    return user


def total_billed(user):
    return sum(invoice.get_total_amount() for invoice in invoices_of(user))


def test_a_removed_product_is_not_billed_from_the_next_period_on(owner):
    with at("2026-10-20"):
        remove_product_from_account("PLAN", owner)
        assert use_product("PLAN", owner) == 99, "it is paid until the end of the month"
    with at("2026-11-01"):
        turn_the_month()
        assert use_product("PLAN", owner) is False
    assert amounts(invoice_of(owner, 202611)) == []


def test_a_step_that_is_due_stays_when_the_product_is_removed(owner):
    with at("2026-10-20"):
        add_step_to_product("PLAN", owner)
        remove_product_from_account("PLAN", owner)
    with at("2026-11-01"):
        turn_the_month()
    assert amounts(invoice_of(owner, 202611)) == [Decimal("5.00")]


def test_adding_it_again_in_the_same_period_revives_the_same_row_without_a_charge(owner):
    with at("2026-10-20"):
        use_product("PLAN", owner, 30)
        removed = remove_product_from_account("PLAN", owner)
        revived = add_product_to_account("PLAN", owner)
        assert revived.pk == removed.pk
        assert use_product("PLAN", owner) == 69, "what was used stays used"
    assert amounts(invoice_of(owner, 202611)) == []
    with at("2026-11-01"):
        turn_the_month()
    assert amounts(invoice_of(owner, 202611)) == [Decimal("10.00")]


def test_adding_it_again_in_a_later_period_sells_it_anew_at_todays_terms(owner, settings):
    with at("2026-10-20"):
        use_product("PLAN", owner, 30)
        remove_product_from_account("PLAN", owner)
    declare(settings, product("PLAN", flat_rate="12.00", initial_step=500))
    with at("2026-11-20"):
        turn_the_month()
        add_product_to_account("PLAN", owner)
        assert use_product("PLAN", owner) == 499
    assert amounts(invoice_of(owner, 202612)) == [Decimal("12.00")]


def test_cancelling_ends_access_now_and_charges_with_the_current_period(owner):
    with at("2026-10-20"):
        account = cancel_account(owner)
        assert account.status == Account.Status.CANCELLED
        assert use_product("PLAN", owner) is False
    with at("2026-11-01"):
        turn_the_month()
    with at("2026-12-01"):
        turn_the_month()
    assert total_billed(owner) == Decimal("20.00"), "September on the October invoice, October, no more"


def test_steps_still_unpaid_are_billed_after_cancelling(owner):
    with at("2026-10-20"):
        add_step_to_product("PLAN", owner, 3)
        cancel_account(owner)
    with at("2026-11-01"):
        run("dispatch_invoices")
    november = invoice_of(owner, 202611)
    assert amounts(november) == [Decimal("15.00")]
    assert november.paid


def test_a_cancellation_before_a_late_dispatch_bills_what_a_punctual_one_would_have_billed(owner):
    # November's dispatch did not run; neither did October's create_invoices find a place for more.
    with at("2026-11-10"):
        cancel_account(owner)
    with at("2026-12-03"):
        turn_the_month()
    assert amounts(invoice_of(owner, 202611)) == [Decimal("10.00")]
    assert total_billed(owner) == Decimal("30.00")


def test_an_account_activated_again_in_the_same_period_has_its_products_without_a_charge(owner):
    with at("2026-10-20"):
        use_product("PLAN", owner, 30)
        cancel_account(owner)
        activate_account(owner)
        assert use_product("PLAN", owner) == 69
    with at("2026-11-01"):
        run("dispatch_invoices")
    assert amounts(invoice_of(owner, 202611)) == [Decimal("10.00")]


def test_an_account_activated_in_a_later_period_is_sold_its_products_anew(owner, settings):
    with at("2026-10-20"):
        use_product("PLAN", owner, 30)
        cancel_account(owner)
    with at("2026-11-01"):
        turn_the_month()
    declare(settings, product("PLAN", flat_rate="12.00"))
    with at("2027-01-20"):
        turn_the_month()
        activate_account(owner)
        assert use_product("PLAN", owner) == 99
    assert amounts(invoice_of(owner, 202702)) == [Decimal("12.00")]


def test_activation_does_not_bring_back_what_was_removed_before(owner):
    with at("2026-10-20"):
        remove_product_from_account("PLAN", owner)
        cancel_account(owner)
    with at("2026-11-20"):
        activate_account(owner)
        assert use_product("PLAN", owner) is False


def test_expiring_ends_a_period_like_cancelling(owner):
    with at("2026-10-20"):
        account = expire_account(owner)
        assert account.status == Account.Status.EXPIRED
    with at("2026-12-01"):
        turn_the_month()
    assert total_billed(owner) == Decimal("20.00")


def test_a_product_sold_anew_while_its_last_month_is_still_to_be_billed_loses_nothing(owner):
    # Removed in November, before November's dispatch ran; added again in December, before it ran.
    with at("2026-11-20"):
        remove_product_from_account("PLAN", owner)
    with at("2026-12-02"):
        add_product_to_account("PLAN", owner)
        turn_the_month()
    assert Product.objects.filter(account=owner.genbilling_account).count() == 2
    assert amounts(invoice_of(owner, 202611)) == [Decimal("10.00")]
    assert amounts(invoice_of(owner, 202701)) == [Decimal("10.00")]
    assert total_billed(owner) == Decimal("40.00")
