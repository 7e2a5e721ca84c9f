"""The migrations say what the models say, and can be undone."""

import pytest
from braintree.test.nonces import Nonces
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import IntegrityError, connection, models
from django.db.migrations import Migration
from django.utils import timezone

from genbilling.interface import save_card, use_product
from genbilling.models import Account, Card, Charge, Invoice, InvoiceItem, Product, RestoreMoment
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


def test_an_invoice_that_was_closed_before_its_currency_was_kept_is_charged_all_the_same(closed):
    assert closed.currency == "USD"
    call_command("migrate", "genbilling", "0005", verbosity=0)
    call_command("migrate", "genbilling", verbosity=0)
    closed.refresh_from_db()
    assert closed.currency == ""
    with at("2026-10-02"):
        save_card(closed.account.owner, Nonces.Transactable)
        assert closed.send_payment().state == Charge.State.PAID
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="is closed"):
        cursor.execute("UPDATE genbilling_invoice SET currency = 'EUR'")


@pytest.mark.parametrize(("status", "dates"), [("grace", (True, False)), ("expired", (False, True))])
def test_an_unpaid_account_keeps_its_date_when_the_migrations_are_undone_and_done_again(
    closed, status, dates
):
    moment = timezone.now()
    Account.objects.update(status=status, unpaid_since=moment)
    call_command("migrate", "genbilling", "0004", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT in_grace_since, expired_unpaid_at FROM genbilling_account")
        assert tuple(date is not None for date in cursor.fetchone()) == dates
    call_command("migrate", "genbilling", verbosity=0)
    assert Account.objects.get().unpaid_since == moment


def test_books_from_before_items_and_cards_had_seals_pass_the_audit(closed, braintree):
    save_card(closed.account.owner, Nonces.TransactableVisa)
    call_command("migrate", "genbilling", "0010", verbosity=0)
    call_command("migrate", "genbilling", verbosity=0)
    assert set(InvoiceItem.objects.values_list("seal", flat=True)) == {""}
    assert set(Card.objects.values_list("seal", flat=True)) == {""}
    assert run("audit_billing").endswith("0 findings.")


def test_books_with_closed_invoices_can_be_flushed(closed):
    call_command("flush", interactive=False, verbosity=0)
    assert not Invoice.objects.exists()


# What befell a card before the upgrade: the answers to its tries, and how its row is to be read after it.
BEFELL = {
    "paid": ((Nonces.TransactableVisa, [1000]), ("", 0, True)),
    "declined": ((Nonces.TransactableMasterCard, [2004]), ("hard_decline", 1, False)),
    "declined twice": ((Nonces.TransactableAmEx, [2004, 2004]), ("hard_decline", 2, False)),
    "to be authenticated": ((Nonces.TransactableDiscover, [2001, 2099]), ("authentication", 0, False)),
    "refused": ((Nonces.TransactableJCB, [2001, 2001, 2001]), ("", 0, False)),
    "declined, then paid": ((Nonces.TransactableMaestro, [2004, 1000]), ("", 0, True)),
}


@pytest.fixture
def upgraded(settings, transactional_db, braintree):
    """The owners of the cards that something befell, after the upgrade."""
    declare(settings, product("PLAN"))
    owners = {}
    for name, ((nonce, codes), _) in BEFELL.items():
        with at("2026-09-10"):
            owners[name] = an_owner("PLAN", card=nonce)
        _befall(owners[name], braintree, codes)
    call_command("migrate", "genbilling", "0002", verbosity=0)
    call_command("migrate", "genbilling", verbosity=0)
    return owners


def _befall(user, braintree, codes):
    card = Card.objects.get(account__owner=user)
    for day, code in enumerate(codes, start=1):
        declining = None if code == 1000 else braintree.decline(card, code)
        with at(f"2026-10-{day:02}"):
            if day == 1:
                run("dispatch_invoices")
            else:
                invoice_of(user, 202610).send_payment(force=True)
        if declining:
            declining.remove()


def test_what_befell_cards_before_the_upgrade_decides_what_may_be_tried_after_it(upgraded):
    found = {
        name: tuple(
            Card.objects.values_list("block", "hard_declines", "paid_before").get(account__owner=user)
        )
        for name, user in upgraded.items()
    }
    assert found == {name: row for name, (_, row) in BEFELL.items()}
    assert set(Card.objects.values_list("number_id", flat=True)) == {""}, "it was not kept then"


def test_tries_of_the_time_before_the_upgrade_count_together_with_those_of_the_number(
    settings, upgraded, braintree
):
    declare(settings, product("PLAN"), MAX_TRIES=4)
    user = upgraded["refused"]
    braintree.decline(Card.objects.get(account__owner=user))
    for day, said in ((5, "1 refused"), (6, "1 card network's limit of tries reached")):
        with at(f"2026-10-{day:02}"):
            assert said in run("dispatch_invoices")
    assert invoice_of(user, 202610).charges.count() == 4


def test_a_card_declined_before_the_upgrade_is_left_alone_and_tried_once_when_it_is_stored_again(upgraded):
    user = upgraded["declined twice"]
    with at("2026-10-05"):
        run("dispatch_invoices")
        assert invoice_of(user, 202610).charges.count() == 2
        save_card(user, Nonces.TransactableAmEx)
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paid


@pytest.fixture
def restored_before_the_upgrade(settings, transactional_db):
    """Owners of a periodic product on the fifteenth of October, after the upgrade of that day.

    One was restored on the first, one was missed by that run, and one has come since.
    """
    declare(settings, product("PLAN", periodic=True))
    with at("2026-09-10"):
        owners = {name: an_owner("PLAN") for name in ("restored", "missed")}
    with at("2026-10-01"):
        run("restore_products")
    with at("2026-10-10"):
        owners["new"] = an_owner("PLAN")
    for user in owners.values():
        use_product("PLAN", user, 30)
    with at("2026-10-15"):
        call_command("migrate", "genbilling", "0005", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT restored_period FROM genbilling_product ORDER BY id")
            assert cursor.fetchall() == [(202610,)] * 3, "it was restored in October, or sold in it"
            missed = owners["missed"].genbilling_account.pk
            cursor.execute(
                "UPDATE genbilling_product SET restored_period = 202609 WHERE account_id = %s", [missed]
            )
        call_command("migrate", "genbilling", verbosity=0)
    return owners


def used_by(owners):
    products = Product.objects.values_list("used", flat=True)
    return {name: products.get(account__owner=user) for name, user in owners.items()}


def test_an_upgrade_within_the_month_restores_nobody_twice(restored_before_the_upgrade):
    owners = restored_before_the_upgrade
    assert used_by(owners) == {"restored": 30, "missed": 30, "new": 30}
    with at("2026-10-16"):
        assert "1 product restored" in run("restore_products")
    assert used_by(owners) == {"restored": 30, "missed": 0, "new": 30}
    with at("2026-10-17"):
        assert "202610 was restored on 2026-10-15" in run("restore_products")
    with at("2026-11-01"):
        assert "3 products restored" in run("restore_products")


def test_an_upgrade_that_was_killed_while_it_noted_the_moment_goes_on_with_it(settings, transactional_db):
    declare(settings, product("PLAN", periodic=True))
    with at("2026-10-10"):
        for _ in range(2):
            an_owner("PLAN")
    with at("2026-10-15"):
        call_command("migrate", "genbilling", "0012", verbosity=0)
        noted = RestoreMoment.objects.create(period=202610, moment=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("UPDATE genbilling_product SET restored_period = 202610")
    with at("2026-10-16"):
        call_command("migrate", "genbilling", verbosity=0)
    assert RestoreMoment.objects.get() == noted
    assert set(Product.objects.values_list("restored_for", flat=True)) == {noted.moment}


def test_an_upgrade_of_books_that_were_not_restored_this_month_leaves_that_to_the_next_run(
    settings, transactional_db
):
    declare(settings, product("PLAN", periodic=True))
    with at("2026-09-10"):
        use_product("PLAN", an_owner("PLAN"), 30)
    with at("2026-10-15"):
        call_command("migrate", "genbilling", "0005", verbosity=0)
        call_command("migrate", "genbilling", verbosity=0)
        assert not RestoreMoment.objects.exists()
        assert "1 product restored" in run("restore_products")


def test_the_code_from_before_can_go_on_inserting_charges_beside_the_upgrade(closed):
    declined = Charge.objects.create(
        invoice=closed, amount=closed.total, state="not_sent", ended_at=timezone.now()
    )
    known = [field.column for field in Charge._meta.concrete_fields]
    columns = ", ".join(name for name in known if name not in ("id", "key", "sent_order_id"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO genbilling_charge (key, {columns}) "
            f"SELECT 'old', {columns} FROM genbilling_charge WHERE id = %s",
            [declined.pk],
        )
    assert Charge.objects.get(key="old").order_id == "genbilling-old"
