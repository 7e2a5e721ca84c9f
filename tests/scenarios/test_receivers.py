"""What receivers may do while a dispatch runs, what they see, and what they cannot break."""

import threading
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from genbilling.interface import save_card
from genbilling.models import Account, Charge, Invoice
from genbilling.services.billing import charging
from genbilling.signals import account_expired, credit_card_error, invoice_sent
from tests.concurrency.crowd import until
from tests.factories import GOOD_CARD, an_owner, at, declare, invoice_of, product, run, run_failing
from tests.scenarios.calls import SALES

pytestmark = pytest.mark.django_db

State = Charge.State


@contextmanager
def received(signal, receiver):
    signal.connect(receiver)
    try:
        yield
    finally:
        signal.disconnect(receiver)


@pytest.fixture
def owners(plan):
    """Five owners with good cards, who owe 20.00 each on the first of October."""
    with at("2026-09-10"):
        return [an_owner("PLAN", card=GOOD_CARD) for _ in range(5)]


def assert_each_paid_once(braintree, owners):
    assert [braintree.charged_to(user).total for user in owners] == [Decimal("20.00")] * len(owners)
    assert not Charge.objects.filter(state=State.PENDING).exists()
    assert all(invoice_of(user, 202610).paid for user in owners)


def test_receivers_are_called_in_the_thread_that_called_dispatch(owners, braintree):
    braintree.declining_card(owners[0])
    threads = []

    def receiver(**arguments):
        threads.append(threading.get_ident())

    with received(invoice_sent, receiver), received(credit_card_error, receiver), at("2026-10-01"):
        run("dispatch_invoices")
    assert threads == [threading.get_ident()] * 5


def test_answers_that_have_come_are_written_down_before_the_next_receiver_is_called(owners, braintree):
    seen, made = [], []

    def receiver(**arguments):
        seen.append(Charge.objects.filter(state=State.PAID).count())
        if not made:
            until(lambda: len(braintree.transactions()) >= 3, "three sales are made")
            made.append(len(braintree.transactions()))

    with (
        received(invoice_sent, receiver),
        braintree.fault("latency", seconds=0.3, **SALES),
        at("2026-10-01"),
    ):
        run("dispatch_invoices", in_flight=1)
    # One call at a time: when a sale is made the answers to those before it have come.
    assert seen[1] >= made[0] - 1 > 1
    assert_each_paid_once(braintree, owners)


def test_receivers_find_the_status_that_follows_in_the_database(settings, user, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=(1,))
    seen = []

    def receiver(signal, **arguments):
        about = arguments.get("account") or arguments["invoice"].account
        seen.append((about.status, Account.objects.get().status))

    braintree.declining_card(user)
    with (
        received(credit_card_error, receiver),
        received(account_expired, receiver),
        received(invoice_sent, receiver),
    ):
        for day in ("2026-10-01", "2026-10-02"):
            with at(day):
                run("dispatch_invoices")
        with at("2026-10-05"):
            save_card(user, GOOD_CARD)
            run("dispatch_invoices")
    statuses = ["grace", "expired", "expired", "active"]
    assert seen == [(status, status) for status in statuses]


def test_a_receiver_that_pays_by_send_payment_pays_once_and_stops_nobody(owners, braintree):
    braintree.declining_card(owners[0])
    paid = []

    def receiver(invoice, owner, **arguments):
        save_card(owner, GOOD_CARD)
        paid.append(invoice.send_payment().state)

    with received(credit_card_error, receiver), at("2026-10-01"):
        assert "4 paid (80.00), 1 refused" in run("dispatch_invoices")
        assert paid == ["paid"]
        assert "nothing to do" in run("dispatch_invoices")
    assert_each_paid_once(braintree, owners)


def test_a_receiver_that_would_pay_what_the_run_has_under_way_pays_nothing_twice(owners, braintree):
    def receiver(**arguments):
        for invoice in Invoice.objects.filter(period=202610, paid=False):
            invoice.send_payment()

    with (
        received(invoice_sent, receiver),
        braintree.fault("latency", seconds=0.2, **SALES),
        at("2026-10-01"),
    ):
        run("dispatch_invoices", in_flight=1)
    assert_each_paid_once(braintree, owners)
    assert Charge.objects.count() == 5


