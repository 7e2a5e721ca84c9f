"""An operator corrects from the admin: refunds, voids, credits and debits, each on a page of its own."""

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connections
from django.test import Client
from django.urls import resolve, reverse

from genbilling.interface import refund_charge, void_invoice
from genbilling.models import Invoice, InvoiceItem, Refund
from tests.factories import (
    GOOD_CARD,
    a_user,
    an_owner,
    at,
    declare,
    invoice_of,
    lines,
    product,
    run,
    run_failing,
)

pytestmark = pytest.mark.django_db

REFUNDS = {"verb": "POST", "path": "/transactions/*/refund"}
SALES = {"verb": "POST", "path": "/transactions"}
SAME_DAY, SETTLED = "2026-10-01 15:00", "2026-10-05 12:00"

VIEWS = ["view_account", "view_invoice", "view_charge"]
CORRECTIONS = ["add_refund", "change_charge", "change_invoice", "add_invoiceitem"]


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"))


@pytest.fixture
def owner():
    """An owner with a good card, who owes 20.00 on the first of October."""
    with at("2026-09-10"):
        return an_owner("PLAN", card=GOOD_CARD, name="carol")


@pytest.fixture
def charge(owner):
    """The charge of 20.00 that paid October."""
    with at("2026-10-01"):
        run("dispatch_invoices")
    return invoice_of(owner, 202610).paying_charge


@pytest.fixture
def unpaid(owner, braintree):
    """October, which the card refused."""
    braintree.declining_card(owner, 2001)
    with at("2026-10-01"):
        run("dispatch_invoices")
    return invoice_of(owner, 202610)


def staff(*permissions, name="anna"):
    user = a_user(name)
    user.is_staff = True
    user.save()
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="genbilling", codename__in=permissions)
    )
    assert user.user_permissions.count() == len(permissions)
    return user


def logged_in(user, **options):
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.fixture
def anna():
    """The browser of an operator who may do everything there is to correct."""
    return logged_in(staff(*VIEWS, *CORRECTIONS))


def url_of(row, page="change"):
    return reverse(f"admin:genbilling_{row._meta.model_name}_{page}", args=[row.pk])


def page_of(client, row, page, when=SETTLED):
    with at(when):
        return client.get(url_of(row, page))


def filled_in(shown, **typed):
    """What a browser sends from a page: what stood in its fields, and what was typed over it."""
    form = shown.context["form"]
    values = {field.html_name: field.value() for field in form}
    return {name: value for name, value in (values | typed).items() if value is not None}


def send(client, row, page, data, when=SETTLED):
    with at(when):
        return client.post(url_of(row, page), data)


def correct(client, row, page, when=SETTLED, **typed):
    """Open the page, fill it in, send it."""
    return send(client, row, page, filled_in(page_of(client, row, page, when), **typed), when)


def said(response):
    """The messages that the answer leaves for the next page: (level, text)."""
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def breadcrumbs(response):
    [shown] = re.findall(r'<(ol|div) class="breadcrumbs">(.*?)</\1>', response.content.decode(), re.DOTALL)
    return " › ".join(filter(None, re.split(r"\s*(?:<[^>]+>|&rsaquo;)\s*", shown[1])))


def tools(client, row):
    """The links at the top right of a row's page, but for its history."""
    content = client.get(url_of(row)).content.decode()
    [shown] = re.findall(r'<ul class="object-tools">(.*?)</ul>', content, re.DOTALL)
    links = dict(re.findall(r'<a href="([^"]+)">([^<]+)</a>', shown))
    return {label: url for url, label in links.items()}


# Refunds


