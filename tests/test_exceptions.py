"""The error tree, and the rule that most errors guard: a closed invoice does not change."""

import ast
import inspect
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

import genbilling
from genbilling import exceptions
from genbilling.exceptions import CardRefused, GenbillingError, InvoiceClosed, InvoiceVoid, MovedByVerb
from genbilling.models import Invoice, InvoiceItem
from tests.factories import (
    GOOD_CARD,
    an_owner,
    at,
    credit,
    declare,
    invoice_of,
    product,
    run,
)

ERRORS = [
    one
    for name, one in inspect.getmembers(exceptions, inspect.isclass)
    if one.__module__ == exceptions.__name__
]
ROOTS = {one.__name__ for one in ERRORS if "never raised itself" in inspect.getdoc(one)}


# The tree


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_a_child_of_the_root_and_says_what_it_is(error):
    assert issubclass(error, GenbillingError)
    assert inspect.getdoc(error)


def test_the_root_and_the_branches_are_never_raised_themselves():
    assert "GenbillingError" in ROOTS
    raised = set()
    for file in Path(genbilling.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Raise):
                raised |= {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
    assert raised & {one.__name__ for one in ERRORS}, "the search finds what is raised"
    assert raised & ROOTS == set()


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (exceptions.BadSetting, ImproperlyConfigured),
        (exceptions.BadAmount, ValueError),
        (exceptions.BadMoney, ValueError),
        (exceptions.BadPeriod, ValueError),
        (exceptions.UnknownProduct, LookupError),
        (exceptions.ProductNotHeld, LookupError),
        (exceptions.HandlerError, TypeError),
    ],
)
def test_an_error_is_also_of_the_kind_that_python_or_django_has_for_it(error, builtin):
    assert issubclass(error, builtin)


def test_a_refused_card_carries_what_the_gateway_said():
    error = CardRefused("Do Not Honor", "2000")
    assert (str(error), error.message, error.response_code) == ("Do Not Honor", "Do Not Honor", "2000")
    assert CardRefused("Unknown nonce").response_code == ""


# Closed invoices


@contextmanager
def nothing_changes():
    def books():
        return {
            model.__name__: list(model.objects.order_by("pk").values())
            for model in apps.get_app_config("genbilling").get_models()
        }

    before = books()
    yield
    assert books() == before


@pytest.fixture
def owner(settings, db):
    """An owner whose October invoice is closed and paid, and whose November invoice is open."""
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        run("dispatch_invoices")
        credit(user, "1.00", 202611)
    return user


@pytest.fixture
def october(owner):
    return invoice_of(owner, 202610)


@pytest.fixture
def november(owner):
    return invoice_of(owner, 202611)


def first_item(invoice):
    return invoice.related_items.order_by("pk").first()


def save_item(october, november):
    item = first_item(october)
    item.amount = Decimal("0.01")
    item.save()


def add_item(october, november):
    InvoiceItem(invoice=october, description="More", amount=1).save()


def create_item(october, november):
    october.related_items.create(description="More", amount=1)


def get_or_create_item(october, november):
    InvoiceItem.objects.get_or_create(invoice=october, description="More", defaults={"amount": 1})


def move_item_away(october, november):
    item = first_item(october)
    item.invoice = november
    item.save()


def move_item_here(october, november):
    item = first_item(november)
    item.invoice = october
    item.save()


def update_or_create_item(october, november):
    InvoiceItem.objects.update_or_create(
        pk=first_item(october).pk, defaults={"amount": 1, "invoice": november}
    )


ITEM_CHANGES = [
    save_item,
    add_item,
    create_item,
    get_or_create_item,
    update_or_create_item,
    move_item_away,
    move_item_here,
    lambda october, november: first_item(october).delete(),
    lambda october, november: october.related_items.all().delete(),
    lambda october, november: InvoiceItem.objects.all().delete(),
    lambda october, november: InvoiceItem.objects.update(amount=F("amount") + 1),
    lambda october, november: InvoiceItem.objects.filter(invoice=october).update(description="Else"),
    lambda october, november: InvoiceItem.objects.filter(invoice=november).update(invoice=october),
    lambda october, november: InvoiceItem.objects.filter(invoice=november).update(invoice_id=october.pk),
    lambda october, november: InvoiceItem.objects.filter(invoice=october).update(invoice=november),
    lambda october, november: InvoiceItem.objects.bulk_create(
        [InvoiceItem(invoice=invoice, description="More", amount=1) for invoice in (november, october)]
    ),
    lambda october, november: InvoiceItem.objects.bulk_update(
        [InvoiceItem(pk=first_item(october).pk, amount=1)], ["amount"]
    ),
]


