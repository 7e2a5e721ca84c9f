"""The audit: clean books have no findings; whatever raw SQL changes in them is told with the row's name."""

from contextlib import contextmanager
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from genbilling import triggers
from genbilling.interface import (
    activate_account,
    add_credit,
    add_product_to_account,
    add_step_to_product,
    cancel_account,
    refund_charge,
    remove_card,
    remove_product_from_account,
    update_product_terms,
    use_product,
)
from genbilling.models import Account, Charge, Invoice, InvoiceItem, Product, Refund, Step
from tests.factories import (
    GOOD_CARD,
    an_owner,
    at,
    credit,
    declare,
    invoice_of,
    product,
    run,
    run_failing,
    turn_the_month,
)

pytestmark = pytest.mark.django_db

SAID = {"operator": "anna", "memo": "why"}


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"), product("FREE", flat_rate="0"))


@pytest.fixture
def books(braintree):
    """Two months of one who pays and buys steps, one without a card, and one with nothing to pay."""
    with at("2026-09-10"):
        payer, debtor, idle = (an_owner("PLAN", card=GOOD_CARD, name=name) for name in ("pia", "dan", "ida"))
        an_owner("FREE", card=GOOD_CARD)
        remove_card(debtor)
        add_step_to_product("PLAN", payer, 2)
        use_product("PLAN", payer, 180)
        credit(idle, "20.00", 202610)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-10-05"):
        refund_charge(invoice_of(payer, 202610).paying_charge, "4.00", **SAID)
        add_step_to_product("PLAN", payer)
    with at("2026-11-01"):
        turn_the_month()
    return payer


@contextmanager
def unguarded():
    """Without the triggers that closed invoices are kept with."""
    tables = ("genbilling_invoice", "genbilling_invoiceitem") if connection.vendor == "postgresql" else ()
    triggers.drop(connection.alias, plan=["tampering"])
    with connection.cursor() as cursor:
        if tables:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    triggers.create(connection.alias)


def tamper(sql, *values):
    with unguarded() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount, "nothing was tampered with"


def audited():
    """Run the command on books that do not fit; return what it said."""
    said = run_failing("audit_billing")
    assert "The books do not fit together" in said
    return said


def test_clean_books_have_no_findings(books):
    looked_at = run("audit_billing")
    assert looked_at == (
        "audit_billing: 12 invoices, 5 charges, 4 products and 4 accounts looked at, 0 findings."
    )
    assert Product.objects.filter(used__gt=0).exists()


def test_books_with_nothing_in_them_have_no_findings():
    assert run("audit_billing").endswith("0 findings.")


def test_used_beyond_capacity_after_a_reset_is_no_finding(books):
    with at("2026-11-05"):
        add_step_to_product("PLAN", books)
        use_product("PLAN", books, 10)
    assert run("audit_billing").endswith("0 findings.")
    Product.objects.filter(account__owner=books).update(used=5000)
    assert run("audit_billing").endswith("0 findings.")


def test_new_terms_between_the_turn_of_the_month_and_the_reset_are_no_finding(books, settings):
    declare(settings, product("PLAN", initial_step=70), product("FREE", flat_rate="0"))
    with at("2026-11-20"):
        update_product_terms("PLAN", books)
        assert run("audit_billing").endswith("0 findings.")
    with at("2026-12-01"):
        assert run("audit_billing").endswith("0 findings.")
        run("dispatch_invoices")
        assert run("audit_billing").endswith("0 findings.")
        run("reset_products")
        assert run("audit_billing").endswith("0 findings.")
    assert Product.objects.get(account__owner=books).capacity == 70


def test_the_command_changes_nothing(books):
    tables = (Account, Invoice, InvoiceItem, Charge, Refund, Product, Step)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    run("audit_billing")
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


