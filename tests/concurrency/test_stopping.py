"""A run that is asked to stop, as by Ctrl-C or by a machine that shuts down."""

import signal

import pytest
from django.db.models import F

from genbilling.models import Charge, Invoice
from genbilling.services.billing.charging import WINDOW
from tests.concurrency.crowd import until
from tests.concurrency.due import (
    OCTOBER,
    assert_each_paid_once,
    owners,
    paid_sales,
    pending,
    sales,
    the_gateway_does_not_answer,
)
from tests.concurrency.processes import dispatch

pytestmark = pytest.mark.postgres

INVOICES = 20
IN_FLIGHT = 2
CLAIMED = WINDOW * IN_FLIGHT


@pytest.fixture
def run(start, braintree_books):
    """A dispatch of 20 invoices that are due, two calls at once."""
    owners(INVOICES, "MSG")
    return lambda: start("manage.py", "dispatch_invoices", "--period", OCTOBER, "--in-flight", IN_FLIGHT)


def paid():
    return Invoice.objects.filter(period=OCTOBER, paid=True)


def assert_the_next_run_pays_the_rest(start, books):
    [said] = dispatch(start, OCTOBER)
    assert (said.status, said.err) == (0, "")
    assert_each_paid_once(books, Invoice.objects.filter(period=OCTOBER))
    assert len(sales(books)) == INVOICES


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_finishes_what_is_in_flight_and_releases_the_rest(
    run, start, braintree, braintree_books, number
):
    with braintree.fault("latency", seconds=1, verb="POST", path="/transactions"):
        run = run()
        until(lambda: paid().count() >= IN_FLIGHT, "the first are paid, and the next are sent")
        run.signal(number)
        said = run.said()
    assert said.status == 1
    assert "asked to stop" in said.err
    assert "Traceback" not in said.err
    # What the gateway took is written down and told; what was claimed and not sent is free again.
    assert not pending().exists()
    assert IN_FLIGHT <= paid().count() == said.count("paid") == len(paid_sales(braintree_books)) < INVOICES
    assert Charge.objects.filter(state=Charge.State.NOT_SENT).exists()
    assert not Charge.objects.filter(state=Charge.State.PAID, signalled_at__isnull=True).exists()
    assert_the_next_run_pays_the_rest(start, braintree_books)


def test_who_insists_is_not_kept_waiting_for_the_gateway(run, start, braintree_books):
    with the_gateway_does_not_answer(braintree_books):
        run = run()
        until(lambda: pending().count() == CLAIMED, "a window is claimed")
        until(lambda: run.signal(signal.SIGINT) or not run.running, "it is interrupted")
    assert run.said().status != 0
    # Whether it was sent is not known here: a later run finds out.
    assert pending().count() == CLAIMED
    pending().update(created_at=F("created_at") - 2 * Charge.IN_FLIGHT)
    assert_the_next_run_pays_the_rest(start, braintree_books)
