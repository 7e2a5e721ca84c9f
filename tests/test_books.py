"""Where the books are: one database, whatever the router says, and transactions that are kept."""

import ast
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction

import genbilling
from genbilling import books, interface
from genbilling.exceptions import (
    AlreadyInAccount,
    BadSetting,
    BadUser,
    GenbillingError,
    NoAutocommit,
    TransactionOpen,
)
from genbilling.models import Account, AccountUser, Invoice, InvoiceItem, Product
from genbilling.services.audit import audit
from tests.factories import GOOD_CARD, a_user, an_owner, at, invoice_of, run
from tests.routers import an_empty_file, another_database

SAID = {"operator": "Ann", "memo": "A mistake"}


@pytest.fixture
def replica(db, tmp_path, settings):
    """A router that reads from a database in which there is nothing, not even a table."""
    with another_database("replica", **an_empty_file(tmp_path / "replica.sqlite3")) as connection:
        settings.DATABASE_ROUTERS = ["tests.routers.ReadsFromReplica"]
        yield connection


@pytest.fixture
def elsewhere(transactional_db, settings):
    """A router that has everything in another database than `default`, which nobody may use."""

    def refuse(execute, sql, params, many, context):
        raise AssertionError(f"the default database was used: {sql}")

    with another_database("other"):
        settings.DATABASE_ROUTERS = ["tests.routers.AllInOther"]
        with connection.execute_wrapper(refuse):
            yield
        settings.DATABASE_ROUTERS = []


def a_month():
    """Everything that a month has: from a new account, consumed on, billed and paid, to a refund."""
    with at("2026-09-10"):
        owner, child = a_user(), a_user()
        interface.new_account(owner)
        interface.add_user_account(child, owner)
        interface.add_product_to_account("MSG", owner)
        interface.save_card(owner, GOOD_CARD)
        assert interface.use_product("MSG", child, 900) == 100
        assert interface.restore_product("MSG", child, 100) == 200
        assert interface.add_step_to_product("MSG", owner) == 1200
        interface.add_debit(owner, "5.00", **SAID)
        run("create_invoices")
    with at("2026-10-01"):
        for command in ("dispatch_invoices", "create_invoices", "restore_products", "reset_products"):
            run(command)
        invoice = Invoice.objects.get(account__owner=owner.pk, period=202610)
        interface.refund_charge(invoice.paying_charge, **SAID)
        run("reconcile_payments")
        run("audit_billing")
    return owner, invoice


def assert_the_month_is_right(owner, invoice):
    assert (invoice.paid, invoice.total) == (True, Decimal("32.97"))
    assert [charge.amount for charge in invoice.charges.all()] == [invoice.total]
    assert invoice.paying_charge.refunded() == invoice.total
    [product] = owner.genbilling_account.products.all()
    assert (product.used, product.capacity) == (0, 1000)
    assert Invoice.objects.filter(account=product.account, period=202611).exists()


# A router that reads from a replica


def test_a_month_is_right_where_the_router_reads_from_a_replica(replica):
    assert_the_month_is_right(*a_month())


def test_whatever_leads_to_the_books_reads_them_and_no_replica(replica):
    owner = an_owner("MSG", card=GOOD_CARD)
    account = Account.objects.get()
    account.refresh_from_db()
    assert owner.genbilling_account == account
    assert owner.genbilling_account_user.account == account
    assert [one.account for one in account.products.all()] == [account]
    assert Product.objects.prefetch_related("items").get().items.all()[0].invoice.account == account
    assert Account.objects.prefetch_related("products__items", "cards").get().cards.count() == 1
    assert Invoice.objects.get_or_create(account=account, period=account.opened_in + 1)[1] is False
    assert AccountUser.objects.select_related("account").get(account__owner=owner.pk).account == account
    assert Invoice._base_manager.count() == Invoice._default_manager.count() == 1


