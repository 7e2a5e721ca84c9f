"""What slipped past the guards once: each is refused with an error of our own, and nothing changes."""

from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from genbilling.exceptions import BadAmount, BadMoney, BadUser, InvoiceClosed, UnknownProduct
from genbilling.interface import (
    add_product_to_account,
    add_step_to_product,
    add_user_account,
    new_account,
    remove_product_from_account,
    restore_product,
    update_product_terms,
    use_product,
)
from genbilling.models import InvoiceItem
from genbilling.money import ZERO, to_money
from tests.factories import GOOD_CARD, an_owner, at, credit, declare, invoice_of, lines, product, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def products(settings):
    declare(
        settings,
        product("PLAN"),
        product("BIG", step=2**31 - 1, step_cost="0"),
        product("DEAR", step_cost="9999999999.99"),
    )


@pytest.fixture
def closed_and_open():
    """A closed invoice and an open one with a single item."""
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        run("dispatch_invoices")
        credit(user, "1.00", 202611)
    return invoice_of(user, 202610), invoice_of(user, 202611)


def test_bulk_update_moves_no_item_onto_a_closed_invoice(closed_and_open):
    closed, opened = closed_and_open
    item = opened.related_items.get()
    item.invoice = closed
    with pytest.raises(InvoiceClosed), transaction.atomic():
        InvoiceItem.objects.bulk_update([item], ["invoice"])
    assert len(lines(closed)) == 2


def test_bulk_update_takes_no_float(closed_and_open):
    item = closed_and_open[1].related_items.get()
    item.amount = 1.005
    with pytest.raises(BadMoney):
        InvoiceItem.objects.bulk_update([item], ["amount"])


def test_a_total_larger_than_any_amount_is_closed_all_the_same():
    with at("2026-09-10"):
        user = an_owner("DEAR", card=GOOD_CARD)
        add_step_to_product("DEAR", user)
        add_step_to_product("DEAR", user)
    with at("2026-10-01"):
        run("dispatch_invoices")
    october = invoice_of(user, 202610)
    assert october.total == Decimal("20000000019.98")
    # Too large for the gateway, which says so.
    assert october.failed
    assert october.charges.get().message


@pytest.mark.parametrize("who", [AnonymousUser, lambda: get_user_model()(username="unsaved"), lambda: None])
def test_nobody_gets_an_account(who):
    with pytest.raises(BadUser, match="not a saved user"):
        new_account(who())
    with pytest.raises(BadUser, match="not a saved user"):
        add_user_account(who(), an_owner())


@pytest.mark.parametrize("name", [7, None, ["PLAN"], {"a": 1}, b"PLAN", "PLAN\0"])
@pytest.mark.parametrize(
    "verb",
    [
        add_product_to_account,
        remove_product_from_account,
        update_product_terms,
        use_product,
        restore_product,
        add_step_to_product,
    ],
)
def test_what_no_product_can_be_called_is_an_unknown_product(verb, name):
    user = an_owner("PLAN")
    with pytest.raises(UnknownProduct):
        verb(name, user)


def test_a_capacity_has_an_end():
    user = an_owner("BIG")
    add_step_to_product("BIG", user, 2**31 - 1)
    add_step_to_product("BIG", user, 2**31 - 1)
    with pytest.raises(BadAmount, match="more than"):
        add_step_to_product("BIG", user, 2**31 - 1)


def test_a_number_too_long_to_show_is_refused_like_any_other():
    user = an_owner("PLAN")
    with pytest.raises(BadAmount, match="too long to show"):
        use_product("PLAN", user, 10**5000)
    with pytest.raises(BadMoney, match="too long to show"):
        to_money(10**5000, "USD")


def test_zero_has_no_sign():
    assert str(to_money("-0.001", "USD")) == str(ZERO)
