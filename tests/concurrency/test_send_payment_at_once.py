"""One invoice charged by hand from many places at once, and beside a run: one sale."""

from functools import partial

import pytest

from genbilling.interface import save_card
from genbilling.models import Charge, Invoice
from tests.concurrency.crowd import at_once
from tests.concurrency.due import OCTOBER, assert_each_paid_once, owners, sales
from tests.concurrency.processes import all_at_the_gate, dispatch
from tests.factories import GOOD_CARD, invoice_of

THREADS = 8


@pytest.fixture
def failed_invoice(start):
    """An invoice that was closed without a card on file; now there is one."""
    [user] = owners(1, "MSG", card=None)
    dispatch(start, OCTOBER)
    save_card(user, GOOD_CARD)
    invoice = invoice_of(user, OCTOBER)
    assert invoice.failed
    return invoice


def pay(invoice, force=False):
    return Invoice.objects.get(pk=invoice.pk).send_payment(force=force)


@pytest.mark.parametrize("force", [False, True])
def test_eight_threads_pay_an_invoice_with_one_sale(failed_invoice, braintree_books, force):
    answers = at_once(*[partial(pay, failed_invoice, force)] * THREADS)
    [charge] = Charge.objects.filter(state=Charge.State.PAID)
    # The others came too late (and get the charge that paid), or while it was under way (and get nothing).
    assert set(answers) <= {charge, None}
    assert charge in answers
    assert len(sales(braintree_books)) == 1
    assert_each_paid_once(braintree_books, Invoice.objects.all())


@pytest.mark.postgres
def test_eight_threads_beside_two_runs_pay_an_invoice_with_one_sale(start, failed_invoice, braintree_books):
    with all_at_the_gate(2, "genbilling_card"):
        runs = [start("manage.py", "dispatch_invoices", "--period", OCTOBER) for _ in range(2)]
    answers = at_once(*[partial(pay, failed_invoice)] * THREADS)
    assert [(said.status, said.err) for said in (run.said() for run in runs)] == [(0, "")] * 2
    [charge] = Charge.objects.filter(state=Charge.State.PAID)
    assert set(answers) <= {charge, None}
    assert_each_paid_once(braintree_books, Invoice.objects.all())
