"""What a project has set on its connection holds for a whole run, and a run has one connection."""

from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from genbilling.models import Charge, Invoice
from tests.concurrency.crowd import in_background, until_waiting
from tests.concurrency.due import (
    BILL,
    OCTOBER,
    assert_each_paid_once,
    assert_totals_are_sums,
    owners,
    put_on,
)
from tests.factories import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

INVOICES = 12


def execute(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


@contextmanager
def options(**changes):
    """Have other OPTIONS of the database inside the block, in every thread."""
    before = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = {**before, **changes}
    try:
        yield
    finally:
        connection.close()
        if "pool" in changes:
            connection.close_pool()
        connection.settings_dict["OPTIONS"] = before


def dispatch():
    """Bill October with several calls in flight, in this process."""
    return run("dispatch_invoices", period=OCTOBER)


def assert_all_paid(books):
    due = Invoice.objects.filter(period=OCTOBER)
    assert due.count() == due.filter(paid=True).count() == INVOICES
    assert_each_paid_once(books, due)
    assert_totals_are_sums()


# A schema for each tenant


@pytest.fixture
def tenant():
    """The schema of a tenant, with tables of its own, chosen on this connection."""
    execute("CREATE SCHEMA tenant", "SET search_path TO tenant")
    call_command("migrate", verbosity=0)
    yield
    execute("DROP SCHEMA tenant CASCADE", "RESET search_path")


def test_a_run_stays_in_the_schema_that_was_chosen_for_it(tenant, braintree_books):
    owners(INVOICES, "MSG")
    dispatch()
    assert_all_paid(braintree_books)
    for table in ("account", "invoice", "invoiceitem", "charge", "card"):
        assert execute(f"SELECT count(*) FROM public.genbilling_{table}") == [(0,)]


# A role


@pytest.fixture
def biller():
    """A role that may do everything with the tables, and without which no charge may be written."""
    role = f"biller_of_{connection.settings_dict['NAME']}"
    execute(
        f"CREATE ROLE {role}",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "CREATE FUNCTION refuse_others() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF current_user <> '{role}' THEN RAISE EXCEPTION '% may not charge', current_user; END IF; "
        "RETURN NEW; END $$",
        "CREATE TRIGGER refuse_others BEFORE INSERT OR UPDATE ON genbilling_charge "
        "FOR EACH ROW EXECUTE FUNCTION refuse_others()",
    )
    yield role
    execute(
        "RESET ROLE",
        "DROP TRIGGER refuse_others ON genbilling_charge",
        "DROP FUNCTION refuse_others",
        f"DROP OWNED BY {role}",
        f"DROP ROLE {role}",
    )


def test_a_run_keeps_the_role_that_was_set_for_it(biller, braintree_books):
    owners(INVOICES, "MSG")
    execute(f"SET ROLE {biller}")
    dispatch()
    assert_all_paid(braintree_books)
    assert Charge.objects.count() == INVOICES


# A pool


def test_a_run_needs_one_connection_of_the_pool(braintree_books):
    owners(INVOICES, "MSG")
    with options(pool={"min_size": 1, "max_size": 1, "timeout": 5}):
        dispatch()
        assert_all_paid(braintree_books)


# Another isolation level


@pytest.fixture
def repeatable_read():
    # Imported here: whoever works on SQLite needs no psycopg.
    from psycopg import IsolationLevel  # noqa: PLC0415

    with options(isolation_level=IsolationLevel.REPEATABLE_READ):
        yield


def test_an_item_that_a_run_waited_for_is_in_the_total(repeatable_read, braintree_books):
    [user] = owners(1, "MSG")
    with in_background() as begin:
        with transaction.atomic():
            put_on(user, OCTOBER, "1.00")
            run_under_way = begin(dispatch)
            until_waiting()
        run_under_way.result()
    invoice = Invoice.objects.get(period=OCTOBER)
    assert (invoice.paid, invoice.total) == (True, BILL + 1)
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
    assert_totals_are_sums()
