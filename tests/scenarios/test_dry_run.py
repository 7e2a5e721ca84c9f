"""A dry run of dispatch_invoices writes nothing, calls nobody, and says what the real run then does."""

from decimal import Decimal

import pytest
from braintree.test.nonces import Nonces
from django.apps import apps

from genbilling.interface import (
    add_credit,
    add_debit,
    add_product_to_account,
    add_step_to_product,
    cancel_account,
    expire_account,
    remove_card,
    remove_product_from_account,
    save_card,
    update_product_terms,
)
from genbilling.models import InvoiceItem
from genbilling.services.billing import dispatch_invoices
from tests.factories import (
    GOOD_CARD,
    an_owner,
    at,
    credit,
    declare,
    hearing,
    product,
    run,
    run_failing,
    turn_the_month,
)
from tests.scenarios.calls import SAID, SALES

pytestmark = pytest.mark.django_db

DECEMBER = 202612
COUNTS = ("opened", "closed", "settled at zero", "without a card")


@pytest.fixture(autouse=True)
def products(settings):
    declare(settings, product("PLAN"), product("MORE", flat_rate="3.33"), RETRY_DAYS=(3, 40))


def all_rows():
    return {
        model: list(model._base_manager.order_by("pk").values())
        for model in apps.get_app_config("genbilling").get_models()
    }


# Each begins on the tenth of September and ends in the middle of October; nothing ran in November.


def missed_months(braintree):
    an_owner("PLAN", "MORE", card=GOOD_CARD)


def several_invoices_owed(braintree):
    user = an_owner("PLAN", card=GOOD_CARD)
    remove_card(user)
    with at("2026-10-01"):
        turn_the_month()
        braintree.good_card(user)


def carried_credit(braintree):
    user = an_owner("PLAN", card=GOOD_CARD)
    add_credit(user, "33.00", **SAID)


def credit_larger_than_everything(braintree):
    user = an_owner("PLAN", card=GOOD_CARD)
    credit(user, "500.00", 202610)
    credit(user, "1.00", 202612)


def credit_that_comes_to_nothing(braintree):
    user = an_owner("PLAN", card=GOOD_CARD)
    credit(user, "20.00", 202610)


def new_terms(braintree, settings):
    user = an_owner("PLAN", "MORE", card=GOOD_CARD)
    with at("2026-10-10"):
        declare(settings, product("PLAN", flat_rate="14.00"), product("MORE"), RETRY_DAYS=(3, 40))
        update_product_terms("PLAN", user)


def cancelled(braintree):
    user = an_owner("PLAN", "MORE", card=GOOD_CARD)
    with at("2026-10-10"):
        add_step_to_product("PLAN", user, 2)
        cancel_account(user)


def expired(braintree):
    expire_account(an_owner("PLAN"))


def ended_and_sold_anew(braintree):
    user = an_owner("PLAN", "MORE", card=GOOD_CARD)
    remove_product_from_account("MORE", user)
    with at("2026-10-12"):
        add_product_to_account("MORE", user)


def no_card(braintree):
    an_owner("PLAN")


def declined_for_good(braintree):
    user = an_owner("PLAN")
    # A number of its own: the others go on being paid with theirs.
    braintree.decline(save_card(user, Nonces.TransactableAmEx), 2004)
    with at("2026-10-01"):
        turn_the_month()


def waits_for_a_retry_day(braintree):
    user = an_owner("PLAN")
    braintree.declining_card(user, 2001)
    with at("2026-10-25"):
        turn_the_month()
    with at("2026-10-29"):
        run("dispatch_invoices")


def on_trial(braintree):
    an_owner("PLAN", trial=True)


def with_an_empty_invoice(braintree):
    an_owner(card=GOOD_CARD)


CUSTOMERS = [
    missed_months,
    several_invoices_owed,
    carried_credit,
    credit_larger_than_everything,
    credit_that_comes_to_nothing,
    cancelled,
    expired,
    ended_and_sold_anew,
    no_card,
    declined_for_good,
    waits_for_a_retry_day,
    on_trial,
    with_an_empty_invoice,
]