# The rows of the payer, whatever keys the database gave them.
FIRST = "(SELECT id FROM genbilling_invoice WHERE number = 1)"
FAILED = "(SELECT min(id) FROM genbilling_invoice WHERE failed)"
LAST = "(SELECT max(id) FROM genbilling_invoice)"
PRODUCT = "(SELECT min(id) FROM genbilling_product)"
ACCOUNT = "(SELECT min(id) FROM genbilling_account)"
ITEM = f"(SELECT min(id) FROM genbilling_invoiceitem WHERE invoice_id <> {FIRST})"
UNPAID = "paid = false, paid_at = NULL, paying_charge_id = NULL"
TAMPERED_INVOICES = [
    ("UPDATE genbilling_invoice SET total = total + 1 WHERE number = 1", "its own row was changed"),
    ("UPDATE genbilling_invoice SET total = total + 1 WHERE number = 1", "its items come to 30.00"),
    ("UPDATE genbilling_invoice SET period = 202001 WHERE number = 1", "its own row was changed"),
    ("UPDATE genbilling_invoice SET printed_number = 'X' WHERE number = 1", "its own row was changed"),
    ("UPDATE genbilling_invoice SET closed_at = created_at WHERE number = 1", "its own row was changed"),
    ("UPDATE genbilling_invoice SET number = 99 WHERE number = 1", "Invoice numbers are missing: 1."),
    ("UPDATE genbilling_invoice SET seal = '{}' WHERE number = 1", "it has no seal"),
    (
        'UPDATE genbilling_invoice SET seal = \'{"items": {}, "steps": {}}\' WHERE number = 1',
        "was added after closing",
    ),
    (
        "UPDATE genbilling_invoice SET closed = false, closed_at = NULL, total = NULL, number = NULL, "
        f"sent = false, sent_at = NULL, {UNPAID} WHERE number = 1",
        "it was closed, and somebody opened it again",
    ),
    (
        f"UPDATE genbilling_invoice SET {UNPAID} WHERE number = 1",
        "paid it, and it is not called paid",
    ),
    ("UPDATE genbilling_invoice SET paying_charge_id = NULL WHERE number = 1", "does not say which charge"),
    ("UPDATE genbilling_invoice SET sent = false, sent_at = NULL WHERE number = 1", "is not called sent"),
    (
        "UPDATE genbilling_invoice SET failed = false, failed_at = NULL WHERE failed AND number = 2",
        "neither called failed nor paid nor void",
    ),
    (
        "UPDATE genbilling_invoice SET failed = false, failed_at = NULL, paid = true, paid_at = closed_at "
        "WHERE number = 2",
        "it is called paid, and no charge paid it",
    ),
]
TAMPERED_OTHERS = [
    ("UPDATE genbilling_invoice SET printed_number = 'X' WHERE number < 3", "number X is there 2 times"),
    ("UPDATE genbilling_invoice SET number = NULL WHERE number = 1", "it has items and no number"),
    ("UPDATE genbilling_invoice SET printed_number = '' WHERE number = 1", "is 1, but printed as ''"),
    ("UPDATE genbilling_invoice SET total = -1 WHERE number = 1", "and never left here"),
    (
        f"UPDATE genbilling_invoiceitem SET product_id = (SELECT max(id) FROM genbilling_product) "
        f"WHERE invoice_id = {FIRST} AND product_id IS NOT NULL",
        "bills a product of account",
    ),
    (
        "UPDATE genbilling_invoice SET failed = true, failed_at = closed_at, paid = false, paid_at = NULL, "
        "paying_charge_id = NULL WHERE total = 0",
        "it is called failed at a time when no charge did that",
    ),
    (
        f"UPDATE genbilling_invoice SET void = true, void_at = closed_at, failed = false, failed_at = NULL "
        f"WHERE id = {FAILED}",
        "it is void, and nobody says why",
    ),
    ("UPDATE genbilling_invoice SET void_by = 'eve', void_memo = 'x'", "it was void, and is not any more"),
    (
        "UPDATE genbilling_invoice SET paid_at = '2020-01-01' WHERE number = 1",
        "it is called paid at a time when no charge did that",
    ),
    (
        "UPDATE genbilling_invoice SET sent_at = '2020-01-01' WHERE number = 1",
        "it is called sent at a time when no charge did that",
    ),
    (
        f"UPDATE genbilling_invoice SET failed_at = '2020-01-01' WHERE id = {FAILED}",
        "it is called failed at a time when no charge did that",
    ),
    (
        "UPDATE genbilling_invoice SET paid = false, paid_at = NULL WHERE total = 0",
        "its total is zero, and it is not settled",
    ),
    (f"UPDATE genbilling_charge SET card_token = 'x' WHERE invoice_id = {FIRST}", "payment_method_token"),
    (
        f"UPDATE genbilling_charge SET transaction_id = 'x' WHERE invoice_id = {FIRST}",
        "changed after its end",
    ),
    (
        f"UPDATE genbilling_charge SET request = '[]' WHERE invoice_id = {FIRST}",
        "it was sent with amount None",
    ),
    ("UPDATE genbilling_charge SET hard_decline = true", "it was changed after its end"),
    ("UPDATE genbilling_charge SET transaction_id = 'same'", "Transaction same is noted"),
    ("UPDATE genbilling_refund SET state = 'refused'", "was changed after its end"),
    ("UPDATE genbilling_refund SET operator = 'eve'", "was changed after its end"),
    ("UPDATE genbilling_refund SET memo = 'x'", "was changed after its end"),
    ("UPDATE genbilling_refund SET key = 'x'", "was sent with order_id"),
    ("UPDATE genbilling_refund SET request = '{\"amount\": 4}'", "was sent with amount 4, and says"),
    (f"UPDATE genbilling_step SET units = 1 WHERE invoice_id = {FIRST}", "was changed after closing"),
    (f"UPDATE genbilling_step SET item_id = NULL WHERE invoice_id = {FIRST}", "was changed after closing"),
    (f"DELETE FROM genbilling_step WHERE invoice_id = {FIRST}", "was taken away after closing"),
    (
        f"UPDATE genbilling_charge SET amount = 1 WHERE state = 'paid' AND invoice_id = {FIRST}",
        "it is of 1.00, but",
    ),
    (
        f"UPDATE genbilling_charge SET key = 'other' WHERE invoice_id = {FIRST}",
        "does not end in its key other",
    ),
    (
        f"UPDATE genbilling_charge SET sent_order_id = 'other' WHERE invoice_id = {FIRST}",
        "it was sent with order_id",
    ),
    (
        f"UPDATE genbilling_charge SET state = 'refused' WHERE invoice_id = {FIRST}",
        "is called the one that paid it",
    ),
    (
        f"UPDATE genbilling_charge SET transaction_id = '' WHERE invoice_id = {FIRST}",
        "paid by no transaction",
    ),
    (
        "UPDATE genbilling_charge SET state = 'not_sent' WHERE card_token = ''",
        "it is not_sent without a card",
    ),
    ("UPDATE genbilling_refund SET amount = 400", "400.00 went back, more than it took"),
    ("UPDATE genbilling_refund SET amount = 3", "was sent with amount 4.00, and says 3.00 now"),
    ("UPDATE genbilling_refund SET kind = 'void'", "which is always the whole"),
    (
        f"UPDATE genbilling_product SET capacity = capacity + 1 WHERE id = {PRODUCT}",
        "its capacity is 101, but",
    ),
    (f"UPDATE genbilling_product SET billed_through = NULL WHERE id = {PRODUCT}", "billed through is empty"),
    ("UPDATE genbilling_step SET live = true", "and its steps add"),
    (f"UPDATE genbilling_step SET item_id = {ITEM}", "and its item on"),
    (
        f"UPDATE genbilling_step SET invoice_id = {LAST}",
        "invoice of account",
    ),
    ("UPDATE genbilling_invoicenumber SET last = last + 1", "last invoice number given is noted as"),
    (
        f"UPDATE genbilling_account SET unpaid_since = created_at WHERE id = {ACCOUNT}",
        "noted as in grace or expired unpaid, and is active",
    ),
    ("UPDATE genbilling_charge SET status = 'settled' WHERE state = 'refused'", "its status is 'settled'"),
    (
        f"UPDATE genbilling_charge SET status = 'voided' WHERE invoice_id = {FIRST}",
        "it is paid, and its status is 'voided'",
    ),
    ("UPDATE genbilling_charge SET signalled_at = '2020-01-01'", "noted as sent before it ended"),
    (f"UPDATE genbilling_charge SET response_text = 'x' WHERE invoice_id = {FIRST}", "changed after its end"),
    (
        f"UPDATE genbilling_step SET bought_at = '2020-01-01' WHERE invoice_id = {FIRST}",
        "was changed after closing",
    ),
    (
        f"UPDATE genbilling_account SET status = 'cancelled' WHERE id = {ACCOUNT}",
        "it is cancelled, and its product PLAN",
    ),
    (
        f"UPDATE genbilling_account SET status = 'expired' WHERE id = {ACCOUNT}",
        "it is expired, and its product PLAN",
    ),
    (
        f"UPDATE genbilling_account SET status = 'trial' WHERE id = {ACCOUNT}",
        "it is on trial, and its product",
    ),
    (
        f"UPDATE genbilling_product SET last_period = 202611 WHERE id = {PRODUCT}",
        "ended in 202611, though nobody removed it",
    ),
    (f"UPDATE genbilling_product SET first_period = NULL WHERE id = {PRODUCT}", "is not charged for"),
    (
        f"UPDATE genbilling_card SET account_id = {ACCOUNT}, state = 'gone' "
        "WHERE account_id = (SELECT max(id) FROM genbilling_account)",
        "is not as it was stored",
    ),
    (
        "UPDATE genbilling_card SET token = 'x' WHERE id = (SELECT min(id) FROM genbilling_card)",
        "not as it was stored",
    ),
    (
        "DELETE FROM genbilling_accountuser WHERE user_id = "
        f"(SELECT owner_id FROM genbilling_account WHERE id = {ACCOUNT})",
        "its owner is not on it",
    ),
    (
        f"UPDATE genbilling_account SET owner_id = NULL WHERE id = {ACCOUNT}",
        "it has no owner, and users are on it",
    ),
    (
        f"UPDATE genbilling_account SET owner_id = NULL WHERE id = {ACCOUNT}",
        "it has no owner, and is active",
    ),
    (
        "UPDATE genbilling_card SET account_id = (SELECT max(id) FROM genbilling_account), state = 'gone' "
        f"WHERE account_id = {ACCOUNT}",
        "which is of account",
    ),
    (
        f"UPDATE genbilling_account SET invoiced_through = 202712 WHERE id = {ACCOUNT}",
        "it has no invoice for 202701",
    ),
]


