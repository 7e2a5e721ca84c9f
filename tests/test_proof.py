"""That each month of a product was billed once: said by rows, kept by the database, proven by the audit."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from genbilling.interface import activate_account, add_credit, add_product_to_account, add_step_to_product
from genbilling.models import HandledPeriod, InvoiceItem, Product
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    declare,
    invoice_of,
    product,
    run,
    run_failing,
    turn_the_month,
)
from tests.test_audit import audited, tamper

pytestmark = pytest.mark.django_db


def bill(account, invoice):
    """The month costs what a step costs; in December nothing."""
    if invoice.period == 202612:
        return None
    held = account.get_product_by_name("WORK")
    return InvoiceItem(invoice=invoice, product=held, description="Work", amount=held.step_cost)


@pytest.fixture(autouse=True)
def products(settings):
    declare(settings, product("PLAN"), product("FREE", flat_rate="0"), product("WORK", bill=bill))


def turn(*days):
    for day in days:
        with at(day):
            turn_the_month()


def about_products():
    """What the audit finds there: elsewhere the way back lost columns of what is closed."""
    return [finding for finding in audited().splitlines() if finding.startswith("The product")]


@pytest.fixture
def user():
    """An owner of all three, and three months of it."""
    with at("2026-10-10"):
        user = an_owner("PLAN", "FREE", "WORK", card=GOOD_CARD)
        add_step_to_product("PLAN", user)
        add_credit(user, "1.00", operator="anna", memo="why")
    turn("2026-11-01", "2026-12-01", "2027-01-01")
    return user


def held(user, name="PLAN"):
    return Product.objects.get(account__owner=user, name=name)


def is_clean():
    return run("audit_billing").endswith("0 findings.")


def test_an_item_of_a_flat_rate_says_its_period_and_no_other_item_does(user):
    said = InvoiceItem.objects.order_by("period").exclude(period=None).values_list("product__name", "period")
    assert [period for name, period in said if name == "PLAN"] == [202610, 202611, 202612, 202701]
    assert [period for name, period in said if name != "PLAN"] == [202610], "the handler's first month"
    others = InvoiceItem.objects.filter(period=None).order_by("pk").values_list("description", flat=True)
    assert list(others) == ["The plan, 1 × 50 added", "why", "Work", "Work"]


def test_a_month_that_a_handler_billed_is_noted_with_what_it_returned(user):
    noted = HandledPeriod.objects.order_by("period")
    work = list(InvoiceItem.objects.filter(description="Work").order_by("pk"))
    assert [(one.product.name, one.period, one.item) for one in noted] == [
        ("WORK", 202611, work[0]),
        ("WORK", 202612, None),
        ("WORK", 202701, work[1]),
    ]
    assert str(noted[0]) == f"{held(user, 'WORK')} in 202611, by its handler"


def test_a_late_run_says_of_each_month_which_it_is():
    with at("2026-10-10"):
        user = an_owner("PLAN", "WORK", card=GOOD_CARD)
    turn("2027-01-15")
    periods = InvoiceItem.objects.filter(product=held(user)).order_by("pk").values_list("period", flat=True)
    assert list(periods) == [202610, 202611, 202612, 202701]
    assert HandledPeriod.objects.count() == 3
    assert is_clean()


def test_the_audit_finds_nothing_wrong_with_what_billing_leaves(user, settings):
    assert is_clean()
    declare(settings, product("PLAN"), product("FREE"), product("WORK"))
    turn("2027-02-01")
    assert is_clean(), "the handler was taken out of the declaration"


def test_a_first_month_by_days_that_costs_nothing_is_no_finding(settings):
    declare(settings, product("PLAN", flat_rate="0.10"), PRORATE_FIRST_PERIOD=True)
    with at("2026-10-31"):
        user = an_owner("PLAN", card=GOOD_CARD)
    assert not InvoiceItem.objects.exists()
    turn("2026-11-01")
    assert is_clean()
    assert held(user).proven_from == 202611


def test_a_trial_and_a_product_sold_anew_are_no_finding(settings):
    with at("2026-09-10"):
        user = an_owner("PLAN", "WORK", trial=True, card=None)
        assert is_clean()
    with at("2026-10-10"):
        activate_account(user)
        assert is_clean()
    turn("2026-11-01")
    assert held(user).proven_from == 202610
    assert is_clean()


# The database refuses a second one


def test_a_period_of_a_product_has_one_item_of_its_flat_rate(user):
    invoice = invoice_of(user, 202702)
    item = {"invoice": invoice, "description": "Again", "amount": 1, "period": 202612}
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceItem.objects.create(product=held(user), **item)
    for _ in range(2):
        InvoiceItem.objects.create(product=held(user), **item | {"period": None})


def test_a_period_of_a_product_has_one_note_of_a_handler(user):
    with pytest.raises(IntegrityError), transaction.atomic():
        HandledPeriod.objects.create(product=held(user, "WORK"), period=202612)


@pytest.mark.parametrize("name", ["PLAN", "WORK"])
def test_a_month_is_not_billed_again_whatever_the_product_says(user, name):
    with at("2026-12-10"):
        other = an_owner("PLAN", card=GOOD_CARD)
    Product.objects.filter(pk=held(user, name).pk).update(billed_through=202612)
    with at("2027-02-01"):
        said = run_failing("dispatch_invoices")
    assert f"account {user.genbilling_account.pk}: IntegrityError" in said
    assert not invoice_of(user, 202702).closed
    assert invoice_of(other, 202702).paid
    assert "it was billed for 202701, and is noted as billed through 202612" in audited()


# The audit

PLAN = "(SELECT id FROM genbilling_product WHERE name = 'PLAN')"
WORK = "(SELECT id FROM genbilling_product WHERE name = 'WORK')"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (f"DELETE FROM genbilling_invoiceitem WHERE product_id = {PLAN} AND period = 202612", "202612"),
        (f"DELETE FROM genbilling_invoiceitem WHERE product_id = {PLAN} AND period = 202610", "202610"),
        (f"UPDATE genbilling_invoiceitem SET period = NULL WHERE product_id = {PLAN}", "202701"),
        ("DELETE FROM genbilling_handledperiod WHERE period = 202612", "202612"),
        (f"UPDATE genbilling_product SET billed_through = 202702 WHERE id = {PLAN}", "202702"),
        (f"UPDATE genbilling_product SET billed_through = 202702 WHERE id = {WORK}", "202702"),
    ],
)
def test_a_period_that_no_row_billed_is_told(user, sql, said):
    tamper(sql)
    assert f"no row says so for {said}" in audited()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            f"INSERT INTO genbilling_handledperiod (product_id, period) VALUES ({PLAN}, 202612)",
            "it was billed 2 times for 202612",
        ),
        (
            f"UPDATE genbilling_product SET billed_through = 202612 WHERE id = {PLAN}",
            "it was billed for 202701, and is noted as billed through 202612",
        ),
        (
            f"UPDATE genbilling_product SET proven_from = 202612 WHERE id = {WORK}",
            "it was billed for 202611, and is noted as proven from 202612",
        ),
        (
            f"UPDATE genbilling_product SET proven_from = NULL WHERE id = {PLAN}",
            "it was billed for 202610, and is noted as proven from None",
        ),
        (
            f"UPDATE genbilling_invoiceitem SET period = 1 WHERE period = 202610 AND product_id = {PLAN}",
            "it was billed for 1, and is noted as proven from 202610",
        ),
    ],
)
def test_a_period_billed_in_two_ways_or_out_of_turn_is_told(user, sql, said):
    tamper(sql)
    assert said in audited()


# From the upgrade on


@pytest.mark.django_db(transaction=True)
def test_a_product_of_the_time_before_is_proven_from_its_next_month_on(user):
    call_command("migrate", "genbilling", "0005", verbosity=0)
    call_command("migrate", "genbilling", verbosity=0)
    assert held(user).proven_from is None
    assert about_products() == []
    with at("2027-01-20"):
        add_product_to_account("PLAN", user)
    turn("2027-02-01", "2027-03-01")
    assert [held(user, name).proven_from for name in ("PLAN", "WORK")] == [202702] * 2
    assert amounts(invoice_of(user, 202703)) == [Decimal("10.00"), Decimal("5.00")]
    assert about_products() == []
    tamper("DELETE FROM genbilling_handledperiod WHERE period = 202703")
    assert "no row says so for 202703" in audited()
