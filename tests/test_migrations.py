"""The migrations say what the models say, and can be undone."""

import pytest
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "genbilling", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_be_undone_and_done_again():
    call_command("migrate", "genbilling", "zero", verbosity=0)
    assert not any(name.startswith("genbilling_") for name in connection.introspection.table_names())
    call_command("migrate", "genbilling", verbosity=0)
    assert "genbilling_invoice" in connection.introspection.table_names()
