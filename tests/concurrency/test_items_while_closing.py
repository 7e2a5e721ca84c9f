"""An item put on an invoice while dispatch closes it: on it before it closes, or refused. Totals are sums."""

from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from genbilling.exceptions import InvoiceClosed
from genbilling.interface import remove_product_from_account
from genbilling.models import Invoice, InvoiceItem, InvoiceNumber
from genbilling.services.billing import close_due
from genbilling.services.reports import DispatchReport
from tests.concurrency.crowd import at_once, in_background, until, until_waiting, waiting
from tests.concurrency.due import (
    BILL,
    FLAT_RATE,
    OCTOBER,
    assert_each_paid_once,
    assert_numbers_without_gaps,
    assert_totals_are_sums,
    owners,
)
from tests.concurrency.processes import all_at_the_gate, dispatch
from tests.factories import at, invoice_of

ONE = Decimal("1.00")


def saved(invoice):
    InvoiceItem(invoice=invoice, description="Saved directly", amount=ONE).save()


def inserted(invoice):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO genbilling_invoiceitem (invoice_id, description, amount, operator, created_at) "
            "VALUES (%s, 'Raw SQL', %s, '', CURRENT_TIMESTAMP)",
            [invoice.pk, ONE],
        )


both_ways = pytest.mark.parametrize("put", [saved, inserted])


def put_until_refused(put, invoices, most):
    """Put item after item on each invoice in turn, `most` at most; return how many each took."""
    took = dict.fromkeys(invoices, 0)
    open_ones = list(invoices)
    for _ in range(most):
        for invoice in list(open_ones):
            try:
                put(invoice)
            except (InvoiceClosed, IntegrityError):
                open_ones.remove(invoice)
            else:
                took[invoice] += 1
    return took


@both_ways
@pytest.mark.parametrize("owing", [True, False], ids=["flat rate owed", "no flat rate owed"])
def test_items_put_while_a_run_closes_are_in_the_total_or_refused(start, braintree_books, put, owing):
    users = owners(20, "MSG")
    if not owing:
        with at("2026-09-20"):
            for user in users:
                remove_product_from_account("MSG", user)
    invoices = list(Invoice.objects.filter(period=OCTOBER).order_by("pk"))
    with all_at_the_gate(1, "genbilling_card"):
        run = start("manage.py", "dispatch_invoices", "--period", OCTOBER)
    jobs = [partial(put_until_refused, put, part, 50) for part in (invoices[::2], invoices[1::2][::-1])]
    took = {invoice: count for part in at_once(*jobs) for invoice, count in part.items()}
    said = run.said()
    assert (said.status, said.err, said.count("paid")) == (0, "", 20)
    for invoice in Invoice.objects.filter(period=OCTOBER):
        assert invoice.closed
        assert invoice.total == (BILL if owing else FLAT_RATE) + took[invoice]
    assert_totals_are_sums()
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))


@pytest.mark.postgres
@both_ways
def test_an_item_waits_for_a_closing_that_has_not_committed_and_is_refused(put):
    [user] = owners(1, "MSG")
    invoice = invoice_of(user, OCTOBER)

    def attempt():
        with pytest.raises((InvoiceClosed, IntegrityError)):
            put(invoice)

    with in_background() as begin:
        with transaction.atomic():
            close_due(int(OCTOBER), DispatchReport())
            refused = begin(attempt)
            until_waiting()
        refused.result()
    assert_totals_are_sums()


@pytest.mark.postgres
@both_ways
@pytest.mark.parametrize("stays", [True, False])
def test_a_closing_waits_for_an_item_that_has_not_committed(start, put, stays):
    [user] = owners(1, "MSG")
    with transaction.atomic():
        put(invoice_of(user, OCTOBER))
        run = start("manage.py", "dispatch_invoices", "--period", OCTOBER)
        until_waiting()
        transaction.set_rollback(not stays)
    said = run.said()
    assert (said.status, said.err, said.total("paid")) == (0, "", BILL + ONE * stays)
    assert_totals_are_sums()


@pytest.mark.postgres
@both_ways
def test_an_item_that_comes_after_the_sum_was_taken_is_in_the_total_or_refused(start, put):
    """The run stands still at the invoice's number, which comes last."""
    [user] = owners(1, "MSG")
    with at("2026-09-20"):
        remove_product_from_account("MSG", user)
    invoice = invoice_of(user, OCTOBER)
    InvoiceNumber.objects.get_or_create(pk=1)

    with in_background() as begin:
        with transaction.atomic():
            InvoiceNumber.take(1)
            run = start("manage.py", "dispatch_invoices", "--period", OCTOBER)
            until_waiting()
            took = begin(partial(put_until_refused, put, [invoice], 1))
            # It is done at once, or it waits for the closing as well.
            until(lambda: took.done() or len(waiting()) == 2, "the item is on the invoice, or waits")
            transaction.set_rollback(True)
        count = took.result()[invoice]
    assert run.said().status == 0
    assert invoice_of(user, OCTOBER).total == FLAT_RATE + ONE * count
    assert_totals_are_sums()


@pytest.mark.postgres
@pytest.mark.parametrize("owing", [True, False], ids=["flat rate owed", "no flat rate owed"])
def test_a_run_that_waits_for_an_invoice_does_not_keep_the_numbers_from_the_others(start, owing):
    [user] = owners(1, "MSG")
    if not owing:
        with at("2026-09-20"):
            remove_product_from_account("MSG", user)
    InvoiceNumber.objects.get_or_create(pk=1)
    with transaction.atomic():
        saved(invoice_of(user, OCTOBER))
        run = start("manage.py", "dispatch_invoices", "--period", OCTOBER)
        until_waiting()
        free = InvoiceNumber.objects.select_for_update(skip_locked=True).exists()
    said = run.said()
    assert (said.status, said.count("paid")) == (0, 1)
    assert free


def test_runs_one_after_the_other_number_on_without_a_gap(start):
    owners(3, "MSG")
    dispatch(start, OCTOBER)
    owners(3, "MSG")
    dispatch(start, OCTOBER, processes=2)
    assert_numbers_without_gaps()
    assert Invoice.objects.numbered().count() == 6
