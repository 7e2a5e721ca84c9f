"""The next month worked before it has come: ``--ahead`` of dispatch and create, and what follows from it."""

from decimal import Decimal

import pytest

from genbilling.interface import (
    activate_account,
    add_product_to_account,
    add_step_to_product,
    cancel_account,
    expire_account,
    remove_product_from_account,
    update_product_terms,
    use_product,
)
from genbilling.models import Invoice, Product, Step
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
    run_failing,
    turn_the_month,
)
from tests.scenarios.calls import SALES

pytestmark = pytest.mark.django_db

RATE = Decimal("10.00")


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN", periodic=True))


@pytest.fixture
def owner():
    """Somebody since September, whose October is paid."""
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        turn_the_month()
    return user


@pytest.fixture
def paid_ahead(owner):
    """The same, with a November that was charged on the twentieth of October."""
    with at("2026-10-20"):
        assert "1 paid (10.00)" in run("dispatch_invoices", ahead=True)
        run("create_invoices", ahead=True)
    return owner


def test_dispatching_ahead_charges_the_next_month_today_and_nothing_when_it_comes(paid_ahead, braintree):
    with at("2026-10-21"):
        assert "nothing to do" in run("dispatch_invoices")
        assert "nothing to do" in run("dispatch_invoices", ahead=True), "the next month, and none after it"
    with at("2026-11-01"):
        assert "nothing to do" in turn_the_month()[0]
        assert Product.objects.get().used == 0
    with at("2026-12-01"):
        turn_the_month()
    assert [invoice.total for invoice in invoices_of(paid_ahead)] == [2 * RATE, RATE, RATE, None]
    assert braintree.charged_to(paid_ahead).total == 4 * RATE


def test_the_last_line_names_the_period_that_was_worked(owner):
    with at("2026-10-20"):
        assert run("dispatch_invoices", ahead=True).startswith("dispatch_invoices 202611: ")
        assert run("create_invoices", ahead=True).startswith("create_invoices 202611: ")


def test_a_dry_run_ahead_says_what_would_be_charged(owner):
    with at("2026-10-20"):
        assert "1 to charge (10.00)" in run("dispatch_invoices", ahead=True, dry_run=True)
    assert not Invoice.objects.filter(period=202611, closed=True).exists()


def test_creating_ahead_opens_the_month_between_too():
    with at("2026-09-10"):
        an_owner(card=GOOD_CARD)
        dry = run("create_invoices", ahead=True, dry_run=True)
        assert "2 invoices opened for 202610 and 202611." in dry
        assert "2 invoices opened for 202610 and 202611." in run("create_invoices", ahead=True)
        assert "nothing to do" in run("create_invoices", ahead=True)
    assert set(Invoice.objects.values_list("period", flat=True)) == {202610, 202611}


def test_what_is_bought_after_creating_ahead_is_on_the_next_months_invoice(owner):
    with at("2026-10-20"):
        run("create_invoices", ahead=True)
        add_step_to_product("PLAN", owner)
    assert amounts(invoice_of(owner, 202611)) == [Decimal("5.00")]


def test_with_nothing_due_a_dispatch_says_what_comes_next(owner):
    with at("2026-09-10"):
        an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-10-20"):
        for dry_run in (False, True):
            assert run("dispatch_invoices", dry_run=dry_run).endswith(
                "nothing to do. Next: 2 invoices of 202611, due on 2026-11-01; "
                "--ahead charges today what is due then."
            )
        run("dispatch_invoices", ahead=True)
        run("create_invoices", ahead=True)
        # What is ahead of the next month nobody can charge today.
        assert run("dispatch_invoices").endswith(
            "nothing to do. Next: 2 invoices of 202612, due on 2026-12-01."
        )


# Ending what was billed further


def test_a_product_that_is_removed_ends_with_the_last_month_billed(paid_ahead):
    with at("2026-10-25"):
        assert remove_product_from_account("PLAN", paid_ahead).last_period == 202611
    with at("2026-11-30"):
        turn_the_month()
        assert use_product("PLAN", paid_ahead), "it is paid for"
    with at("2026-12-01"):
        turn_the_month()
        assert use_product("PLAN", paid_ahead) is False
    assert [invoice.total for invoice in invoices_of(paid_ahead)] == [2 * RATE, RATE, Decimal("0.00"), None]


def test_adding_it_again_up_to_then_revives_it_and_charges_nothing(paid_ahead):
    with at("2026-10-25"):
        remove_product_from_account("PLAN", paid_ahead)
    with at("2026-11-10"):
        turn_the_month()
        use_product("PLAN", paid_ahead, 30)
        revived = add_product_to_account("PLAN", paid_ahead)
        assert (Product.objects.count(), revived.last_period) == (1, None)
        assert use_product("PLAN", paid_ahead) == 69, "what was used stays used"
    with at("2026-12-01"):
        turn_the_month()
    assert amounts(invoice_of(paid_ahead, 202612)) == [RATE]


def test_adding_it_again_later_sells_it_anew(paid_ahead):
    with at("2026-10-25"):
        remove_product_from_account("PLAN", paid_ahead)
    with at("2026-12-02"):
        add_product_to_account("PLAN", paid_ahead)
    assert Product.objects.count() == 2
    assert amounts(invoice_of(paid_ahead, 202701)) == [RATE]


