"""What another transaction holds while dispatch runs is billed by that run or, if held on, by the next."""

from decimal import Decimal

import pytest
from django.db import transaction

from genbilling.interface import add_step_to_product, use_product
from genbilling.models import Account, Invoice
from tests.concurrency.crowd import at_once, in_background, until
from tests.concurrency.due import (
    BILL,
    OCTOBER,
    assert_each_paid_once,
    assert_numbers_without_gaps,
    assert_totals_are_sums,
    owners,
    pending,
    put_on,
    the_gateway_does_not_answer,
)
from tests.concurrency.processes import all_at_the_gate, dispatch
from tests.factories import amounts, at, invoice_of, invoices_of

pytestmark = pytest.mark.postgres

STEP_COST = Decimal("7.99")


def buys_a_step(user):
    add_step_to_product("MSG", user)


def adds_an_item(user):
    put_on(user, OCTOBER, STEP_COST)


def consumes(user):
    assert use_product("MSG", user, 10)


BOUGHT = {buys_a_step: STEP_COST, adds_an_item: STEP_COST, consumes: 0}


def in_late_september():
    """A purchase that begins before midnight and is still open when October's dispatch runs."""
    return at("2026-09-30 23:00")


@pytest.mark.parametrize("does", BOUGHT)
def test_what_commits_before_the_run_ends_is_billed_by_that_run(start, braintree_books, does):
    [busy, *others] = owners(4, "MSG")
    paid_others = Invoice.objects.filter(paid=True).exclude(account__owner=busy)
    with transaction.atomic():
        with in_late_september():
            does(busy)
        run = start("manage.py", "dispatch_invoices", "--period", OCTOBER)
        # The run works the others first, and does not wait for ever at the one that is held.
        until(lambda: paid_others.count() == len(others), "the others are paid")
        assert run.running
        assert not invoice_of(busy, OCTOBER).closed
    said = run.said()
    assert (said.status, said.err) == (0, "")
    assert (said.count("paid"), said.total("paid")) == (4, 4 * BILL + BOUGHT[does])
    assert invoice_of(busy, OCTOBER).total == BILL + BOUGHT[does]
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
    assert_totals_are_sums()


def test_what_stays_open_all_the_while_is_reported_and_billed_by_the_next_run(start, braintree_books):
    holding, others = owners(3, "MSG"), owners(3, "MSG")
    with transaction.atomic():
        with in_late_september():
            for does, user in zip(BOUGHT, holding, strict=True):
                does(user)
        first = start("manage.py", "dispatch_invoices", "--period", OCTOBER).said()
    assert first.status == 1
    assert (first.count("paid"), first.count("held"), first.count("errors")) == (3, 3, 0)
    for user in holding:
        assert (
            f"account {user.genbilling_account.pk}: not worked; another transaction or run holds it"
            in first.err
        )
        assert [invoice.closed for invoice in invoices_of(user)] == [False]
    assert all(invoice_of(user, OCTOBER).paid for user in others)
    [second] = dispatch(start, OCTOBER)
    assert (second.status, second.err) == (0, "")
    assert (second.count("paid"), second.total("paid")) == (3, 3 * BILL + sum(BOUGHT.values()))
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
    assert_totals_are_sums()
    assert_numbers_without_gaps()


def test_what_is_rolled_back_beside_a_run_is_not_billed(start, braintree_books):
    busy, other = owners(2, "MSG")
    with transaction.atomic():
        with in_late_september():
            buys_a_step(busy)
        run = start("manage.py", "dispatch_invoices", "--period", OCTOBER)
        until(lambda: invoice_of(other, OCTOBER).paid, "the other one is paid")
        transaction.set_rollback(True)
    said = run.said()
    assert (said.status, said.count("paid"), said.total("paid")) == (0, 2, 2 * BILL)
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))


@pytest.mark.parametrize("does", [buys_a_step, consumes])
def test_nothing_is_held_while_the_gateway_is_asked(start, braintree_books, does):
    [user] = owners(1, "MSG")
    with the_gateway_does_not_answer(braintree_books):
        run = start("manage.py", "dispatch_invoices", "--period", OCTOBER)
        until(lambda: pending().count() == 1, "the sale is sent")
        with in_late_september(), in_background() as begin:
            # Done, although the sale is not.
            begin(lambda: does(user)).result()
        assert pending().count() == 1
    said = run.said()
    assert (said.status, said.err, said.total("paid")) == (0, "", BILL)
    assert sum(map(sum, map(amounts, invoices_of(user)))) == BILL + BOUGHT[does]
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))


def test_every_step_bought_while_runs_go_on_is_on_an_invoice_before_it_closes_or_on_the_one_after(
    start, braintree_books
):
    users = owners(25, "MSG")
    with all_at_the_gate(2, "genbilling_card"):
        runs = [start("manage.py", "dispatch_invoices", "--period", OCTOBER) for _ in range(2)]

    def buy_for_all(buyers):
        for user in buyers:
            buys_a_step(user)

    with in_late_september():
        at_once(lambda: buy_for_all(users), lambda: buy_for_all(users[::-1]))
    assert [(said.status, said.err) for said in (run.said() for run in runs)] == [(0, "")] * 2
    for user in users:
        on_october = amounts(invoice_of(user, OCTOBER)).count(STEP_COST)
        everywhere = sum(amounts(invoice).count(STEP_COST) for invoice in invoices_of(user))
        assert everywhere == 2
        assert invoice_of(user, OCTOBER).total == BILL + on_october * STEP_COST
        assert user.genbilling_account.products.get().capacity == 3000
    assert Account.objects.filter(invoices__period=OCTOBER, invoices__paid=True).count() == 25
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
    assert_totals_are_sums()
    assert_numbers_without_gaps()
