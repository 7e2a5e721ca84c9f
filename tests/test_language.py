"""Texts on invoices are in the project's language, whoever's is active; every text has its translations."""

import re
from string import Formatter

import pytest
from babel.messages.mofile import read_mo
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from genbilling.interface import (
    activate_account,
    add_credit,
    add_step_to_product,
    void_invoice,
)
from genbilling.models import InvoiceItem
from genbilling.services.unsettled import unsettled
from tests import messages
from tests.factories import an_owner, at, credit, declare, invoice_of, lines, product, run

LANGUAGES = messages.languages()
every_language = pytest.mark.parametrize("language", LANGUAGES)


# What stands on invoices


@pytest.fixture
def visitor():
    """Somebody whose language is Spanish is at work."""
    with translation.override("es"):
        yield


@pytest.fixture
def german(settings):
    settings.LANGUAGE_CODE = "de"


def bill(account, invoice):
    """A handler that words its items as it would a page."""
    held = account.get_product_by_name("OWN")
    item = InvoiceItem(invoice=invoice, product=held, description=gettext("Home"), amount=1)
    item.save()
    return item


def bill_steps(account, invoice, steps):
    return bill(account, invoice)


@pytest.mark.django_db
def test_invoices_are_in_the_projects_language_whatever_a_visitor_speaks(settings, german, visitor):
    declare(settings, product("PLAN"), PRORATE_FIRST_PERIOD=True)
    with at("2026-10-30"):
        user = an_owner("PLAN")
        add_step_to_product("PLAN", user, 2)
        run("dispatch_invoices", ahead=True)
    assert translation.get_language() == "es"
    assert [description for description, _ in lines(invoice_of(user, 202611))] == [
        "The plan, Oktober 2026 (2 von 31 Tagen)",
        "The plan, 2 × 50 hinzugefügt",
        "The plan, November 2026",
    ]


@pytest.mark.django_db
def test_so_are_the_items_of_a_trial_that_ends_and_what_is_said_to_be_owed(settings, german, visitor):
    declare(settings, product("PLAN"))
    with at("2026-12-10"):
        user = an_owner("PLAN", trial=True)
        account = activate_account(user)
    assert lines(invoice_of(user, 202701))[0][0] == "The plan, Dezember 2026"
    assert "10.00 is not billed yet (The plan, Januar 2027)" in list(unsettled(account, 202701))


@pytest.mark.django_db
def test_so_are_credits_that_are_carried_over_or_come_back_from_a_void_invoice(settings, german, visitor):
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user = an_owner("PLAN")
        credit(user, "25.00", 202610)
    with at("2026-10-01"):
        run("dispatch_invoices")
    assert lines(invoice_of(user, 202610))[-1][0] == "Übertrag auf November 2026"
    assert lines(invoice_of(user, 202611))[0][0] == "Übertrag aus Oktober 2026"
    with at("2026-11-01"):
        run("dispatch_invoices")
        invoice = invoice_of(user, 202611)
        void_invoice(invoice, operator="anna", memo="why")
    assert lines(invoice_of(user, 202612)) == [
        (f"Gutschrift der stornierten Rechnung {invoice.printed_number}", -5)
    ]


@pytest.mark.django_db
def test_so_is_what_a_handler_of_the_projects_words(settings, german, visitor):
    here = "tests.test_language."
    declare(settings, product("OWN", bill=f"{here}bill", bill_steps=f"{here}bill_steps"))
    with at("2026-09-10"):
        user = an_owner("OWN")
        add_step_to_product("OWN", user)
    with at("2026-10-01"):
        run("dispatch_invoices")
    assert [description for description, _ in lines(invoice_of(user, 202610))[1:]] == ["Start", "Start"]


@pytest.mark.django_db
def test_what_an_operator_types_is_not_translated(german, visitor):
    user = an_owner()
    assert add_credit(user, "1.00", operator="anna", memo="Cancel").description == "Cancel"


# The translations


def test_there_are_german_and_one_more():
    assert {"de", "es"} <= set(LANGUAGES)


def test_the_search_finds_texts_of_models_forms_services_and_templates():
    found = {message.id for message in messages.texts()}
    assert {"paid", "Memo", "Carried over to %(period)s", "Cancel"} <= found
    assert ("Please correct the error below.", "Please correct the errors below.") in found
    assert not any("Approved" in str(text) for text in found), "the sandbox speaks as Braintree does"


@every_language
def test_every_text_is_translated_and_no_translation_is_left_over(language):
    catalog = messages.read(language)
    wanted = {message.id for message in messages.texts()}
    assert {message.id for message in catalog} == wanted, "`python -m tests.messages` puts that right"
    assert messages.missing(catalog) == []
    assert not catalog.obsolete


@every_language
def test_what_is_installed_is_what_was_translated(language):
    with messages.po_file(language).with_suffix(".mo").open("rb") as file:
        installed = said(read_mo(file))
    assert installed == said(messages.read(language)), "`python -m tests.messages` puts that right"


def said(catalog):
    texts = ((messages.strings(one.id), messages.strings(one.string)) for one in catalog if one.id)
    return {tuple(text): tuple(translation) for text, translation in texts}


@every_language
def test_translations_have_the_places_that_the_texts_have(language):
    for message in messages.read(language):
        if message.id:
            for text in messages.strings(message.string):
                assert places(text) == places(messages.strings(message.id)[0])


def places(text):
    braces = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return braces | set(re.findall(r"%\(\w+\)s", text))


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "word"), [("de", "Rechnungen"), ("es", "facturas")])
def test_the_admin_speaks_it(settings, language, word, django_user_model):
    settings.LANGUAGE_CODE = language
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("root"))
    page = client.get("/admin/genbilling/invoice/").content.decode()
    assert word in page
