"""A run that is late bills the same, and takes nothing away that belongs to the new month."""

from decimal import Decimal

import pytest

from genbilling.interface import add_product_to_account, add_step_to_product, use_product
from genbilling.models import Invoice, Product
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
    declare(settings, product("PLAN", periodic=True))


@pytest.fixture
def owner():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        run("create_invoices")
    return user


def test_a_dispatch_that_is_days_late_bills_what_a_punctual_one_would_have_billed(owner):
    with at("2026-10-09"):
        turn_the_month()
    assert amounts(invoice_of(owner, 202610)) == [Decimal("10.00")] * 2


def test_a_missed_month_is_billed_on_invoices_of_its_own(owner):
    with at("2026-12-01"):
        turn_the_month()
    assert [(invoice.period, invoice.total, invoice.paid) for invoice in invoices_of(owner)] == [
        (202610, Decimal("20.00"), True),
        (202611, Decimal("10.00"), True),
        (202612, Decimal("10.00"), True),
        (202701, None, False),
    ]


def test_a_missed_month_between_invoices_that_exist_is_opened_too(owner):
    with at("2026-10-01"):
        turn_the_month()
    # Nothing ran in November and December; a step bought in December opened January's invoice.
    with at("2026-12-10"):
        add_step_to_product("PLAN", owner)
    with at("2027-01-01"):
        turn_the_month()
    assert [(invoice.period, invoice.get_total_amount()) for invoice in invoices_of(owner)] == [
        (202610, Decimal("20.00")),
        (202611, Decimal("10.00")),
        (202612, Decimal("10.00")),
        (202701, Decimal("15.00")),
        (202702, Decimal("0.00")),
    ]


def test_nothing_is_lost_when_create_invoices_has_not_run():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        add_step_to_product("PLAN", user)
    assert amounts(invoice_of(user, 202610)) == [Decimal("10.00"), Decimal("5.00")]


def test_a_step_bought_on_the_first_before_dispatch_runs_is_on_the_following_invoice_and_stays(owner):
    with at("2026-09-20"):
        add_step_to_product("PLAN", owner)
    with at("2026-10-01"):
        assert add_step_to_product("PLAN", owner) == 200
    with at("2026-10-03"):
        turn_the_month()
        assert use_product("PLAN", owner) == 149, "September's step is gone, October's stays"
    assert amounts(invoice_of(owner, 202611)) == [Decimal("5.00")]


def test_a_product_added_on_the_first_before_dispatch_runs_is_charged_once_for_the_month(settings, owner):
    declare(settings, product("PLAN"), product("MORE", flat_rate="3.00"))
    with at("2026-10-01"):
        add_product_to_account("MORE", owner)
    with at("2026-10-03"):
        turn_the_month()
    with at("2026-11-01"):
        turn_the_month()
    assert amounts(invoice_of(owner, 202611)) == [Decimal("3.00"), Decimal("10.00"), Decimal("3.00")]


def test_a_late_reset_takes_away_only_steps_that_were_invoiced(owner):
    with at("2026-09-20"):
        add_step_to_product("PLAN", owner)
    with at("2026-10-01"):
        run("dispatch_invoices")
    with at("2026-10-10"):
        add_step_to_product("PLAN", owner)
        run("reset_products")
        assert use_product("PLAN", owner) == 149


def test_used_may_exceed_capacity_after_a_reset_and_the_next_use_is_refused(owner):
    with at("2026-09-20"):
        add_step_to_product("PLAN", owner)
        use_product("PLAN", owner, 140)
    with at("2026-10-01"):
        run("dispatch_invoices")
        run("reset_products")
        assert Product.objects.get().remaining == 0
        assert use_product("PLAN", owner) is False
        run("restore_products")
        assert use_product("PLAN", owner) == 99


def test_usage_is_restored_once_per_period_and_again_by_force(owner):
    with at("2026-10-01"):
        turn_the_month()
        use_product("PLAN", owner, 10)
        assert "0 products restored; nothing to do" in run("restore_products")
        assert use_product("PLAN", owner) == 89
        assert "1 product restored" in run("restore_products", force=True)
        assert use_product("PLAN", owner) == 99


def test_a_product_that_is_not_periodic_is_not_restored(settings):
    declare(settings, product("PLAN", periodic=False))
    with at("2026-09-10"):
        user = an_owner("PLAN")
        use_product("PLAN", user, 10)
    with at("2026-10-01"):
        turn_the_month()
        assert use_product("PLAN", user) == 89


def test_an_early_dispatch_by_option_loses_nothing(owner, settings):
    declare(settings, product("PLAN"), product("MORE", flat_rate="3.00"))
    with at("2026-09-20"):
        run("dispatch_invoices", ahead=True)
        add_product_to_account("MORE", owner)
        add_step_to_product("PLAN", owner)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-11-01"):
        turn_the_month()
    # September's and October's rates of what came too late for the October invoice are on November's.
    assert amounts(invoice_of(owner, 202611)) == [
        Decimal("3.00"),
        Decimal("5.00"),
        Decimal("10.00"),
        Decimal("3.00"),
        Decimal("3.00"),
    ]


def test_every_command_changes_nothing_the_second_time_and_says_so(owner):
    with at("2026-09-20"):
        add_step_to_product("PLAN", owner)
        use_product("PLAN", owner)
    with at("2026-10-01"):
        first = turn_the_month()
        before = list(Invoice.objects.values()), list(Product.objects.values())
        second = [
            run(command)
            for command in ("dispatch_invoices", "create_invoices", "reset_products", "restore_products")
        ]
        after = list(Invoice.objects.values()), list(Product.objects.values())
    assert not any("nothing to do" in line for line in first)
    assert all("nothing to do" in line for line in second)
    assert before == after