@pytest.mark.parametrize(("sql", "said"), TAMPERED_INVOICES + TAMPERED_OTHERS)
def test_a_row_that_raw_sql_changed_is_told(books, sql, said):
    tamper(sql)
    assert said in audited()


@pytest.mark.parametrize(
    "change",
    ["amount = amount + 1", "description = 'Something else'", "operator = 'eve'", "product_id = NULL"],
)
def test_an_item_that_raw_sql_changed_is_told_by_its_name(books, change):
    item = invoice_of(books, 202610).related_items.first()
    tamper(f"UPDATE genbilling_invoiceitem SET {change} WHERE id = %s", item.pk)
    invoice = item.invoice
    assert f"The {invoice} (id {invoice.pk}): item {item.pk} was changed after closing." in audited()


def test_an_item_moved_to_another_invoice_is_told_of_both(books):
    invoice = invoice_of(books, 202610)
    item, other = invoice.related_items.first(), invoice_of(books, 202611)
    tamper("UPDATE genbilling_invoiceitem SET invoice_id = %s WHERE id = %s", other.pk, item.pk)
    said = audited()
    assert f"The {invoice} (id {invoice.pk}): item {item.pk} was taken away after closing." in said
    assert f"The {other} (id {other.pk}): item {item.pk} was added after closing." in said


