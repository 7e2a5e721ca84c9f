"""A run that is killed at its worst moments, and the next one: every invoice is paid with one sale."""

import pytest
from django.db import transaction
from django.db.models import F

from genbilling.models import Charge, Invoice
from genbilling.services.billing.charging import WINDOW
from tests.concurrency.crowd import until
from tests.concurrency.due import (
    OCTOBER,
    assert_each_paid_once,
    assert_numbers_without_gaps,
    assert_totals_are_sums,
    owners,
    pending,
    sales,
    the_gateway_does_not_answer,
)
from tests.concurrency.processes import dispatch

pytestmark = pytest.mark.postgres

INVOICES = 30
# A run claims some invoices ahead for each call in flight.
IN_FLIGHT = 3
CLAIMED = WINDOW * IN_FLIGHT


def begin_dispatch(start):
    return start("manage.py", "dispatch_invoices", "--period", OCTOBER, "--in-flight", str(IN_FLIGHT))


def let_time_pass():
    """So long that whoever made the pending charges is surely gone."""
    pending().update(created_at=F("created_at") - 2 * Charge.IN_FLIGHT)


def assert_the_next_run_makes_everything_good(start, books):
    let_time_pass()
    [said] = dispatch(start, OCTOBER)
    assert (said.status, said.err) == (0, "")
    assert len(sales(books)) == INVOICES
    assert_each_paid_once(books, Invoice.objects.filter(period=OCTOBER))
    assert Invoice.objects.filter(period=OCTOBER, paid=True).count() == INVOICES
    assert_numbers_without_gaps()
    assert_totals_are_sums()


def test_killed_before_the_gateway_saw_the_sales(start, braintree_books):
    owners(INVOICES, "MSG")
    with the_gateway_does_not_answer(braintree_books):
        run = begin_dispatch(start)
        until(lambda: pending().count() == CLAIMED, "a window is claimed")
        run.kill()
    assert sales(braintree_books) == []
    assert_the_next_run_makes_everything_good(start, braintree_books)


def test_killed_after_the_gateway_took_the_money_and_before_that_was_written_down(start, braintree_books):
    owners(INVOICES, "MSG")
    with transaction.atomic():
        with the_gateway_does_not_answer(braintree_books):
            run = begin_dispatch(start)
            until(lambda: pending().count() == CLAIMED, "a window is claimed")
            # What was sold is written down under the invoice's lock.
            list(Invoice.objects.select_for_update())
        until(lambda: len(sales(braintree_books)) == CLAIMED, "the gateway took the money")
        run.kill()
    assert pending().count() == CLAIMED
    assert_the_next_run_makes_everything_good(start, braintree_books)


def test_killed_again_and_again_wherever_it_was(start, braintree_books):
    owners(INVOICES, "MSG")
    for done in (3, 8, 15):
        run = begin_dispatch(start)
        until(lambda done=done: Invoice.objects.filter(paid=True).count() >= done, f"{done} are paid")
        run.kill()
        let_time_pass()
    assert_the_next_run_makes_everything_good(start, braintree_books)


def test_killed_in_one_of_two_runs_leaves_its_accounts_to_later_runs(start, braintree_books):
    owners(INVOICES, "MSG")
    with the_gateway_does_not_answer(braintree_books, runs=2):
        runs = [begin_dispatch(start) for _ in range(2)]
        until(lambda: pending().count() == INVOICES, "both have claimed all that there is")
        runs[0].kill()
    survivor = runs[1].said()
    # What the dead one had under way is not touched as long as it might still be.
    assert survivor.status == 1
    assert survivor.count("held") == pending().count() > 0
    assert_the_next_run_makes_everything_good(start, braintree_books)