def assert_a_dry_run_says_what_the_run_does(day, period=DECEMBER):
    with at(day):
        before = all_rows()
        foretold = dispatch_invoices(period, dry_run=True)
        assert all_rows() == before
        done = dispatch_invoices(period)
    assert done.complete
    assert done.counts["refused"] == 0
    said, did = (
        {name: report.counts[name] for name in COUNTS}
        | {"billed": report.billed, "collected": report.collected, "left": +report.waits}
        for report in (foretold, done)
    )
    assert said == did
    assert foretold.counts["to charge"] == done.counts["paid"]
    return done


@pytest.mark.parametrize("customer", CUSTOMERS, ids=lambda customer: customer.__name__)
def test_a_dry_run_says_what_the_run_does_with_a_customer(customer, braintree):
    with at("2026-09-10"):
        customer(braintree)
    assert_a_dry_run_says_what_the_run_does("2026-11-30 20:00", 202611)
    assert_a_dry_run_says_what_the_run_does("2026-12-01")
    assert_a_dry_run_says_what_the_run_does("2026-12-01 13:00")


def test_a_dry_run_says_what_the_run_does_with_all_of_them(braintree):
    for customer in CUSTOMERS:
        with at("2026-09-10"):
            customer(braintree)
    done = assert_a_dry_run_says_what_the_run_does("2026-12-01")
    assert done.counts["paid"] > 10


def test_a_dry_run_says_what_the_run_does_after_new_terms(settings, braintree):
    with at("2026-09-10"):
        new_terms(braintree, settings)
    done = assert_a_dry_run_says_what_the_run_does("2026-12-01")
    assert done.billed == Decimal("26.66") + 14 + Decimal("3.33") + 14 + Decimal("3.33")


def test_what_waits_behind_an_earlier_invoice_is_not_foretold_as_charged(braintree):
    with at("2026-09-10"):
        waits_for_a_retry_day(braintree)
    with at("2026-11-02"):
        said = run("dispatch_invoices", dry_run=True)
    assert "1 closed (billed 10.00)" in said
    assert "0 to charge (0.00)" in said
    assert "1 left alone (1 not a retry day)" in said


def test_a_lost_answer_is_to_be_resolved_and_the_rest_of_the_account_waits_for_it(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    with at("2026-11-01"):
        before = all_rows()
        said = run("dispatch_invoices", dry_run=True)
        assert all_rows() == before
    assert "0 to charge (0.00), 1 to resolve" in said


def test_what_a_payment_covers_is_not_written_down_by_a_dry_run(user, braintree):
    with at("2026-10-01"):
        run("dispatch_invoices")
    user.genbilling_account.invoices.filter(period=202610).update(
        paid=False, paid_at=None, paying_charge=None
    )
    with at("2026-10-02"):
        before = all_rows()
        assert "0 to charge" in run("dispatch_invoices", dry_run=True)
        assert all_rows() == before
        run("dispatch_invoices")
    assert user.genbilling_account.invoices.get(period=202610).paid


def test_flat_rates_by_a_handler_are_counted_and_the_handler_is_not_called(settings, user):
    called = []

    def bill(account, invoice):
        called.append(invoice.period)
        held = account.get_product_by_name("PLAN")
        item = InvoiceItem(invoice=invoice, product=held, description="Worked out", amount="7.00")
        item.save()
        return item

    declare(settings, product("PLAN", bill=bill))
    with at("2026-11-01"), hearing() as heard:
        before = all_rows()
        said = run("dispatch_invoices", dry_run=True)
        assert all_rows() == before
        assert (called, heard) == ([], [])
        assert "1 opened, 2 closed (billed 10.00), 0 settled at zero, 1 to charge (10.00)" in said
        assert "2 flat rates worked out by a handler on the day" in said
        assert "1 opened, 2 closed (billed 24.00), 0 settled at zero, 2 paid (24.00)" in run(
            "dispatch_invoices"
        )
    assert called == [202610, 202611]


def test_a_debit_on_the_open_invoice_is_in_the_sum(user):
    with at("2026-09-20"):
        add_debit(user, "0.05", **SAID)
    with at("2026-10-01"):
        assert "1 to charge (20.05)" in run("dispatch_invoices", dry_run=True)
