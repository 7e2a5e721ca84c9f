"""On trial nothing is charged for having a product; steps are bought and billed."""

from decimal import Decimal

import pytest

from genbilling.interface import (
    activate_account,
    add_product_to_account,
    add_step_to_product,
    cancel_account,
    use_product,
)
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
    declare(settings, product("PLAN", flat_rate="31.00"))


def test_a_product_on_trial_is_usable_and_free():
    with at("2026-10-05"):
        user = an_owner("PLAN", trial=True)
        assert use_product("PLAN", user, 40) == 60
    with at("2026-11-01"):
        turn_the_month()
    assert invoices_of(user) == []


def test_steps_bought_on_trial_are_bought_and_billed():
    with at("2026-10-05"):
        user = an_owner("PLAN", trial=True, card=GOOD_CARD)
        assert add_step_to_product("PLAN", user, 2) == 200
    with at("2026-11-01"):
        run("dispatch_invoices")
    november = invoice_of(user, 202611)
    assert amounts(november) == [Decimal("10.00")]
    assert november.paid


def test_activation_charges_every_product_as_if_it_were_added_then(settings):
    declare(settings, product("PLAN", flat_rate="31.00"), product("MORE"), PRORATE_FIRST_PERIOD=True)
    with at("2026-08-05"):
        user = an_owner("PLAN", "MORE", trial=True)
        use_product("PLAN", user, 40)
    with at("2026-10-22"):
        account = activate_account(user)
        assert account.billable()
        assert use_product("PLAN", user, 1) == 59
    # 22 to 31 October: ten days of 31.
    assert amounts(invoice_of(user, 202611)) == [Decimal("10.00"), Decimal("3.23")]
    with at("2026-11-01"):
        run("dispatch_invoices")
    assert amounts(invoice_of(user, 202611))[2:] == [Decimal("31.00"), Decimal("10.00")]


def test_activating_twice_charges_once():
    with at("2026-10-22"):
        user = an_owner("PLAN", trial=True)
        activate_account(user)
        activate_account(user)
    assert amounts(invoice_of(user, 202611)) == [Decimal("31.00")]


def test_a_trial_that_was_cancelled_is_charged_when_it_is_activated_in_the_same_month():
    with at("2026-10-05"):
        user = an_owner("PLAN", trial=True)
        use_product("PLAN", user, 40)
        cancel_account(user)
        assert use_product("PLAN", user) is False
        activate_account(user)
        assert use_product("PLAN", user) == 59
    assert amounts(invoice_of(user, 202611)) == [Decimal("31.00")]


def test_a_product_added_after_activation_is_charged_beside_the_trial_ones(settings):
    declare(settings, product("PLAN"), product("MORE", flat_rate="7.00"))
    with at("2026-10-05"):
        user = an_owner("PLAN", trial=True)
        activate_account(user)
        add_product_to_account("MORE", user)
    assert amounts(invoice_of(user, 202611)) == [Decimal("10.00"), Decimal("7.00")]