def test_a_charge_is_refunded_in_part_and_then_the_rest(anna, charge, braintree):
    assert tools(anna, charge) == {"Refund": url_of(charge, "refund")}
    shown = page_of(anna, charge, "refund")
    assert shown.context["form"]["amount"].value() == Decimal("20.00")
    assert f"Home › Billing › Charges › {charge} › Refund" in breadcrumbs(shown)
    account, invoice = charge.invoice.account, charge.invoice
    for known in (f"Account {account} ", f"Invoice {invoice} ", "Charged 20.00 USD", "Left 20.00 USD"):
        assert known in text_of(shown)
    response = correct(anna, charge, "refund", amount="5.00", memo="Outage")
    assert (response.status_code, response.url) == (302, url_of(charge))
    assert said(response) == [("success", "Refunded: 5.00 USD is on its way back to the card.")]
    refund = Refund.objects.get()
    assert (refund.amount, refund.kind, refund.state) == (Decimal("5.00"), "refund", "paid")
    assert (refund.operator, refund.memo) == ("anna", "Outage")
    shown = page_of(anna, charge, "refund")
    assert shown.context["form"]["amount"].value() == Decimal("15.00")
    assert "Went back already 5.00 USD Left 15.00 USD" in text_of(shown)
    assert "5.00 refund paid anna Outage" in text_of(shown), "what went back before stands on the page"
    correct(anna, charge, "refund", memo="The rest, too")
    assert charge.refunded() == Decimal("20.00")
    assert tools(anna, charge) == {}


def test_a_charge_that_has_not_settled_is_voided(anna, charge, braintree):
    response = correct(anna, charge, "refund", SAME_DAY, memo="Wrong customer")
    assert said(response) == [("success", "Voided before it settled: 20.00 USD went back.")]
    assert [one.status for one in braintree.transactions()] == ["voided"]


def test_a_part_of_what_has_not_settled_is_refused_on_the_page_and_nothing_typed_is_lost(anna, charge):
    response = correct(anna, charge, "refund", SAME_DAY, amount="5.00", memo="Outage")
    assert response.status_code == 200
    assert "a part only once it has settled" in text_of(response)
    form = response.context["form"]
    assert (form["amount"].value(), form["memo"].value()) == ("5.00", "Outage")
    assert charge.refunded() == 0
    again = send(anna, charge, "refund", filled_in(response))
    assert said(again) == [("success", "Refunded: 5.00 USD is on its way back to the card.")]


def test_a_lost_answer_is_said_and_the_next_dispatch_finds_out(anna, charge, braintree):
    with braintree.fault("timeout", when="after", **REFUNDS):
        response = correct(anna, charge, "refund", amount="5.00", memo="Outage")
    [(level, text)] = said(response)
    assert level == "warning"
    assert "the gateway's answer was lost. The next dispatch finds out" in text
    with (
        braintree.fault("timeout", verb="POST", path="/transactions/advanced_search_ids"),
        braintree.fault("timeout", **REFUNDS),
    ):
        response = correct(anna, charge, "refund", "2026-10-05 12:01", amount="5.00", memo="Again")
    assert "What came of an earlier refund" in text_of(response)
    with at("2026-10-06"):
        run("dispatch_invoices")
    assert [(one.state, one.amount) for one in Refund.objects.all()] == [("paid", Decimal("5.00"))]
    assert "Went back already 5.00 USD" in text_of(page_of(anna, charge, "refund"))


def test_while_the_whole_charge_may_be_going_back_there_is_nothing_to_refund(anna, charge, braintree):
    with braintree.fault("timeout", when="before", **REFUNDS):
        correct(anna, charge, "refund", memo="Outage")
    assert tools(anna, charge) == {}
    response = page_of(anna, charge, "refund")
    assert response.url == url_of(charge)
    assert said(response)[-1] == ("error", "All of this charge went back already, or is on its way.")


@pytest.mark.parametrize("effect", ["refuse", "connect-timeout"])
def test_when_the_gateway_cannot_be_reached_the_page_says_that_nothing_was_given_back(
    anna, charge, braintree, effect
):
    with braintree.fault(effect, **REFUNDS):
        response = correct(anna, charge, "refund", amount="5.00", memo="Outage")
    assert "Nothing was given back" in text_of(response)
    assert send(anna, charge, "refund", filled_in(response)).status_code == 302
    assert charge.refunded() == Decimal("5.00")


def test_what_the_bank_declines_is_said_on_the_page(anna, charge, braintree):
    with braintree.fault("code", code="915200", **REFUNDS):
        response = correct(anna, charge, "refund", memo="Outage")
    assert response.status_code == 200
    assert "was not given back: " in text_of(response)
    assert charge.refunded() == 0


@pytest.mark.parametrize(
    "typed", [{"amount": "0"}, {"amount": "-5"}, {"amount": "1.005"}, {"amount": "much"}, {"memo": " "}]
)
def test_what_is_no_refund_never_reaches_the_gateway(anna, charge, typed):
    response = correct(anna, charge, "refund", **{"memo": "Outage"} | typed)
    assert set(response.context["form"].errors) == set(typed)
    assert not Refund.objects.exists()