@pytest.mark.parametrize("change", ITEM_CHANGES)
def test_an_item_of_a_closed_invoice_neither_comes_nor_goes_nor_changes(october, november, change):
    with nothing_changes(), pytest.raises(InvoiceClosed, match="do not change"), transaction.atomic():
        change(october, november)


def test_the_error_says_how_to_correct_a_closed_invoice(october):
    with pytest.raises(InvoiceClosed, match=r"invoice 1 of account .* for 202610 .*a credit .*open invoice"):
        add_item(october, None)


FROZEN = {
    "period": 202609,
    "number": 77,
    "printed_number": "77",
    "total": Decimal("0.01"),
    "closed": False,
    "closed_at": None,
    "seal": {"invoice": "else"},
}


@pytest.mark.parametrize("name", FROZEN)
@pytest.mark.parametrize("fields", ["all", "that one"])
def test_what_closing_froze_is_not_saved(october, name, fields):
    setattr(october, name, FROZEN[name])
    with nothing_changes(), pytest.raises(InvoiceClosed, match=f"its {name} does not change"):
        october.save(update_fields=None if fields == "all" else [name])


def test_a_closed_invoice_does_not_go_to_another_account(october):
    october.account = an_owner().genbilling_account
    for update_fields in (None, ["account"], ["account_id"]):
        with nothing_changes(), pytest.raises(InvoiceClosed):
            october.save(update_fields=update_fields)


@pytest.mark.parametrize("name", FROZEN)
def test_what_closing_froze_is_not_updated(october, name):
    with nothing_changes(), pytest.raises(InvoiceClosed):
        Invoice.objects.filter(pk=october.pk).update(**{name: FROZEN[name]})
    # Where the open invoice comes first, a constraint may refuse it before the trigger refuses the other.
    with nothing_changes(), pytest.raises((InvoiceClosed, IntegrityError)):
        Invoice.objects.update(**{name: FROZEN[name]})


@pytest.mark.parametrize(
    "change",
    [
        lambda invoice: invoice.delete(),
        lambda invoice: Invoice.objects.filter(pk=invoice.pk).delete(),
        lambda invoice: Invoice.objects.all().delete(),
        lambda invoice: Invoice.objects.bulk_update([Invoice(pk=invoice.pk, total=1)], ["total"]),
    ],
)
def test_a_closed_invoice_is_not_deleted_nor_updated_in_bulk(october, change):
    with nothing_changes(), pytest.raises(InvoiceClosed), transaction.atomic():
        change(october)


def test_the_flags_of_a_closed_invoice_may_still_change_by_update_alone(october):
    now = timezone.now()
    october.failed, october.failed_at = True, now
    with pytest.raises(MovedByVerb, match=r"failed by dispatch_invoices and invoice.send_payment\(\)"):
        october.save()
    Invoice.objects.filter(pk=october.pk).update(
        paid=False, paid_at=None, paying_charge=None, void=True, void_at=now
    )
    october.refresh_from_db()
    assert (october.void, october.paid, october.failed) == (True, False, False)
    with pytest.raises(InvoiceVoid, match="is void: nothing is owed on it"):
        october.send_payment()


def test_an_open_invoice_may_change(owner, november):
    InvoiceItem.objects.filter(invoice=november).update(amount="-2.005", description="Else")
    item = first_item(november)
    assert (item.amount, item.description) == (Decimal("-2.01"), "Else")
    item.amount = "-3"
    item.save()
    assert november.get_total_amount() == Decimal("-3.00")
    item.delete()
    InvoiceItem.objects.bulk_create([InvoiceItem(invoice=november, description="More", amount="1.005")])
    assert november.get_total_amount() == Decimal("1.01")
    november.related_items.all().delete()
    november.period = 202701
    november.save()
    november.delete()
    assert not Invoice.objects.filter(closed=False).exists()


def test_an_invoice_that_was_read_while_it_was_open_cannot_undo_its_closing(settings, db):
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    stale = invoice_of(user, 202610)
    item = first_item(stale)
    with at("2026-10-01"):
        run("dispatch_invoices")
    with nothing_changes():
        stale.save()
        for write in (stale.delete, item.save, item.delete):
            with pytest.raises(InvoiceClosed):
                write()