def test_another_database_is_still_reached_where_it_is_named(replica):
    with pytest.raises(OperationalError, match="no such table"):
        Account.objects.using("replica").count()
    with pytest.raises(OperationalError, match="no such table"):
        Account.objects.db_manager("replica").count()


def test_a_copy_of_the_books_can_be_made_in_another_database(db, tmp_path):
    an_owner("MSG", card=GOOD_CARD)
    written = tmp_path / "books.json"
    call_command("dumpdata", "auth.user", "genbilling", output=str(written), verbosity=0)
    with another_database("copy", **an_empty_file(tmp_path / "copy.sqlite3")) as copy:
        call_command("migrate", database="copy", verbosity=0)
        Account.objects.using("copy").all().delete()
        call_command("loaddata", str(written), database="copy", verbosity=0)
        copy.connect()  # loaddata let go of it
        for model in (Account, AccountUser, Product, Invoice, InvoiceItem):
            assert model.objects.using("copy").count() == model.objects.count() > 0
        again = StringIO()
        call_command("dumpdata", "genbilling", database="copy", stdout=again)
        assert '"genbilling.account"' in again.getvalue()


def test_a_user_whom_a_replica_handed_out_can_have_an_account(replica):
    user = a_user()
    user._state.db = "replica"
    assert interface.new_account(user).owner_id == user.pk


# Another database than `default`


def test_a_month_is_right_where_the_books_are_not_in_the_default_database(elsewhere):
    assert_the_month_is_right(*a_month())


def test_users_in_another_database_than_the_books_are_refused(db, tmp_path, settings):
    user = a_user()
    with another_database("other", **an_empty_file(tmp_path / "other.sqlite3")):
        settings.DATABASE_ROUTERS = ["tests.routers.BooksInOther"]
        with pytest.raises(BadSetting, match=r"auth\.User is written to .*'default', the books to 'other'"):
            interface.new_account(user)
        settings.DATABASE_ROUTERS = []


def test_a_user_who_is_not_in_the_database_is_told_so_not_called_placed(db):
    user = a_user()
    get_user_model().objects.filter(pk=user.pk).delete()
    with pytest.raises(BadUser, match="is not in the database 'default'"):
        interface.new_account(user)
    with pytest.raises(BadUser, match="is not in the database 'default'"):
        interface.add_user_account(user, an_owner())


def test_an_owner_without_a_place_is_already_in_an_account(db):
    owner = an_owner()
    AccountUser.objects.all().delete()
    with pytest.raises(AlreadyInAccount):
        interface.new_account(owner)


