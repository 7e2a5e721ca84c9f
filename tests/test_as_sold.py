"""Rows that a project makes directly, as fixtures do: what is left out is as a sale would have it."""

from decimal import Decimal

import pytest

from genbilling.interface import add_step_to_product, cancel_account, use_product
from genbilling.models import Account, AccountUser, Invoice, InvoiceItem, Product, Step
from tests.factories import (
    a_user,
    amounts,
    an_owner,
    at,
    declare,
    invoices_of,
    lines,
    product,
    run,
    turn_the_month,
)

pytestmark = pytest.mark.django_db

TERMS = {"flat_rate": "7.00", "initial_step": 20, "step_cost": "2.00", "step": 10, "periodic": True}
# A sale's own, or its moment's.
LEFT_ALONE = {"id", "account_id", "added_at", "proven_from"}


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN", periodic=True, trigger=5))


def an_account(status="active"):
    owner = a_user()
    account = Account.objects.create(owner=owner, status=status)
    AccountUser.objects.create(account=account, user=owner)
    return account


def columns(row, *names):
    row.refresh_from_db()
    return tuple(getattr(row, name) for name in names)


def is_clean():
    return run("audit_billing").endswith("0 findings.")


def test_a_product_made_directly_is_usable_audited_clean_and_billed_from_the_next_month_on(braintree):
    with at("2026-10-10"):
        account = an_account()
        braintree.good_card(account.owner)
        Product.objects.create(account=account, name="OWN", **TERMS)
        assert is_clean()
        assert use_product("OWN", account.owner, 5) == 15
        assert add_step_to_product("OWN", account.owner) == 25
    with at("2026-11-01"):
        turn_the_month()
        assert use_product("OWN", account.owner, 5) == 15, "restored and reset"
    with at("2026-12-01"):
        turn_the_month()
    assert [(one.period, one.paid) for one in invoices_of(account.owner)][:2] == [
        (202611, True),
        (202612, True),
    ]
    assert lines(invoices_of(account.owner)[0]) == [
        ("OWN, 1 × 10 added", Decimal("2.00")),
        ("OWN, November 2026", Decimal("7.00")),
    ]
    assert amounts(invoices_of(account.owner)[1]) == [Decimal("7.00")]
    assert is_clean()


@pytest.mark.parametrize("trial", [True, False])
def test_a_product_made_by_its_name_alone_is_as_a_sale_leaves_it(trial):
    with at("2026-10-10"):
        sold = an_owner("PLAN", trial=trial).genbilling_account.products.get()
        made = Product.objects.create(account=an_account("trial" if trial else "active"), name="PLAN")
    names = [field.attname for field in Product._meta.concrete_fields if field.attname not in LEFT_ALONE]
    assert columns(made, *names) == columns(sold, *names)


def test_terms_that_are_given_are_not_the_declared_ones():
    with at("2026-10-10"):
        given = TERMS | {"initial_step": 0, "periodic": False}
        made = Product.objects.create(account=an_account(), name="PLAN", **given)
    assert columns(made, *given) == (Decimal("7.00"), 0, Decimal("2.00"), 10, False)
    assert columns(made, "trigger", "description") == (None, "The plan")
    assert columns(made, "capacity", "capacity_without_steps") == (0, 0)


@pytest.mark.parametrize(
    ("given", "first", "through"),
    [
        ({}, 202611, 202610),
        ({"billed_through": 202608}, 202609, 202608),
        ({"first_period": 202701}, 202701, 202612),
        ({"first_period": 202609, "billed_through": 202612}, 202609, 202612),
    ],
)
def test_which_flat_rates_are_owed_fits_together(given, first, through):
    with at("2026-10-10"):
        made = Product.objects.create(account=an_account(), name="PLAN", **given)
        assert is_clean()
    assert columns(made, "first_period", "billed_through") == (first, through)


def test_nothing_is_charged_on_an_account_that_is_not_billable():
    account = an_account()
    cancel_account(account.owner)
    made = Product.objects.create(account=Account.objects.get(pk=account.pk), name="PLAN")
    assert columns(made, "first_period", "billed_through") == (None, None)


def test_many_products_at_once_are_filled_in_too(django_assert_max_num_queries):
    with at("2026-10-10"):
        accounts = [an_account(), an_account("trial"), an_account()]
        rows = [Product(account_id=account.pk, name="PLAN") for account in accounts]
        with django_assert_max_num_queries(4):
            Product.objects.bulk_create(rows)
        assert is_clean()
    through = Product.objects.order_by("account").values_list("billed_through", "capacity")
    assert list(through) == [(202610, 100), (None, 100), (202610, 100)]


def test_an_invoice_an_item_and_a_step_made_directly_go_through_a_month(braintree):
    with at("2026-10-10"):
        account = an_account()
        braintree.good_card(account.owner)
        held = Product.objects.create(account=account, name="PLAN", capacity=200)
        invoice = Invoice.objects.create(account=account)
        item = InvoiceItem.objects.create(invoice=invoice, product=held, description="Steps", amount="10.00")
        step = Step.objects.create(product=held, invoice=invoice, item=item, amount=2)
        assert (invoice.period, step.units) == (202611, 100)
        assert Step(product=held, invoice=invoice).amount == 1
        assert is_clean()
    with at("2026-11-01"):
        turn_the_month()
    invoice.refresh_from_db()
    assert (invoice.total, invoice.paid) == (Decimal("20.00"), True)
    assert columns(held, "capacity") == (100,), "the step was taken after its month was paid"
    assert is_clean()
