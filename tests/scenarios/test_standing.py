"""With retry days, an account's status follows its payments: grace, expired, active again."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from genbilling.interface import (
    activate_account,
    cancel_account,
    expire_account,
    remove_card,
    save_card,
    use_product,
)
from genbilling.models import Account, Charge, Product
from genbilling.services import locks
from genbilling.services.billing import standing
from tests.concurrency.crowd import in_background
from tests.factories import (
    GOOD_CARD,
    amounts,
    at,
    declare,
    hearing,
    invoice_of,
    product,
    run,
    turn_the_month,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"), RETRY_DAYS=(1, 3, 7))


def status(user):
    return Account.objects.get(owner=user).status


def dispatch_daily(*days, month="2026-10"):
    for day in days:
        with at(f"{month}-{day:02}"):
            run("dispatch_invoices")


def test_grace_from_the_first_failure_expired_when_the_days_are_used_up(user, braintree):
    braintree.declining_card(user, 2001)
    seen = []
    with hearing() as heard:
        for day in range(1, 11):
            dispatch_daily(day)
            seen.append(status(user))
    assert seen == ["grace"] * 7 + ["expired"] * 3
    assert [said["owner"] for said in heard.named("account_expired")] == [user]
    assert [name for name, _ in heard] == ["credit_card_error"] * 4 + ["account_expired"]
    assert invoice_of(user, 202610).charges.count() == 4


def test_expired_it_is_unpaid_since_the_first_failure(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1)
    since = Account.objects.get().unpaid_since
    dispatch_daily(2, 4, 8)
    assert status(user) == "expired"
    assert Account.objects.get().unpaid_since == since is not None


def test_in_grace_the_products_are_usable_and_after_it_they_are_not(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1)
    with at("2026-10-02"):
        assert use_product("PLAN", user)
    dispatch_daily(2, 4, 8)
    with at("2026-10-09"):
        assert use_product("PLAN", user) is False


def test_receivers_see_the_status_that_follows(user, braintree, django_capture_on_commit_callbacks):
    braintree.declining_card(user, 2001)
    with hearing() as heard:
        dispatch_daily(1)
    [said] = heard.named("credit_card_error")
    assert said["invoice"].account.status == "grace"


def test_expired_its_products_end_with_the_current_period(user, braintree):
    braintree.declining_card(user, 2001)
    with at("2026-10-01"):
        turn_the_month()
    dispatch_daily(2, 4, 8)
    assert user.genbilling_account.products.get().last_period == 202610
    dispatch_daily(1, month="2026-11")
    assert amounts(invoice_of(user, 202611)) == []


def test_paid_in_grace_it_is_active_again(user, braintree):
    card = braintree.good_card(user)
    declining = braintree.decline(card)
    dispatch_daily(1)
    declining.remove()
    dispatch_daily(2)
    assert status(user) == "active"
    assert invoice_of(user, 202610).paid


def test_a_new_card_makes_it_due_at_once_and_an_expired_account_active_again(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4, 8)
    with at("2026-10-20"):
        save_card(user, GOOD_CARD)
        assert "1 paid (20.00)" in run("dispatch_invoices")
        assert status(user) == "active"
        assert use_product("PLAN", user)
    assert user.genbilling_account.products.get().last_period is None, "in the same month at no new charge"
    assert Account.objects.get().unpaid_since is None


def test_send_payment_makes_it_active_again_too(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4, 8)
    with at("2026-12-05"):
        save_card(user, GOOD_CARD)
        assert invoice_of(user, 202610).send_payment().state == "paid"
        run("dispatch_invoices")
        assert status(user) == "active"
    assert user.genbilling_account.products.count() == 2, "in a later month the product is sold anew"


def test_with_something_else_still_owed_it_stays_as_it_is(user, braintree):
    braintree.declining_card(user, 2001)
    with at("2026-10-01"):
        turn_the_month()
    dispatch_daily(2, 4)
    dispatch_daily(1, month="2026-11")
    assert status(user) == "expired"
    with at("2026-11-02"):
        save_card(user, GOOD_CARD)
        invoice_of(user, 202610).send_payment()
        assert status(user) == "expired", "November is closed, and not paid"
        run("dispatch_invoices")
        assert status(user) == "active"


def test_no_card_is_a_failure_like_any_other(user):
    with at("2026-09-20"):
        remove_card(user)
    with hearing() as heard:
        dispatch_daily(1)
        assert status(user) == "grace"
        dispatch_daily(*range(2, 10))
    assert status(user) == "expired"
    assert [said["charge"] for said in heard.named("credit_card_error")] == [None] * 4


def test_the_days_of_a_card_that_must_not_be_asked_run_out_all_the_same(user, braintree):
    braintree.declining_card(user, 2004)
    dispatch_daily(*range(1, 8))
    assert status(user) == "grace"
    dispatch_daily(8)
    assert status(user) == "expired"
    assert Charge.objects.count() == 1


def test_a_late_run_expires_no_account_before_its_last_try(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1)
    dispatch_daily(20)
    assert Charge.objects.count() == 2
    assert status(user) == "expired", "the last day's try was made up for, and failed"


def test_a_card_that_the_bank_wants_authenticated_waits_for_the_owner(user, braintree):
    braintree.declining_card(user, 2099)
    with hearing() as heard:
        dispatch_daily(1)
    [said] = heard.named("credit_card_error")
    assert said["charge"].needs_owner
    assert not said["charge"].hard_decline
    with at("2026-10-02"):
        assert "1 the bank wants the owner to authenticate" in run("dispatch_invoices")
        save_card(user, GOOD_CARD)
        assert "1 paid" in run("dispatch_invoices")
    assert Charge.objects.count() == 2


@pytest.mark.parametrize(("code", "needs_owner"), [(2001, False), (2004, True), (2099, True), (3000, False)])
def test_a_charge_says_whether_only_the_owner_can_help(user, braintree, code, needs_owner):
    braintree.declining_card(user, code)
    dispatch_daily(1)
    charge = Charge.objects.get()
    assert (charge.state, charge.needs_owner) == ("refused", needs_owner)


@pytest.mark.parametrize("end", [cancel_account, expire_account])
def test_an_account_that_the_project_ended_is_not_taken_up_by_a_payment(user, braintree, end):
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4, 8)
    with at("2026-10-09"):
        end(user)
        save_card(user, GOOD_CARD)
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paid
    assert status(user) in {"cancelled", "expired"}


def test_an_expired_account_that_the_project_activates_stays_active(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4, 8)
    with at("2026-10-09"):
        activate_account(user)
    dispatch_daily(10, 11, 20)
    assert status(user) == "active", "it is the project's to forgive"
    with at("2026-10-21"):
        braintree.declining_card(user, 2001)
        run("dispatch_invoices")
    assert status(user) == "expired", "until it fails again"


def test_without_retry_days_the_status_does_not_change(settings, user, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=None)
    braintree.declining_card(user, 2001)
    dispatch_daily(*range(1, 14))
    assert status(user) == "active"
    assert Charge.objects.count() == 13


def test_what_a_process_that_died_did_not_do_is_done_by_the_next_run(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4, 8)
    with at("2026-10-08 12:00"):
        Account.objects.update(expiry_to_signal_since=timezone.now())
    with at("2026-10-08 12:05"), hearing() as heard:
        run("dispatch_invoices")
    assert heard == []
    with at("2026-10-08 12:30"), hearing() as heard:
        assert "1 signal made good" in run("dispatch_invoices")
    assert [name for name, _ in heard] == ["account_expired"]
    # Paid, and the process died before it made the account active.
    with at("2026-10-09"):
        save_card(user, GOOD_CARD)
        run("dispatch_invoices")
    Account.objects.update(status="expired", unpaid_since=timezone.now())
    with at("2026-10-10"):
        run("dispatch_invoices")
    assert status(user) == "active"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_account_that_somebody_holds_keeps_no_charge_waiting(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1)
    Account.objects.update(status="active")
    with in_background() as begin, transaction.atomic():
        list(Account.objects.select_for_update())
        assert begin(lambda: standing.follow_payments([user.genbilling_account.pk])).result(30) == []
    assert status(user) == "active"
    assert connection.vendor == "postgresql"
    dispatch_daily(2)
    assert status(user) == "grace"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_product_that_a_customer_holds_keeps_no_run_waiting(user, braintree, monkeypatch):
    monkeypatch.setattr(locks, "LOCK_WAIT_SECONDS", 0.2)
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4)
    with at("2026-10-08"), in_background() as begin, transaction.atomic():
        # As by a customer who has consumed, and whose transaction is still open.
        list(Product.objects.select_for_update())
        assert "1 refused" in begin(lambda: run("dispatch_invoices")).result(60)
    assert status(user) == "grace"
    dispatch_daily(9)
    assert status(user) == "expired"


def test_the_report_says_what_an_expired_account_owes(user, braintree):
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4, 8)
    with at("2026-10-09"):
        assert "1 left alone (1 no retry day left)" in run("dispatch_invoices")
    assert invoice_of(user, 202610).total == Decimal("20.00")


def test_a_payment_is_told_though_the_status_cannot_follow(settings, user, braintree, caplog):
    braintree.declining_card(user, 2001)
    dispatch_daily(1, 2, 4, 8)
    with at("2026-11-05"), hearing() as heard:
        save_card(user, GOOD_CARD)
        declare(settings, {"name": "BROKEN"}, RETRY_DAYS=(1, 3, 7))
        assert invoice_of(user, 202610).send_payment().state == "paid"
    assert [name for name, _ in heard] == ["invoice_sent"]
    assert "does not follow" in caplog.text
    declare(settings, product("PLAN"), RETRY_DAYS=(1, 3, 7))
    dispatch_daily(6, month="2026-11")
    assert status(user) == "active"
