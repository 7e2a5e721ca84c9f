"""In the admin a customer is found by name or e-mail everywhere, and a page costs the same with 500 rows."""

import copy

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from genbilling.admin.finding import names_of_users
from genbilling.interface import add_credit, add_step_to_product, refund_charge, update_product_terms
from genbilling.models import (
    Account,
    AccountUser,
    Card,
    Charge,
    FormerTerms,
    Invoice,
    InvoiceItem,
    Product,
    Refund,
    Step,
)
from genbilling.models.accounts import random_id
from tests.factories import GOOD_CARD, an_owner, at, declare, invoice_of, product, turn_the_month

pytestmark = pytest.mark.django_db

SHOWN = [Account, Card, Product, Invoice, Charge, Refund]
MANY = 500
SAID = {"operator": "anna", "memo": "Outage"}


@pytest.fixture(autouse=True)
def pia(settings):
    """One row of everything, of the customer Pia."""
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD, name="pia")
        add_step_to_product("PLAN", user)
        declare(settings, product("PLAN", flat_rate="12.00"))
        update_product_terms("PLAN", user)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-10-05"):
        refund_charge(Charge.objects.get(), "1.00", **SAID)
        add_credit(user, "1.00", **SAID)
    return user


@pytest.fixture
def superuser(client):
    client.force_login(get_user_model().objects.create_superuser("root", "root@example.com", "secret"))
    return client


def url_of(model, page, *arguments):
    return reverse(f"admin:genbilling_{model._meta.model_name}_{page}", args=arguments)


def found(client, model, text):
    return list(client.get(url_of(model, "changelist"), {"q": text}).context["cl"].queryset)


@pytest.mark.parametrize("model", SHOWN)
@pytest.mark.parametrize("text", ["pia", "PIA@EXAMPLE"])
def test_a_customers_rows_are_found_by_name_and_by_email(superuser, model, text):
    with at("2026-09-10"):
        an_owner("PLAN", card=GOOD_CARD, name="dan")
    with at("2026-10-06"):
        turn_the_month()
        refund_charge(Charge.objects.get(invoice__account__owner__username="dan"), **SAID)
    rows = found(superuser, model, text)
    assert rows
    assert len(rows) < model.objects.count()
    assert all(" of pia" in str(_of_account(row)) for row in rows)
    assert found(superuser, model, "nobody@example.com") == []


def _of_account(row):
    return {
        Account: lambda: row,
        Charge: lambda: row.invoice.account,
        Refund: lambda: row.charge.invoice.account,
    }.get(type(row), lambda: row.account)()


def test_what_was_found_before_still_is(superuser):
    charge, refund = Charge.objects.get(), Refund.objects.get()
    assert found(superuser, Charge, charge.transaction_id) == [charge]
    assert found(superuser, Refund, "anna") == [refund]


def test_users_are_known_by_what_their_model_says(monkeypatch):
    users = get_user_model()
    assert names_of_users() == ["username", "email"]
    monkeypatch.setattr(users, "USERNAME_FIELD", "email")
    monkeypatch.setattr(users, "EMAIL_FIELD", "contact", raising=False)
    assert names_of_users() == ["email"], "there is no field 'contact'"


# Queries


def copies(row, changes):
    """Put copies of `row` into the books, each with its own `changes`."""
    made = []
    for one in changes:
        new = copy.copy(row)
        new._state = copy.copy(row._state)
        new.pk, new._state.adding = None, True
        for name, value in one.items():
            setattr(new, name, value)
        made.append(new)
    return type(row).objects.bulk_create(made)


def fill(user):
    """MANY more users, products, items, steps, ... below Pia's rows, and as many other accounts."""
    account, numbers = user.genbilling_account, range(MANY)
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"pia{number}", email=f"pia{number}@example.com")
        for number in range(2 * MANY)
    )
    children, owners = users[:MANY], users[MANY:]
    place, held, card = AccountUser.objects.get(), Product.objects.get(), Card.objects.get()
    charge, refund = Charge.objects.get(), Refund.objects.get()
    paid, open_one = invoice_of(user, 202610), invoice_of(user, 202611)
    copies(place, ({"user": child} for child in children))
    copies(held, ({"name": f"P{number}"} for number in numbers))
    copies(FormerTerms.objects.get(), ({"through_period": 190000 + number} for number in numbers))
    copies(Step.objects.get(), ({"invoice": open_one} for _ in numbers))
    copies(open_one.related_items.first(), ({"product": held} for _ in numbers))
    refused = {"state": "refused", "transaction_id": ""}
    copies(charge, ({"key": random_id(), "invoice": paid, **refused} for _ in numbers))
    copies(charge, ({"key": random_id(), "invoice": open_one, **refused} for _ in numbers))
    copies(refund, ({"key": random_id(), **refused} for _ in numbers))
    others = copies(account, ({"owner": owner, "customer_id": random_id()} for owner in owners))
    copies(card, ({"account": other, "token": random_id()} for other in others))
    copies(open_one, ({"account": other} for other in others))


def pages(user):
    """The URL of every page of the admin, for Pia's rows."""
    rows = [
        user.genbilling_account,
        Card.objects.order_by("pk").first(),
        Product.objects.order_by("pk").first(),
        invoice_of(user, 202610),
        invoice_of(user, 202611),
        Charge.objects.order_by("pk").first(),
        Refund.objects.order_by("pk").first(),
    ]
    for model in SHOWN:
        yield url_of(model, "changelist")
        yield url_of(model, "changelist") + "?q=pia"
    for row in rows:
        yield url_of(type(row), "change", row.pk)
        yield url_of(type(row), "history", row.pk)
        for correction in getattr(admin.site._registry[type(row)], "corrections", ()):
            yield url_of(type(row), correction.name, row.pk)


def queries(client, url):
    with CaptureQueriesContext(connection) as caught:
        client.get(url)
    return len(caught)


@pytest.mark.long
def test_no_page_costs_more_queries_with_500_rows_than_with_one(superuser, pia):
    urls = list(pages(pia))
    for url in urls:
        superuser.get(url)  # what is kept from then on, as the content types are
    with_one = {url: queries(superuser, url) for url in urls}
    fill(pia)
    assert min(table.objects.count() for table in (*SHOWN, AccountUser, InvoiceItem, Step)) > MANY
    with_many = {url: queries(superuser, url) for url in urls}
    assert {url: count for url, count in with_many.items() if count > with_one[url]} == {}