@pytest.mark.parametrize("end", [cancel_account, expire_account])
def test_an_account_that_ends_and_goes_on_in_the_month_that_was_billed_is_not_charged_again(paid_ahead, end):
    with at("2026-10-25"):
        end(paid_ahead)
    assert Product.objects.get().last_period == 202611
    with at("2026-11-10"):
        activate_account(paid_ahead)
        assert use_product("PLAN", paid_ahead)
    assert Product.objects.count() == 1
    with at("2026-12-01"):
        turn_the_month()
    assert amounts(invoice_of(paid_ahead, 202612)) == [RATE]


@pytest.mark.parametrize("end", [cancel_account, expire_account])
def test_what_is_not_billed_ahead_ends_with_the_current_month(settings, paid_ahead, end):
    declare(settings, product("PLAN", periodic=True), product("MORE", flat_rate="3.00"))
    with at("2026-10-21"):
        add_product_to_account("MORE", paid_ahead)
    with at("2026-10-25"):
        end(paid_ahead)
    ends = dict(Product.objects.values_list("name", "last_period"))
    assert ends == {"PLAN": 202611, "MORE": 202610}
    with at("2026-12-01"):
        turn_the_month()
    assert amounts(invoice_of(paid_ahead, 202612)) == [Decimal("3.00")], "October's, and no later one"


def test_new_terms_begin_after_the_last_month_billed(settings, paid_ahead):
    declare(settings, product("PLAN", periodic=True, flat_rate="12.00", initial_step=70))
    with at("2026-10-25"):
        update_product_terms("PLAN", paid_ahead)
    with at("2026-11-01"):
        turn_the_month()
        assert use_product("PLAN", paid_ahead) == 99, "as it was paid for"
    with at("2026-12-01"):
        turn_the_month()
        assert use_product("PLAN", paid_ahead) == 69
    assert amounts(invoice_of(paid_ahead, 202612)) == [Decimal("12.00")]


# Steps


@pytest.fixture
def step_paid_ahead(owner):
    """A step that was bought in October, and paid in October, with November."""
    with at("2026-10-10"):
        add_step_to_product("PLAN", owner)
    with at("2026-10-20"):
        assert "1 paid (15.00)" in run("dispatch_invoices", ahead=True)
    return owner


def test_a_step_that_is_paid_ahead_stays_until_its_month_has_come(step_paid_ahead):
    for day in ("2026-10-20 13:00", "2026-10-31"):
        with at(day):
            said = run("reset_products")
            assert "0 products reset; nothing to do. 1 step kept" in said
            assert "202611 at the latest; --force takes them" in said
            assert use_product("PLAN", step_paid_ahead)
    assert Product.objects.get().capacity == 150
    with at("2026-11-01"):
        assert run("reset_products").endswith("1 product reset.")
    assert (Product.objects.get().capacity, Step.objects.get().live) == (100, False)


def test_by_force_what_is_paid_ahead_is_taken(step_paid_ahead):
    with at("2026-10-20 13:00"):
        assert "1 product reset (" not in run("reset_products", force=True, dry_run=True)
        assert run("reset_products", force=True).endswith("1 product reset.")
    assert (Product.objects.get().capacity, Step.objects.get().live) == (100, False)


def test_by_force_a_step_is_taken_that_is_not_invoiced_yet_and_the_audit_names_it(owner):
    with at("2026-10-10"):
        add_step_to_product("PLAN", owner, 2)
        assert "2 steps kept" in run("reset_products")
        assert run("reset_products", force=True).endswith("1 product reset.")
        assert "taken away before it was invoiced (reset_products --force" in run_failing("audit_billing")
    assert Product.objects.get().capacity == 100
    with at("2026-11-01"):
        run("dispatch_invoices")
        assert run("audit_billing").endswith("0 findings.")


def test_a_step_on_an_invoice_of_a_month_to_come_stays_beside_one_that_is_taken(owner):
    with at("2026-10-10"):
        add_step_to_product("PLAN", owner)
    with at("2026-11-01"):
        run("dispatch_invoices")
        add_step_to_product("PLAN", owner, 3)
        assert run("reset_products").startswith("reset_products 202611: 1 product reset. 3 steps kept")
    assert Product.objects.get().capacity == 250


def test_a_lost_answer_to_a_charge_ahead_is_found_out_by_the_next_run_without_waiting_for_its_month(
    owner, braintree
):
    with at("2026-10-20"), braintree.fault("timeout", when="after", **SALES):
        assert "1 uncertain" in run_failing("dispatch_invoices", ahead=True)
    with at("2026-10-21"):
        assert "1 to resolve" in run("dispatch_invoices", dry_run=True)
        assert "1 paid (10.00)" in run("dispatch_invoices")
    assert invoice_of(owner, 202611).paid
    assert len(braintree.charged_to(owner)) == 2, "October and November, once each"


def test_what_an_account_owes_that_comes_back_after_its_month_was_closed_ahead_is_billed_later(owner):
    with at("2026-10-15"):
        add_step_to_product("PLAN", owner)
        expire_account(owner)
    with at("2026-10-20"):
        run("dispatch_invoices", ahead=True)
        assert amounts(invoice_of(owner, 202611)) == [Decimal("5.00")], "the step alone"
        activate_account(owner)
    with at("2026-11-01"):
        turn_the_month()
    with at("2026-12-01"):
        turn_the_month()
    assert amounts(invoice_of(owner, 202612)) == [RATE, RATE], "November's, and its own"