def test_an_item_slipped_onto_a_closed_invoice_is_told(books):
    invoice = invoice_of(books, 202610)
    with unguarded() as cursor:
        cursor.execute(
            "INSERT INTO genbilling_invoiceitem (invoice_id, description, amount, operator, created_at) "
            "VALUES (%s, 'Free lunch', -1, '', '2026-11-02')",
            [invoice.pk],
        )
    assert "was added after closing" in audited()


def test_an_item_that_raw_sql_deleted_is_told(books):
    item = invoice_of(books, 202610).related_items.exclude(steps__isnull=False).first()
    tamper("DELETE FROM genbilling_invoiceitem WHERE id = %s", item.pk)
    assert f"item {item.pk} was taken away after closing" in audited()


def test_an_invoice_that_raw_sql_deleted_is_told_by_its_number_and_its_period(books):
    invoice = invoice_of(books, 202611)
    assert invoice.number
    Invoice.objects.filter(pk=invoice.pk).update(paying_charge=None)
    Step.objects.filter(invoice=invoice).delete()
    Charge.objects.filter(invoice=invoice).delete()
    tamper("DELETE FROM genbilling_invoiceitem WHERE invoice_id = %s", invoice.pk)
    tamper("DELETE FROM genbilling_invoice WHERE id = %s", invoice.pk)
    said = audited()
    assert f"Invoice numbers are missing: {invoice.number}." in said
    assert "it has no invoice for 202611" in said


