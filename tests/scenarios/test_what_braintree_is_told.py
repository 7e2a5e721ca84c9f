"""What Braintree is told of a customer, a sale and a browser, beside what it needs."""

import logging

import pytest
from braintree import CreditCardVerificationSearch

from genbilling.exceptions import BadSetting
from genbilling.interface import save_card
from genbilling.models import Card, Charge
from genbilling.sandbox import connect
from tests.factories import GOOD_CARD, an_owner, at, invoice_of, run, run_failing
from tests.scenarios.served import served

HERE = __name__


def company(user):
    return {"email": f"billing@{user.username}.example", "company": "Ada & Co", "first_name": ""}


def nothing(user):
    return {}


NOT_CALLABLE = 7


def told(settings, **options):
    settings.GENBILLING = {**settings.GENBILLING, **options}


def customer_of(braintree, user):
    return braintree.gateway.customer.find(user.genbilling_account.customer_id)


def facts(customer):
    return customer.email, customer.first_name, customer.last_name, customer.company


@pytest.fixture
def ada(db):
    """An owner without a card."""
    owner = an_owner(name="ada")
    owner.first_name, owner.last_name = "Ada", "Lovelace"
    owner.save()
    return owner


# The customer


def test_the_customer_has_the_users_email_and_name(braintree, ada):
    save_card(ada, GOOD_CARD)
    assert facts(customer_of(braintree, ada)) == ("ada@example.com", "Ada", "Lovelace", None)


@pytest.mark.parametrize("setting", [company, f"{HERE}.company"])
def test_a_callable_of_the_projects_says_what_braintree_is_told(braintree, settings, ada, setting):
    told(settings, CUSTOMER=setting)
    save_card(ada, GOOD_CARD)
    assert facts(customer_of(braintree, ada)) == ("billing@ada.example", None, None, "Ada & Co")


def test_the_project_may_tell_nothing(braintree, settings, ada):
    told(settings, CUSTOMER=nothing)
    save_card(ada, GOOD_CARD)
    assert facts(customer_of(braintree, ada)) == (None, None, None, None)


def test_a_card_that_is_stored_later_brings_the_customer_up_to_date(braintree, settings, ada):
    told(settings, CUSTOMER=nothing)
    save_card(ada, GOOD_CARD)
    told(settings, CUSTOMER=None)
    save_card(ada, GOOD_CARD)
    ada.email = "ada@elsewhere.example"
    ada.save()
    save_card(ada, GOOD_CARD)
    assert facts(customer_of(braintree, ada)) == ("ada@elsewhere.example", "Ada", "Lovelace", None)
    assert len(customer_of(braintree, ada).payment_methods) == 1


@pytest.mark.parametrize("before", [False, True], ids=["a new customer", "a known one"])
def test_an_email_that_braintree_does_not_take_keeps_nobody_from_paying(braintree, ada, before, caplog):
    if before:
        save_card(ada, GOOD_CARD)
    ada.email = "ada at home"
    ada.save()
    with caplog.at_level(logging.WARNING):
        assert save_card(ada, GOOD_CARD).state == Card.State.CURRENT
    assert "Braintree does not take what it is told of customer" in caplog.text
    assert "ada at home" not in caplog.text
    assert customer_of(braintree, ada).email == ("ada@example.com" if before else None)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (f"{HERE}.missing", "cannot be imported"),
        (f"{HERE}.NOT_CALLABLE", "is 7: it must be a callable"),
        (lambda user: None, "returned a NoneType: it must return a dict of strings"),
        (lambda user: {"mail": "x"}, "returned a dict with 'mail': .* no keys but company, email"),
        (lambda user: {"email": 7}, "returned a dict with 'email'"),
    ],
)
def test_a_wrong_callable_is_a_wrong_setting_and_leaves_no_card(settings, ada, setting, problem):
    told(settings, CUSTOMER=setting)
    with pytest.raises(BadSetting, match=problem):
        save_card(ada, GOOD_CARD)
    assert not Card.objects.exists()


@pytest.mark.parametrize("device_data", ['{"correlation_id": "abc"}', None])
def test_device_data_goes_along_with_the_card(settings, tmp_path, ada, device_data):
    with served(settings, tmp_path / "served.sqlite3", fraud_service="kount") as sandbox:
        card = save_card(ada, GOOD_CARD, device_data=device_data)
        wanted = CreditCardVerificationSearch.payment_method_token == card.token
        [verification] = connect(sandbox).verification.search(wanted).items
    assert verification.risk_data.device_data_captured is (device_data is not None)


# The sale


DESCRIPTOR = {"name": "SHP*monthly plan", "phone": "555-123-4567", "url": "shop.example"}


def test_a_sale_has_the_descriptor_and_the_custom_fields(braintree, settings, user):
    told(
        settings,
        DESCRIPTOR=DESCRIPTOR,
        CUSTOM_FIELDS={"store_me": "Invoice {number} for {period}, {account}"},
    )
    with at("2026-10-01"):
        run("dispatch_invoices")
    [sale] = braintree.charged_to(user)
    assert (sale.descriptor.name, sale.descriptor.phone, sale.descriptor.url) == tuple(DESCRIPTOR.values())
    assert sale.custom_fields == {"store_me": f"Invoice 1 for 202610, {user.genbilling_account.pk}"}


def test_what_is_not_set_is_not_sent(user):
    with at("2026-10-01"):
        run("dispatch_invoices")
    sent = invoice_of(user, 202610).paying_charge.request
    assert not {"descriptor", "custom_fields", "merchant_account_id"} & sent.keys()


def test_a_custom_field_that_is_not_registered_is_a_wrong_setting_and_no_refusal(braintree, settings, user):
    told(settings, CUSTOM_FIELDS={"unheard_of": "x"})
    with at("2026-10-01"):
        said = run_failing("dispatch_invoices")
        assert "Check GENBILLING['CUSTOM_FIELDS']" in said
        assert [charge.state for charge in Charge.objects.all()] == [Charge.State.NOT_SENT]
        told(settings, CUSTOM_FIELDS={})
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paid