def upsert_items(closed, opened):
    item = InvoiceItem(pk=first_item(closed).pk, invoice=opened, description="x", amount=1)
    InvoiceItem.objects.bulk_create(
        [item], update_conflicts=True, unique_fields=["id"], update_fields=["amount"]
    )


def upsert_invoices(closed, opened):
    Invoice.objects.bulk_create(
        [Invoice(account=closed.account, period=closed.period, printed_number="77")],
        update_conflicts=True,
        unique_fields=["account", "period"],
        update_fields=["printed_number"],
    )


@pytest.mark.parametrize("upsert", [upsert_items, upsert_invoices])
def test_an_upsert_changes_no_closed_invoice(october, november, upsert):
    with nothing_changes(), pytest.raises(InvoiceClosed):
        upsert(october, november)


def test_what_was_refused_leaves_the_callers_transaction_to_go_on(october, november):
    with transaction.atomic():
        with pytest.raises(InvoiceClosed) as caught:
            october.related_items.update(amount=0)
        assert isinstance(caught.value.__cause__, IntegrityError)
        InvoiceItem.objects.filter(invoice=november).update(amount=7)
    assert november.get_total_amount() == 7


def test_another_integrity_error_stays_what_it_is(october, november):
    with nothing_changes(), pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=november.pk).update(period=october.period)


RAW = [
    "UPDATE genbilling_invoiceitem SET amount = 0 WHERE invoice_id = {closed}",
    "UPDATE genbilling_invoiceitem SET description = 'else' WHERE invoice_id = {closed}",
    "UPDATE genbilling_invoiceitem SET invoice_id = {open} WHERE invoice_id = {closed}",
    "UPDATE genbilling_invoiceitem SET invoice_id = {closed} WHERE invoice_id = {open}",
    "INSERT INTO genbilling_invoiceitem (invoice_id, description, amount, created_at) "
    "VALUES ({closed}, 'more', 1, CURRENT_TIMESTAMP)",
    "UPDATE genbilling_invoice SET total = 0 WHERE id = {closed}",
    "UPDATE genbilling_invoice SET number = 77 WHERE id = {closed}",
    "UPDATE genbilling_invoice SET period = 202001 WHERE id = {closed}",
    "UPDATE genbilling_invoice SET closed_at = CURRENT_TIMESTAMP WHERE id = {closed}",
    "UPDATE genbilling_invoice SET printed_number = '77' WHERE id = {closed}",
    "UPDATE genbilling_invoice SET seal = '{{}}' WHERE id = {closed}",
    "UPDATE genbilling_invoice SET account_id = {account} WHERE id = {closed}",
    "UPDATE genbilling_invoice SET closed = false, closed_at = NULL, total = NULL, number = NULL "
    "WHERE id = {closed}",
]
# On SQLite rows may be deleted: Django empties a database so.
RAW_DELETES = [
    pytest.param(sql, marks=pytest.mark.postgres)
    for sql in (
        "DELETE FROM genbilling_invoiceitem WHERE invoice_id = {closed}",
        "DELETE FROM genbilling_invoice WHERE id = {closed}",
    )
]


@pytest.mark.parametrize("sql", [*RAW, *RAW_DELETES])
def test_raw_sql_is_refused_too(october, november, sql):
    account = an_owner().genbilling_account
    statement = sql.format(closed=october.pk, open=november.pk, account=account.pk)
    with (
        nothing_changes(),
        pytest.raises(IntegrityError, match=rf"genbilling: (the invoice|invoice {october.pk}) is closed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_raw_sql_may_still_move_the_flags_and_change_open_invoices(october, november):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE genbilling_invoice SET sent_at = closed_at WHERE id = %s", [october.pk])
        cursor.execute("UPDATE genbilling_invoiceitem SET amount = 0 WHERE invoice_id = %s", [november.pk])
        cursor.execute("DELETE FROM genbilling_invoiceitem WHERE invoice_id = %s", [november.pk])
        cursor.execute("DELETE FROM genbilling_invoice WHERE id = %s", [november.pk])


def test_an_account_has_one_invoice_a_period(owner, october):
    with nothing_changes(), pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.create(account=october.account, period=202610)
