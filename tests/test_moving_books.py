"""Books that are moved with dumpdata and loaddata, or with pg_dump, are the same, and go on."""

import json
import os
import subprocess

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction

from genbilling.interface import add_credit, add_step_to_product, refund_charge, use_product
from genbilling.models import Invoice, InvoiceItem
from tests.factories import (
    GOOD_CARD,
    an_owner,
    at,
    declare,
    invoice_of,
    product,
    run,
    run_failing,
    turn_the_month,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def books(settings, braintree, transactional_db):
    """The owner of books with closed invoices, charges, a refund, a step and an open credit."""
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        add_step_to_product("PLAN", user, 2)
        use_product("PLAN", user, 20)
    with at("2026-10-01"):
        turn_the_month()
        an_owner("PLAN")
    with at("2026-11-01"):
        turn_the_month()
        refund_charge(invoice_of(user, 202611).paying_charge, operator="anna", memo="why")
        add_credit(user, "3.00", operator="anna", memo="why")
    return user


def flush():
    """Leave the tables as a host empties them, with nothing in them that migrations put there."""
    call_command("flush", interactive=False, verbosity=0)


def assert_the_books_go_on():
    assert run("audit_billing").endswith("0 findings.")
    with at("2026-12-01"):
        assert "1 paid (7.00), 0 refused, 1 without a card" in run("dispatch_invoices")
        turn_the_month()
        an_owner("PLAN", name="after")
    assert run("audit_billing").endswith("0 findings.")


@pytest.fixture
def dump(books, tmp_path):
    file = tmp_path / "books.json"
    call_command("dumpdata", "auth.user", "genbilling", output=str(file), verbosity=0)
    return file


def test_books_are_moved_with_dumpdata_and_loaddata(dump):
    flush()
    call_command("loaddata", str(dump), verbosity=0)
    assert_the_books_go_on()


def change(dump, model, **fields):
    rows = json.loads(dump.read_text())
    [one] = [row for row in rows if row["model"] == model][:1]
    one["fields"] |= fields
    dump.write_text(json.dumps(rows))


def test_what_was_changed_on_the_way_is_a_finding(dump):
    change(dump, "genbilling.invoiceitem", amount="0.01")
    flush()
    call_command("loaddata", str(dump), verbosity=0)
    assert "was changed after closing" in run_failing("audit_billing")


def test_an_item_that_the_invoice_never_had_is_not_loaded(dump):
    rows = json.loads(dump.read_text())
    items = [row for row in rows if row["model"] == "genbilling.invoiceitem"]
    rows.append({**items[0], "pk": 1_000_000})
    dump.write_text(json.dumps(rows))
    flush()
    with pytest.raises((IntegrityError, CommandError), match="closed, it takes no items"):
        call_command("loaddata", str(dump), verbosity=0)
    assert not Invoice.objects.exists()


def test_loading_over_books_changes_no_closed_invoice(dump):
    change(dump, "genbilling.invoiceitem", amount="0.01")
    with pytest.raises((IntegrityError, CommandError), match=r"invoice .*is closed"):
        call_command("loaddata", str(dump), verbosity=0)
    assert run("audit_billing").endswith("0 findings.")


def program(name, *arguments, stdin=None):
    """Run a program of PostgreSQL's on the test's database, and return what it printed."""
    # Imported here: whoever works on SQLite needs no psycopg and no server.
    from tests.postgres import PROGRAMS  # noqa: PLC0415

    found = connection.settings_dict
    where = {f"PG{key}": str(found[key]) for key in ("USER", "PASSWORD", "HOST", "PORT") if found[key]}
    done = subprocess.run(
        [PROGRAMS / name, *arguments],
        input=stdin,
        env=os.environ | where | {"PGDATABASE": found["NAME"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.postgres
def test_books_are_moved_with_pg_dump(books):
    dumped = program("pg_dump", "--data-only", "--table=genbilling_*", "--table=auth_user")
    flush()
    program("psql", "--single-transaction", "--quiet", "--set=ON_ERROR_STOP=1", stdin=dumped)
    assert_the_books_go_on()


@pytest.mark.postgres
def test_the_trigger_looks_for_the_invoice_in_the_schema_of_the_item(books):
    """As with a schema for each tenant, of which the search path names another one."""
    item = InvoiceItem.objects.filter(invoice__closed=True).first()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE SCHEMA another CREATE TABLE genbilling_invoice (id bigint, closed boolean, seal jsonb)"
        )
        cursor.execute("SET LOCAL search_path = another")
        with pytest.raises(IntegrityError, match="its items do not change"), transaction.atomic():
            cursor.execute("UPDATE public.genbilling_invoiceitem SET amount = 0 WHERE id = %s", [item.pk])
        transaction.set_rollback(True)


@pytest.mark.postgres
def test_a_trigger_that_was_left_off_after_loading_is_a_finding(books):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE genbilling_invoiceitem DISABLE TRIGGER USER")
        try:
            said = run_failing("audit_billing")
        finally:
            cursor.execute("ALTER TABLE genbilling_invoiceitem ENABLE TRIGGER USER")
    assert "The trigger genbilling_keep_closed_item is off; ALTER TABLE genbilling_invoiceitem ENABLE" in said


def test_a_trigger_that_is_missing_is_a_finding(books):
    table = "" if connection.vendor == "sqlite" else " ON genbilling_invoice"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER genbilling_keep_closed_invoice{table}")
        assert "The trigger genbilling_keep_closed_invoice" in run_failing("audit_billing")
        transaction.set_rollback(True)
