"""Closing and charging many accounts at once: what it costs in statements, and what a bad account does."""

from decimal import Decimal

import pytest
from django.db import connection

from genbilling.models import Account, Charge, Invoice, InvoiceItem, Product
from genbilling.services.billing import close_due
from genbilling.services.reports import DispatchReport
from tests.bench import filling_books, vault
from tests.bench.statements import STAMP, sent_by
from tests.concurrency.due import assert_numbers_without_gaps, assert_totals_are_sums
from tests.factories import at, declare, hearing, product, run, run_failing

pytestmark = pytest.mark.django_db(transaction=True)

OCTOBER, DECEMBER = 202610, 202612
PRICE = Decimal("10.00")


@pytest.fixture(autouse=True)
def products(settings):
    declare(settings, *(product(name, step=filling_books.STEP) for name in filling_books.NAMES))


def close():
    report = DispatchReport()
    close_due(OCTOBER, report)
    return report


def owing(count, **books):
    """So many accounts since September, who owe October."""
    with at("2026-10-01"):
        filling_books.fill(count, **books)


def test_a_bad_account_among_six_hundred_is_reported_and_all_others_are_billed(settings, caplog):
    owing(600)
    # A month that there is not, on the page's middle; and code of the project's that fails, on the next page.
    Product.objects.filter(account=137).update(billed_through=202600)
    Product.objects.filter(account=555).update(name="FAX")
    Product.objects.filter(account=556).update(name="FAX")

    def bill(account, invoice):
        held = account.get_product_by_name("FAX")
        item = InvoiceItem(invoice=invoice, product=held, description="Faxes", amount="3.00")
        item.save()
        if account.pk == 555:
            raise LookupError("no faxes on record")
        return item

    declare(settings, product("MSG"), product("FAX", bill=bill))
    report = close()
    assert sorted(report.errors) == [
        "account 137: BadPeriod: 202600 is not a period: write the month as YYYYMM, e.g. 202612.",
        "account 555: LookupError: no faxes on record",
    ]
    assert not report.complete
    assert set(Invoice.objects.filter(closed=False).values_list("account", flat=True)) == {137, 555}
    assert (report.counts["closed"], report.billed) == (598, 597 * PRICE + 3)
    assert not InvoiceItem.objects.filter(invoice__account__in=[137, 555]).exists()
    assert_numbers_without_gaps()
    assert_totals_are_sums()
    assert "Closing failed for account 137" in caplog.text


def test_what_was_bad_is_billed_once_it_is_put_right():
    owing(20)
    Product.objects.filter(account=7).update(billed_through=202600)
    with at("2026-10-01"):
        assert "account 7: BadPeriod" in run_failing("dispatch_invoices")
        Product.objects.filter(account=7).update(billed_through=202609)
        assert "1 closed (billed 10.00)" in run("dispatch_invoices", period=OCTOBER)
    assert_numbers_without_gaps()


def test_the_number_of_statements_for_five_hundred_accounts_is_bounded():
    owing(500, products=2, steps=1)
    with sent_by(connection) as sent:
        report = close()
    assert (report.counts["closed"], report.billed) == (500, 500 * (2 * PRICE + 5))
    assert len(sent) < 40, "\n".join(sql[:100] for sql, _ in sent)


@pytest.mark.postgres
def test_it_is_bounded_for_missed_months_and_credits_that_are_carried_over_too():
    owing(500, products=2)
    credits = Invoice.objects.filter(account__lte=200)
    InvoiceItem.objects.bulk_create(
        InvoiceItem(invoice=one, description="Credit", amount=-50) for one in credits
    )
    report = DispatchReport()
    with sent_by(connection) as sent:
        close_due(DECEMBER, report)
    assert (report.counts["opened"], report.counts["closed"]) == (1000, 1500)
    assert report.billed == 500 * 3 * 2 * PRICE - 200 * 50
    assert len(sent) < 40, "\n".join(sql[:100] for sql, _ in sent)


@pytest.mark.parametrize("first", [True, False], ids=["cards never charged before", "cards paid with before"])
def test_two_statements_for_each_invoice_that_is_charged_and_the_stamp_of_its_signal(braintree, first):
    owing(200, cards=True)
    vault.fill(braintree.books, 200)
    close()
    if not first:
        with at("2026-10-01"):
            run("dispatch_invoices")
        with at("2026-11-01"):
            close_due(OCTOBER + 1, DispatchReport())
    charged = Charge.objects.count()
    with at("2026-10-01" if first else "2026-11-01"), hearing(), sent_by(connection) as sent:
        assert "200 paid (2000.00)" in run("dispatch_invoices")
    assert Charge.objects.count() == charged + 200
    stamps = [sql for sql, _ in sent if STAMP.match(sql)]
    assert len(stamps) == 200
    assert len(sent) - len(stamps) <= 2 * 200


@pytest.mark.tampers
def test_no_row_comes_twice_where_accounts_lie_apart():
    """Pages go by keys, which have gaps."""
    owing(30)
    for gone in (Invoice, Product):
        gone.objects.filter(account__in=range(3, 28)).delete()
    assert close().counts["closed"] == Account.objects.filter(invoices__closed=True).count() == 5
