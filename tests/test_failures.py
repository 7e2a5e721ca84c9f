"""What a command says where the database is not as it should be: what happened, and the way out."""

import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories import GOOD_CARD, an_owner, at, declare, product, run, run_failing
from tests.routers import an_empty_file, another_database

pytestmark = pytest.mark.django_db(transaction=True)

COMMANDS = (
    "audit_billing",
    "create_invoices",
    "dispatch_invoices",
    "reconcile_payments",
    "reset_products",
    "restore_products",
)
every_command = pytest.mark.parametrize("command", COMMANDS)


def assert_migrations_are_asked_for(said):
    assert "The database lacks tables or columns of genbilling's (" in said
    assert "run `manage.py migrate genbilling` first" in said
    assert "safe to run" not in said


@every_command
def test_tables_that_are_missing_are_to_be_migrated(settings, tmp_path, command):
    with another_database("other", **an_empty_file(tmp_path / "empty.sqlite3")):
        settings.DATABASE_ROUTERS = ["tests.routers.AllInOther"]
        said = run_failing(command)
        settings.DATABASE_ROUTERS = []
    assert_migrations_are_asked_for(said)
    assert "0 left" not in said, "nothing was compared"


def test_columns_that_are_missing_are_to_be_migrated(settings):
    declare(settings, product("PLAN"))
    an_owner("PLAN", card=GOOD_CARD)
    call_command("migrate", "genbilling", "0004", verbosity=0)
    try:
        said = run_failing("dispatch_invoices")
    finally:
        call_command("migrate", "genbilling", verbosity=0)
    assert_migrations_are_asked_for(said)
    assert "nothing to do" in run("dispatch_invoices")


@pytest.fixture
def loaded(settings):
    """Books whose rows were loaded, and the sequence that gives out the keys of invoices was not."""
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        # So many that trying again, as after a conflict, does not get past them.
        for _ in range(12):
            an_owner("PLAN")
        an_owner()
    with connection.cursor() as cursor:
        sequence = "pg_get_serial_sequence('genbilling_invoice', 'id')"
        cursor.execute(f"SELECT setval({sequence}, (SELECT min(id) FROM genbilling_invoice), false)")


@pytest.mark.postgres
def test_a_sequence_that_was_not_loaded_is_to_be_set(loaded):
    with at("2026-09-10"):
        said = run_failing("create_invoices")
    assert "a sequence may be behind: run what `manage.py sqlsequencereset genbilling` prints" in said


@pytest.mark.postgres
def test_no_invoice_is_left_out_where_a_sequence_was_not_loaded(loaded):
    with at("2026-11-01"):
        said = run_failing("dispatch_invoices")
        assert "duplicate key" in said
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('genbilling_invoice', 'id'), 1000)")
        assert "0 errors" in run("dispatch_invoices")
    assert run("audit_billing").endswith("0 findings.")


@pytest.fixture
def without_rights(loaded):
    """A user of the database who may not look at the books."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE nobody_much")
        cursor.execute("GRANT SELECT ON django_migrations TO nobody_much")
        cursor.execute("SET ROLE nobody_much")
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("DROP OWNED BY nobody_much")
        cursor.execute("DROP ROLE nobody_much")


@pytest.mark.postgres
@every_command
def test_rights_that_are_missing_are_to_be_given(without_rights, command):
    said = run_failing(command)
    assert "The database refused a statement (permission denied" in said
    assert "Give the user in DATABASES the right" in said
