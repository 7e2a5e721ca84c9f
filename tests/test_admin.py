"""The admin shows the books and changes nothing in them, but for what `test_admin_corrections` is about."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from genbilling.interface import (
    add_step_to_product,
    add_user_account,
    refund_charge,
    remove_card,
    save_card,
    update_product_terms,
    use_product,
)
from genbilling.models import (
    Account,
    Card,
    Charge,
    FormerTerms,
    Invoice,
    InvoiceItem,
    Product,
    Refund,
    Run,
    Step,
    UnknownSale,
)
from tests.factories import GOOD_CARD, a_user, an_owner, at, declare, product, run, turn_the_month

pytestmark = pytest.mark.django_db

SHOWN = [Account, Card, Product, Invoice, Charge, Refund, Run, UnknownSale]
every_model = pytest.mark.parametrize("model", SHOWN)


def books():
    """Every row of genbilling's tables."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in apps.get_app_config("genbilling").get_models()
    }


@pytest.fixture(autouse=True)
def full_books(settings):
    """Paid, refused and card-less invoices; steps, former terms, a child user, an earlier card."""
    declare(
        settings,
        product("PLAN", trigger=20),
        product("SOFT", flat_rate="2001.00"),
        INVOICE_NUMBER_FORMAT="INV-{number}",
    )
    with at("2026-09-10"):
        payer = an_owner("PLAN", card=GOOD_CARD)
        add_user_account(a_user(), payer)
        add_step_to_product("PLAN", payer, 2)
        use_product("PLAN", payer, 30)
        save_card(payer, GOOD_CARD)
        declined = an_owner("SOFT", card=GOOD_CARD)
        InvoiceItem.objects.filter(invoice__account__owner=declined).delete()
        an_owner("PLAN", trial=True)
        an_owner("PLAN")
        removed = an_owner("PLAN", card=GOOD_CARD)
        remove_card(removed)
        declare(settings, product("PLAN", flat_rate="12.00"), product("SOFT", flat_rate="2001.00"))
        update_product_terms("PLAN", payer)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-10-02"):
        run("dispatch_invoices")
    with at("2026-10-05"):
        for _ in range(2):
            refund_charge(Charge.objects.get(state="paid"), "1.00", operator="anna", memo="Outage")
    for number, account in enumerate(Account.objects.all()):
        UnknownSale.objects.create(
            transaction_id=number, order_id="x", account=account, amount="1.00", sold_at=timezone.now()
        )


@pytest.fixture
def superuser(client):
    user = get_user_model().objects.create_superuser("root", "root@example.com", "secret")
    client.force_login(user)
    return client


def url_of(model, page, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def test_the_books_hold_something_of_everything():
    assert set(Charge.objects.values_list("state", flat=True)) == {"paid", "refused"}
    assert Charge.objects.filter(card_token="").exists()
    assert all(model.objects.exists() for model in (*SHOWN, Step, FormerTerms))
    registered = {model for model in admin.site._registry if model._meta.app_label == "genbilling"}
    assert registered == set(SHOWN)


@every_model
def test_every_list_is_shown_sorted_and_filtered(superuser, model):
    url = url_of(model, "changelist")
    shown = admin.site._registry[model]
    queries = ["", "?q=x", *(f"?o={column}" for column in range(1, len(shown.list_display) + 1))]
    filters = [name for name in shown.list_filter if isinstance(name, str)]
    queries += [f"?{name}__exact={value}" for name in filters for value in _values(model, name)]
    for query in queries:
        response = superuser.get(url + query)
        assert response.status_code == 200, query
    assert str(model.objects.first().pk) in superuser.get(url).content.decode()


def _values(model, name):
    return {
        int(value) if isinstance(value, bool) else value
        for value in model.objects.values_list(name, flat=True)
    }


@every_model
def test_every_row_is_shown(superuser, model):
    for pk in model.objects.values_list("pk", flat=True):
        assert superuser.get(url_of(model, "change", pk)).status_code == 200
        assert superuser.get(url_of(model, "history", pk)).status_code == 200


@every_model
def test_a_longer_list_costs_no_more_queries(superuser, model):
    url = url_of(model, "changelist")
    with CaptureQueriesContext(connection) as whole:
        superuser.get(url)
    with CaptureQueriesContext(connection) as one_row:
        superuser.get(f"{url}?pk={model.objects.first().pk}")
    assert model.objects.count() > 1
    assert len(whole) <= len(one_row)


@every_model
def test_nothing_is_added_changed_or_deleted_there(superuser, model):
    before = books()
    assert superuser.get(url_of(model, "add")).status_code == 403
    assert superuser.post(url_of(model, "add"), {}).status_code == 403
    for pk in model.objects.values_list("pk", flat=True):
        page = url_of(model, "change", pk)
        assert b'name="_save"' not in superuser.get(page).content
        assert superuser.post(page, {"status": "cancelled", "paid": "on"}).status_code == 403
        assert superuser.post(url_of(model, "delete", pk), {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [model.objects.first().pk], "post": "yes"}
    superuser.post(url_of(model, "changelist"), selected)
    assert books() == before


def test_an_owner_is_not_deleted_there(superuser):
    before = books()
    user_model = get_user_model()
    owner = Account.objects.first().owner
    response = superuser.post(url_of(user_model, "delete", owner.pk), {"post": "yes"})
    assert b"Cannot delete user" in response.content
    assert user_model.objects.filter(pk=owner.pk).exists()
    assert books() == before


@every_model
def test_staff_without_permission_see_nothing(client, model):
    staff = a_user()
    staff.is_staff = True
    staff.save()
    client.force_login(staff)
    assert client.get(url_of(model, "changelist")).status_code == 403


def test_no_card_number_and_no_key_of_ours_is_shown(superuser, settings):
    for model in (Card, Charge):
        for pk in model.objects.values_list("pk", flat=True):
            page = superuser.get(url_of(model, "change", pk)).content.decode()
            assert settings.BRAINTREE_PRIVATE_KEY not in page
            assert "401288" not in page


def test_the_admin_speaks_of_invoices_by_their_number(superuser):
    invoice = Invoice.objects.numbered().first()
    assert (
        f"invoice {invoice.printed_number} of account"
        in superuser.get(url_of(Invoice, "change", invoice.pk)).content.decode()
    )
    assert Product.objects.first().name in superuser.get(url_of(Product, "changelist")).content.decode()


def test_invoices_are_found_by_their_printed_number(superuser):
    invoice = Invoice.objects.numbered().first()
    page = superuser.get(url_of(Invoice, "changelist"), {"q": invoice.printed_number})
    assert list(page.context["cl"].queryset) == [invoice]