def test_what_else_the_database_refuses_is_not_called_placed(db):
    def refuse(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "genbilling_accountuser"'):
            raise IntegrityError("a constraint of the project's own")
        return execute(sql, params, many, context)

    user = a_user()
    with connection.execute_wrapper(refuse), pytest.raises(IntegrityError, match="of the project's own"):
        interface.new_account(user)
    assert not Account.objects.exists()


# Manual transaction mode


@contextmanager
def without_autocommit():
    transaction.set_autocommit(False)
    try:
        yield
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def test_without_autocommit_no_verb_begins(transactional_db, braintree):
    with at("2026-09-10"):
        owner, nobody = an_owner("MSG", card=GOOD_CARD), a_user()
        run("create_invoices")
    with at("2026-10-01"):
        run("dispatch_invoices")
    invoice = invoice_of(owner, 202610)
    sales = len(braintree.transactions())
    for verb in (
        lambda: interface.new_account(nobody),
        lambda: interface.use_product("MSG", owner),
        lambda: interface.add_step_to_product("MSG", owner),
        lambda: interface.save_card(owner, GOOD_CARD),
        lambda: interface.remove_card(owner),
        lambda: interface.refund_charge(invoice.paying_charge, **SAID),
        lambda: interface.void_invoice(invoice, **SAID),
        invoice.send_payment,
    ):
        with without_autocommit(), pytest.raises(NoAutocommit, match="manual transaction mode"):
            verb()
    assert len(braintree.transactions()) == sales


def test_a_database_without_autocommit_is_refused_too(transactional_db):
    user = a_user()
    connection.close()
    connection.settings_dict["AUTOCOMMIT"] = False
    try:
        with pytest.raises(NoAutocommit, match="AUTOCOMMIT"):
            interface.new_account(user)
    finally:
        connection.close()
        connection.settings_dict["AUTOCOMMIT"] = True


def test_what_talks_to_the_gateway_names_itself_inside_a_transaction(transactional_db):
    with at("2026-09-10"):
        owner = an_owner("MSG", card=GOOD_CARD)
        run("create_invoices")
    with at("2026-10-01"):
        run("dispatch_invoices")
    invoice = invoice_of(owner, 202610)
    for name, verb in {
        "save_card()": lambda: interface.save_card(owner, GOOD_CARD),
        "remove_card()": lambda: interface.remove_card(owner),
        "refund_charge()": lambda: interface.refund_charge(invoice.paying_charge, **SAID),
        "void_invoice()": lambda: interface.void_invoice(invoice, **SAID),
        "invoice.send_payment()": invoice.send_payment,
    }.items():
        with transaction.atomic(), pytest.raises(TransactionOpen) as caught:
            verb()
        assert str(caught.value).startswith(f"{name} talks to the gateway")
        assert "non_atomic_requests" in str(caught.value)
        assert isinstance(caught.value, RuntimeError)
        assert isinstance(caught.value, GenbillingError)


# How transactions of ours begin (PostgreSQL)


def shown(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


@contextmanager
def session(name, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SET {name} = '{value}'")
        try:
            yield
        finally:
            cursor.execute(f"RESET {name}")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("given", "ours"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")]
)
def test_what_a_transaction_of_ours_has_committed_a_crash_does_not_take_back(transactional_db, given, ours):
    with session("synchronous_commit", given):
        with books.atomic():
            assert shown("synchronous_commit") == ours
        assert shown("synchronous_commit") == given


@pytest.mark.postgres
def test_a_transaction_of_ours_sees_what_has_committed_whatever_the_projects_level(transactional_db):
    with session("default_transaction_isolation", "repeatable read"):
        with books.atomic():
            assert shown("transaction_isolation") == "read committed"
        with transaction.atomic(), books.atomic():
            assert shown("transaction_isolation") == "repeatable read", "the caller's own to decide"


@pytest.mark.postgres
def test_an_audit_sees_one_moment(transactional_db):
    with books.snapshot():
        assert shown("transaction_isolation") == "repeatable read"
        assert shown("transaction_read_only") == "on"


# The source

# These are given the database that is being migrated, or look at all there are.
NOT_ABOUT_THE_BOOKS = ("books.py", "embedded.py", "triggers.py", "migrations/*", "sandbox/*")


def test_nothing_but_books_chooses_a_database():
    top = Path(genbilling.__file__).parent
    passing_by = {
        str(path.relative_to(top))
        for path in top.rglob("*.py")
        if any(passes_by_the_books(node) for node in ast.walk(ast.parse(path.read_text())))
    }
    found = {name for name in passing_by if not any(fnmatch(name, known) for known in NOT_ABOUT_THE_BOOKS)}
    assert found == set()


def passes_by_the_books(node):
    match node:
        case ast.ImportFrom(module="django.db", names=names):
            return any(one.name in ("connection", "connections") for one in names)
        case ast.Attribute(value=ast.Name(id="transaction"), attr="atomic" | "on_commit" | "set_rollback"):
            return True
        case ast.Attribute(attr="as_manager"):
            return True
    return False


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_audit_says_so_where_nothing_is_committed_by_itself():
    transaction.set_autocommit(False)
    try:
        with pytest.raises(NoAutocommit, match="manual transaction mode"):
            list(audit(Counter()))
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