def test_a_step_taken_away_before_it_was_invoiced_is_told(books):
    with at("2026-11-05"):
        add_step_to_product("PLAN", books)
    tamper("UPDATE genbilling_step SET live = false")
    assert "was taken away before it was invoiced" in audited()


def test_an_item_of_an_open_invoice_that_raw_sql_changed_is_told(books):
    with at("2026-11-10"):
        item = add_credit(books, Decimal("2.00"), **SAID)
    assert run("audit_billing").endswith("0 findings.")
    tamper("UPDATE genbilling_invoiceitem SET amount = -200 WHERE id = %s", item.pk)
    assert f"item {item.pk} was changed since it was put there" in audited()


def test_an_ended_account_whose_product_goes_on_is_told(books):
    cancel_account(books)
    assert run("audit_billing").endswith("0 findings.")
    product = Product.objects.get(account__owner=books)
    tamper("UPDATE genbilling_product SET last_period = NULL WHERE id = %s", product.pk)
    assert f"it is cancelled, and its product PLAN (id {product.pk}) has no end" in audited()


def test_an_account_that_raw_sql_activated_is_told_and_one_that_the_verb_did_is_not(books):
    cancel_account(books)
    Account.objects.filter(owner=books).update(status="active")
    assert "though nobody removed it" in audited()
    Account.objects.filter(owner=books).update(status="cancelled")
    activate_account(books)
    assert run("audit_billing").endswith("0 findings.")


def test_products_that_were_removed_and_sold_anew_are_no_finding(books):
    with at("2026-11-05"):
        remove_product_from_account("PLAN", books)
        assert run("audit_billing").endswith("0 findings.")
    with at("2026-12-05"):
        add_product_to_account("PLAN", books)
        assert Product.objects.filter(account__owner=books).count() == 2
        assert run("audit_billing").endswith("0 findings.")


def test_a_mark_of_opened_invoices_that_is_too_low_does_no_harm_and_is_put_right(books):
    """It is why the audit does not look for one."""
    account = Account.objects.get(owner=books)
    there, through = list(account.invoices.values_list("pk", flat=True)), account.invoiced_through
    Account.objects.filter(pk=account.pk).update(invoiced_through=202609)
    with at("2026-11-05"):
        run("dispatch_invoices")
    account.refresh_from_db()
    assert list(account.invoices.values_list("pk", flat=True)) == there
    assert account.invoiced_through == through


def test_every_finding_is_a_line_and_the_summary_counts_them(books):
    tamper("UPDATE genbilling_product SET capacity = 7")
    out = StringIO()
    with pytest.raises(Exception, match="Nothing was changed"):
        call_command("audit_billing", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[-1].endswith("4 findings.")
    assert "The product PLAN of account" in lines[0]


def test_numbers_are_printed_in_the_format_that_was_set_at_closing(books, settings):
    settings.GENBILLING = {**settings.GENBILLING, "INVOICE_NUMBER_FORMAT": "INV-{year}-{number:05}"}
    with at("2026-12-01"):
        run("dispatch_invoices")
    printed = invoice_of(books, 202612)
    assert printed.printed_number == f"INV-2026-{printed.number:05}"
    assert f"invoice INV-2026-{printed.number:05} of" in str(printed)
    assert invoice_of(books, 202610).printed_number == str(invoice_of(books, 202610).number)
    assert run("audit_billing").endswith("0 findings.")


def test_a_credit_by_hand_names_its_operator_in_the_sealed_books(books):
    with at("2026-11-10"):
        add_credit(books, Decimal("2.00"), **SAID)
    with at("2026-12-01"):
        run("dispatch_invoices")
    tamper("UPDATE genbilling_invoiceitem SET operator = '' WHERE operator = 'anna'")
    assert "was changed after closing" in audited()