def test_a_receiver_whose_transaction_breaks_off_counts_as_served(owners, braintree):
    def receiver(invoice, **arguments):
        with transaction.atomic():
            Account.objects.update(status="cancelled")
            raise RuntimeError("no such template")

    with received(invoice_sent, receiver), at("2026-10-01"):
        assert "5 paid (100.00)" in run("dispatch_invoices")
    assert_each_paid_once(braintree, owners)
    assert not Charge.objects.filter(signalled_at__isnull=True).exists()
    assert set(Account.objects.values_list("status", flat=True)) == {"active"}


class TimeIsUp(BaseException):
    """What a time-out raises that no handler of the code below is to catch."""


@pytest.mark.parametrize("error", [SystemExit(3), TimeIsUp()], ids=repr)
def test_a_receiver_that_breaks_out_of_the_run_is_not_called_again_for_the_same(owners, braintree, error):
    braintree.declining_card(owners[0])
    called = []

    def receiver(invoice, **arguments):
        called.append(invoice.pk)
        if len(called) == 1:
            raise error

    with received(credit_card_error, receiver), received(invoice_sent, receiver):
        with at("2026-10-01"), pytest.raises(type(error)):
            run("dispatch_invoices")
        assert len(called) == 1
        with at("2026-10-01 13:00"):
            run("dispatch_invoices")
    unpaid = invoice_of(owners[0], 202610)
    assert sorted({*called}) == sorted(invoice_of(user, 202610).pk for user in owners)
    assert called.count(called[0]) == (2 if called[0] == unpaid.pk else 1), "tried anew, told anew"
    assert_each_paid_once(braintree, owners[1:])
    assert not Charge.objects.filter(signalled_at__isnull=True).exists()


def test_a_receiver_that_breaks_out_when_an_account_expires_is_not_called_again(settings, user, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=(1,))
    called = []

    def receiver(account, **arguments):
        called.append(account)
        raise SystemExit

    braintree.declining_card(user)
    with received(account_expired, receiver):
        with at("2026-10-01"):
            run("dispatch_invoices")
        with at("2026-10-02"), pytest.raises(SystemExit):
            run("dispatch_invoices")
        with at("2026-10-03"):
            run("dispatch_invoices")
    assert called == [user.genbilling_account]


def test_what_an_operator_interrupts_is_told_again(user, braintree):
    called = []

    def receiver(**arguments):
        called.append(1)
        if len(called) == 1:
            raise KeyboardInterrupt

    with received(invoice_sent, receiver):
        with at("2026-10-01"):
            run_failing("dispatch_invoices")
        with at("2026-10-01 13:00"):
            assert "1 signal made good" in run("dispatch_invoices")
    assert len(called) == 2


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_turns_autocommit_off_ends_the_run_and_what_was_under_way_is_found(
    owners, braintree, monkeypatch
):
    # So few that others have still to be claimed when the first one is told of.
    monkeypatch.setattr(charging, "WINDOW", 2)

    def receiver(**arguments):
        transaction.set_autocommit(False)

    with received(invoice_sent, receiver), at("2026-10-01 02:00"):
        said = run_failing("dispatch_invoices", in_flight=1)
    transaction.rollback()
    transaction.set_autocommit(True)
    assert "The run was stopped" in said
    assert "set_autocommit(False)" in said
    assert Charge.objects.filter(state=State.PENDING).exists()
    with at("2026-10-01 03:00"):
        run("dispatch_invoices")
    assert_each_paid_once(braintree, owners)
    assert not Charge.objects.filter(signalled_at__isnull=True).exists(), "told by the later run"


def test_a_charge_that_fails_between_two_calls_keeps_no_other_answer_from_being_written_down(
    owners, braintree
):
    first = invoice_of(owners[0], 202610)

    def refuse(execute, sql, params, many, context):
        if (
            sql.startswith('UPDATE "genbilling_charge"')
            and '"keyed"' in sql
            and charge_of(first).pk in params
        ):
            raise IntegrityError("a constraint of the project's own")
        return execute(sql, params, many, context)

    # The four that are claimed together are refused for their keys, and sent again without.
    with (
        connection.execute_wrapper(refuse),
        braintree.fault("code", code="915231", times=4, **SALES),
        at("2026-10-01 02:00"),
    ):
        said = run_failing("dispatch_invoices", in_flight=1)
    assert "4 paid (80.00)" in said
    assert "1 uncertain" in said
    assert "a constraint of the project's own" in said
    with at("2026-10-01 03:00"):
        assert "1 paid (20.00)" in run("dispatch_invoices")
    assert_each_paid_once(braintree, owners)


def charge_of(invoice):
    return Charge.objects.get(invoice=invoice)
