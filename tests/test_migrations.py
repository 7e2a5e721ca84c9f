"""The migrations say what the models say, and can be undone."""

import pytest
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import IntegrityError, connection, models
from django.db.migrations import Migration

from genbilling.models import Invoice, InvoiceItem
from tests.factories import an_owner, at, declare, invoice_of, product, run


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "genbilling", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_be_undone_and_done_again():
    call_command("migrate", "genbilling", "zero", verbosity=0)
    assert not any(name.startswith("genbilling_") for name in connection.introspection.table_names())
    call_command("migrate", "genbilling", verbosity=0)
    assert "genbilling_invoice" in connection.introspection.table_names()


@pytest.fixture
def closed(settings, transactional_db):
    """A closed invoice."""
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-01"):
        run("dispatch_invoices")
    return invoice_of(user, 202610)


def assert_kept_from_change(invoice):
    with connection.cursor() as cursor:
        for change in (
            "UPDATE genbilling_invoice SET total = 0 WHERE id = %s",
            "UPDATE genbilling_invoiceitem SET amount = 0 WHERE invoice_id = %s",
        ):
            with pytest.raises(IntegrityError, match=r"genbilling: .* is closed"):
                cursor.execute(change, [invoice.pk])


@pytest.mark.parametrize("table", [Invoice, InvoiceItem])
def test_a_closed_invoice_is_still_kept_from_change_after_a_migration_of_its_tables(closed, table):
    """SQLite makes such a table anew, and forgets its triggers."""
    constraint = models.CheckConstraint(condition=models.Q(pk__gte=0), name="genbilling_later")
    plan = [(Migration("later", "genbilling"), False)]
    for method in ("add_constraint", "remove_constraint"):
        emit_pre_migrate_signal(0, False, connection.alias, plan=plan)
        with connection.schema_editor() as editor:
            getattr(editor, method)(table, constraint)
        emit_post_migrate_signal(0, False, connection.alias)
        assert_kept_from_change(closed)


def test_a_closed_invoice_is_still_kept_from_change_after_the_migrations_were_done_again(closed):
    call_command("migrate", "genbilling", "0001", verbosity=0)
    call_command("migrate", "genbilling", verbosity=0)
    assert_kept_from_change(closed)


def test_books_with_closed_invoices_can_be_flushed(closed):
    call_command("flush", interactive=False, verbosity=0)
    assert not Invoice.objects.exists()