def test_more_than_is_left_is_refused_on_the_page(anna, charge):
    response = correct(anna, charge, "refund", amount="20.01", memo="Outage")
    assert "20.01 is more than the 20.00 that is left" in text_of(response)
    assert not Refund.objects.exists()


def test_a_refund_that_is_sent_twice_goes_back_once(anna, charge):
    data = filled_in(page_of(anna, charge, "refund"), amount="5.00", memo="Outage")
    assert send(anna, charge, "refund", data).status_code == 302
    second = send(anna, charge, "refund", data)
    assert "5.00 of the charge" in text_of(second)
    assert "look again" in text_of(second)
    assert "Went back already 5.00 USD" in text_of(second)
    assert charge.refunded() == Decimal("5.00")
    # Whoever has looked and still means it sends what is on the page now.
    send(anna, charge, "refund", filled_in(second))
    assert charge.refunded() == Decimal("10.00")


def test_a_whole_refund_from_a_second_tab_leads_back_to_the_charge(anna, charge):
    data = filled_in(page_of(anna, charge, "refund"), memo="Outage")
    send(anna, charge, "refund", data)
    second = send(anna, charge, "refund", data)
    assert second.url == url_of(charge)
    assert [level for level, _ in said(second)] == ["success", "error"]
    assert charge.refunded() == Decimal("20.00")


def test_a_form_without_what_had_gone_back_does_nothing(anna, charge):
    response = send(anna, charge, "refund", {"amount": "5.00", "memo": "Outage"})
    assert set(response.context["form"].errors) == {"refunded"}
    assert not Refund.objects.exists()


def test_a_charge_that_was_refused_has_no_refund(anna, unpaid):
    refused = unpaid.charges.get()
    assert tools(anna, refused) == {}
    response = page_of(anna, refused, "refund")
    assert said(response) == [("error", "Nothing was paid by this charge: there is nothing to refund.")]


def test_a_paid_invoice_leads_to_the_refund_of_what_paid_it(anna, charge):
    assert tools(anna, charge.invoice) == {"Refund": url_of(charge, "refund")}


def test_a_refund_stands_on_its_charge_and_in_a_list_of_its_own(charge):
    viewer = logged_in(staff(*VIEWS, "view_refund"))
    with at(SETTLED):
        refund_charge(charge, "5.00", operator="ben", memo="Outage in October")
    assert "Outage in October" in text_of(viewer.get(url_of(charge)))
    listed = text_of(viewer.get(reverse("admin:genbilling_refund_changelist"), {"q": "ben"}))
    assert "5.00" in listed
    assert "1 refund" in listed


# Voiding


def test_an_unpaid_invoice_is_voided_and_says_by_whom_and_why(anna, unpaid):
    assert tools(anna, unpaid) == {"Void": url_of(unpaid, "void")}
    assert "Amount 20.00" in text_of(page_of(anna, unpaid, "void"))
    response = correct(anna, unpaid, "void", memo="Never used it")
    assert (response.url, said(response)) == (
        url_of(unpaid),
        [("success", "The invoice is void: 20.00 USD is not owed any more.")],
    )
    unpaid.refresh_from_db()
    assert (unpaid.void, unpaid.void_by, unpaid.void_memo) == (True, "anna", "Never used it")
    shown = text_of(anna.get(url_of(unpaid)))
    assert "Voided by: anna" in shown
    assert "Never used it" in shown
    assert tools(anna, unpaid) == {}
    with at("2026-11-01"):
        assert "1 closed (billed 10.00)" in run("dispatch_invoices"), "October is not billed again"


def test_an_invoice_that_somebody_else_voided_leads_back_to_it(anna, unpaid):
    data = filled_in(page_of(anna, unpaid, "void"), memo="Never used it")
    void_invoice(unpaid, operator="ben", memo="Moved away")
    response = send(anna, unpaid, "void", data)
    assert response.url == url_of(unpaid)
    [(level, text)] = said(response)
    assert level == "error"
    assert "is void already" in text
    unpaid.refresh_from_db()
    assert unpaid.void_by == "ben"


def test_an_invoice_that_turns_out_to_be_paid_is_not_voided(anna, owner, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    october = invoice_of(owner, 202610)
    response = correct(anna, october, "void", "2026-10-01 13:00", memo="Never used it")
    assert response.url == url_of(october)
    assert said(response)[0][0] == "error"
    assert list(tools(anna, october)) == ["Refund"]


def test_an_invoice_whose_charge_is_not_known_yet_is_not_voided(anna, owner, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    october = invoice_of(owner, 202610)
    with braintree.fault("status", status=503):
        assert list(tools(anna, october)) == ["Void", "End"]
        response = correct(anna, october, "void", "2026-10-01 13:00", memo="Never used it")
    assert response.status_code == 200
    assert response.context["form"]["memo"].value() == "Never used it"
    assert response.context["form"].non_field_errors()
    assert not invoice_of(owner, 202610).void


def test_an_open_invoice_and_a_paid_one_are_not_voided(anna, owner):
    october = invoice_of(owner, 202610)
    assert tools(anna, october) == {}
    [(_, text)] = said(page_of(anna, october, "void"))
    assert "is open" in text
    with at("2026-10-01"):
        run("dispatch_invoices")
    [*_, (_, text)] = said(page_of(anna, october, "void"))
    assert "is paid" in text


# Ending a charge


@pytest.fixture
def pending(owner, braintree):
    """October's charge, which met a sale of 19.00 that somebody made under its order id."""
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    charge = invoice_of(owner, 202610).pending_charge
    with at("2026-10-01 12:10"):
        assert braintree.gateway.transaction.sale({**charge.request, "amount": "19.00"}).is_success
    with at("2026-10-01 13:00"):
        run_failing("dispatch_invoices")
    return charge


def test_a_charge_that_met_another_sale_is_ended_once_that_is_taken_back(anna, pending, braintree):
    assert tools(anna, pending) == {"End": url_of(pending, "end")}
    assert tools(anna, pending.invoice)["End"] == url_of(pending, "end")
    shown = text_of(page_of(anna, pending, "end", SAME_DAY))
    assert f"Order id {pending.order_id}" in shown
    assert "has another amount or order id" in shown
    response = correct(anna, pending, "end", SAME_DAY, memo="Not ours")
    assert "holds 19.00: void it at Braintree" in text_of(response)
    with at(SAME_DAY):
        [sale] = braintree.transactions()
        assert braintree.gateway.transaction.void(sale.id).is_success
    response = send(anna, pending, "end", filled_in(response), SAME_DAY)
    assert said(response) == [
        ("success", "The charge is ended: the next dispatch charges the invoice again.")
    ]
    pending.refresh_from_db()
    assert (pending.state, tools(anna, pending)) == ("not_sent", {})
    assert "Ended by anna: Not ours" in pending.message
    with at("2026-10-02"):
        assert "1 paid (20.00)" in run("dispatch_invoices")


def test_a_charge_that_is_found_at_braintree_after_all_is_not_ended_but_paid(anna, owner, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    charge = invoice_of(owner, 202610).pending_charge
    response = correct(anna, charge, "end", SAME_DAY, memo="Not ours")
    assert said(response) == [("warning", "It was found at Braintree what came of the charge: paid.")]
    assert invoice_of(owner, 202610).paid


def test_ending_a_charge_takes_its_own_permission(pending):
    for name, permissions in (("bea", {*VIEWS, *CORRECTIONS} - {"change_charge"}), ("cleo", [])):
        client = logged_in(staff(*permissions, name=name))
        assert page_of(client, pending, "end").status_code == 403
        assert send(client, pending, "end", {"memo": "No"}).status_code == 403
    assert "End" in tools(logged_in(staff("view_charge", "change_charge")), pending)


def test_a_charge_of_which_it_is_known_what_came_has_nothing_to_end(anna, charge):
    [(level, text)] = said(page_of(anna, charge, "end"))
    assert (level, text) == ("error", "What came of this charge is known: there is nothing to end.")


# Credits and debits


@pytest.mark.parametrize(("page", "label", "sign"), [("credit", "Add credit", -1), ("debit", "Add debit", 1)])
def test_an_account_is_given_an_item_that_says_what_for_and_by_whom(anna, owner, page, label, sign):
    account = owner.genbilling_account
    assert tools(anna, account)[label] == url_of(account, page)
    response = correct(anna, account, page, "2026-10-05", amount="3.50", memo="Outage")
    assert response.url == url_of(account)
    item = InvoiceItem.objects.get(operator="anna")
    assert (item.description, item.amount) == ("Outage", sign * Decimal("3.50"))
    [(level, text)] = said(response)
    assert level == "success"
    assert text == f"A {page} of 3.50 was put on the {item.invoice}."
    viewer = logged_in(staff("view_invoice", "view_invoiceitem", name="ben"))
    assert "3.50 anna" in text_of(viewer.get(url_of(item.invoice)))


def test_a_credit_that_is_sent_twice_is_added_once(anna, owner):
    account = owner.genbilling_account
    data = filled_in(page_of(anna, account, "credit"), amount="3.50", memo="Outage")
    assert send(anna, account, "credit", data).status_code == 302
    second = send(anna, account, "credit", data)
    assert "look again" in text_of(second)
    assert "-3.50 202611 anna Outage" in text_of(second), "what was added meanwhile stands on the page"
    assert InvoiceItem.objects.filter(operator="anna").count() == 1
    assert send(anna, account, "credit", filled_in(second)).status_code == 302
    assert InvoiceItem.objects.filter(operator="anna").count() == 2


def test_a_sum_that_is_too_large_is_an_error_on_the_page(anna, owner):
    response = correct(anna, owner.genbilling_account, "debit", amount="99999999999", memo="Outage")
    assert set(response.context["form"].errors) == {"amount"}
    assert not InvoiceItem.objects.filter(operator="anna").exists()


@pytest.mark.parametrize("typed", [{"amount": ""}, {"amount": "0.00"}, {"memo": ""}, {"memo": "x" * 256}])
@pytest.mark.parametrize("page", ["credit", "debit"])
def test_what_is_no_item_is_an_error_on_the_page(anna, owner, page, typed):
    response = correct(anna, owner.genbilling_account, page, **{"amount": "1.00", "memo": "Outage"} | typed)
    assert set(response.context["form"].errors) == set(typed)
    assert not InvoiceItem.objects.exclude(operator="").exists()


def test_the_page_shows_the_invoice_that_the_item_goes_on(anna, owner):
    account = owner.genbilling_account
    shown = text_of(page_of(anna, account, "credit", "2026-09-20"))
    assert f"Open invoice {invoice_of(owner, 202610)} Amount so far 10.00" in shown
    assert "Open invoice" not in text_of(page_of(anna, account, "credit", "2026-10-05")), "it is opened then"


# Who may


PAGES = [
    ("charge", "refund", "add_refund"),
    ("invoice", "void", "change_invoice"),
    ("account", "credit", "add_invoiceitem"),
    ("account", "debit", "add_invoiceitem"),
]
EVERY_PAGE = [*PAGES, ("charge", "end", "change_charge")]


@pytest.fixture
def rows(charge, braintree):
    with at("2026-09-10"):
        dave = an_owner("PLAN", name="dave")
    with at("2026-10-01"):
        run("dispatch_invoices")
    return {
        "charge": charge,
        "invoice": invoice_of(dave, 202610),
        "account": dave.genbilling_account,
    }


@pytest.mark.parametrize(("model", "page", "permission"), PAGES)
def test_a_correction_takes_its_own_permission_and_that_to_view(rows, model, page, permission):
    row = rows[model]
    others = [*VIEWS, *({*CORRECTIONS} - {permission})]
    for name, permissions in (("bea", others), ("cleo", [permission]), ("dora", VIEWS), ("eve", [])):
        # Who may change an invoice may view it, for Django.
        if (name, model) == ("cleo", "invoice"):
            continue
        client = logged_in(staff(*permissions, name=name))
        assert page_of(client, row, page).status_code == 403
        data = {"amount": "1.00", "memo": "No", "refunded": "0", "after": "0"}
        assert send(client, row, page, data).status_code == 403
        if f"view_{model}" in permissions:
            assert url_of(row, page) not in tools(client, row).values()
    client = logged_in(staff(f"view_{model}", permission))
    assert url_of(row, page) in tools(client, row).values()
    assert page_of(client, row, page).status_code == 200
    assert not Refund.objects.exists()
    assert not Invoice.objects.filter(void=True).exists()
    assert not InvoiceItem.objects.exclude(operator="").exists()


@pytest.mark.parametrize(("model", "page", "permission"), EVERY_PAGE)
def test_visitors_are_sent_to_the_login(rows, client, model, page, permission):
    response = client.post(url_of(rows[model], page), {"memo": "No"})
    assert response.url.startswith(reverse("admin:login"))


@pytest.mark.parametrize(("model", "page", "permission"), EVERY_PAGE)
def test_a_row_that_is_not_there_is_not_found(anna, model, page, permission):
    for key in ("999999", "abc", "1/2"):
        url = reverse(f"admin:genbilling_{model}_{page}", args=[key])
        assert anna.get(url).status_code == 404


def test_an_invoice_does_not_lead_to_a_charge_that_one_may_not_view(charge):
    client = logged_in(staff("view_invoice", "add_refund"))
    assert tools(client, charge.invoice) == {}


def test_rows_that_one_may_not_view_are_no_links(charge):
    page = page_of(logged_in(staff("view_charge", "add_refund")), charge, "refund").content.decode()
    assert str(charge.invoice) in page
    assert url_of(charge.invoice) not in page
    page = page_of(logged_in(staff(*VIEWS, "add_refund", name="ben")), charge, "refund").content.decode()
    assert url_of(charge.invoice) in page


def test_a_form_from_another_site_is_refused(charge):
    client = logged_in(staff(*VIEWS, *CORRECTIONS), enforce_csrf_checks=True)
    data = {"amount": "5.00", "memo": "Outage", "refunded": "0.00"}
    assert send(client, charge, "refund", data).status_code == 403
    assert not Refund.objects.exists()


def test_a_correction_stands_in_the_history_of_what_was_corrected(anna, charge):
    correct(anna, charge, "refund", amount="5.00", memo="Outage")
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id) == ("anna", str(charge.pk))
    shown = text_of(anna.get(url_of(charge, "history")))
    assert "Refunded: 5.00 USD is on its way back to the card. (Outage)" in shown


# A transaction around each request


@pytest.mark.parametrize(("model", "page", "permission"), EVERY_PAGE)
def test_the_pages_are_exempt_from_a_transaction_around_the_request(model, page, permission):
    view = resolve(reverse(f"admin:genbilling_{model}_{page}", args=[1])).func
    assert view._non_atomic_requests == {"default"}


@pytest.mark.django_db(transaction=True)
def test_a_project_with_a_transaction_around_each_request_refunds_and_voids(
    anna, charge, braintree, monkeypatch
):
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    correct(anna, charge, "refund", amount="5.00", memo="Outage")
    assert charge.refunded() == Decimal("5.00")
    account = charge.invoice.account
    braintree.decline(account.cards.get(state="current"))
    with at("2026-11-01"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    # Its charge is looked for first.
    correct(anna, invoice_of(account.owner, 202611), "void", "2026-11-01 13:00", memo="Never used it")
    assert correct(anna, account, "credit", "2026-11-02", amount="1.00", memo="Outage").status_code == 302
    assert correct(anna, account, "debit", "2026-11-02", amount="1.00", memo="Mistake").status_code == 302
    assert invoice_of(account.owner, 202611).void
    assert lines(invoice_of(account.owner, 202612))[-2:] == [
        ("Outage", Decimal("-1.00")),
        ("Mistake", Decimal("1.00")),
    ]


# At once


def all_at_once(clients, row, page, data):
    """Send the same form from each of `clients` at the same moment; the status codes of the answers."""
    ready = Barrier(len(clients))

    def post(client):
        try:
            ready.wait()
            return client.post(url_of(row, page), data).status_code
        finally:
            connections.close_all()

    with at(SETTLED), ThreadPoolExecutor(len(clients)) as pool:
        return sorted(pool.map(post, clients))


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_at_once_corrects_once(charge, owner):
    user, account = staff(*VIEWS, *CORRECTIONS), owner.genbilling_account
    clients = [logged_in(user) for _ in range(4)]
    data = filled_in(page_of(clients[0], charge, "refund"), amount="5.00", memo="Outage")
    assert all_at_once(clients, charge, "refund", data) == [200, 200, 200, 302]
    assert charge.refunded() == Decimal("5.00")
    data = filled_in(page_of(clients[0], account, "credit"), amount="5.00", memo="Outage")
    assert all_at_once(clients, account, "credit", data) == [200, 200, 200, 302]
    assert InvoiceItem.objects.filter(operator="anna").count() == 1
