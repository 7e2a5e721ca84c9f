"""Odd turns: what happens between two looks at the books, or at the gateway; and what must not get stuck."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from genbilling.exceptions import PaymentUnderWay, TransactionOpen
from genbilling.gateway import Ending, Outcome, PaymentService
from genbilling.interface import (
    activate_account,
    add_credit,
    add_debit,
    refund_charge,
    save_card,
    void_invoice,
)
from genbilling.models import Account, Charge, InvoiceItem, Refund
from genbilling.services import billing, refunding
from genbilling.services.billing.records import record
from genbilling.services.reconcile import reconcile
from genbilling.services.reconcile.report import Comparison
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    declare,
    hearing,
    invoice_of,
    invoices_of,
    product,
    run,
    run_failing,
)
from tests.scenarios.calls import REFUNDS, SAID, SALES, VOIDS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]


def dispatch(*days):
    for day in days:
        with at(day):
            run("dispatch_invoices")


def status(user):
    return Account.objects.get(owner=user).status


# The status of an account


def test_grace_ends_when_all_but_a_forgiven_invoice_is_paid(settings, user, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=(1, 3))
    declining = braintree.decline(braintree.good_card(user))
    dispatch("2026-10-01", "2026-10-02", "2026-10-04")
    with at("2026-10-05"):
        activate_account(user)
    dispatch("2026-11-01")
    assert status(user) == "grace"
    declining.remove()
    dispatch("2026-11-02")
    assert [invoice.paid for invoice in invoices_of(user)[:2]] == [False, True]
    assert status(user) == "active"


def test_grace_ends_also_when_the_retry_days_are_taken_out_of_the_settings(settings, user, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=(1, 3))
    braintree.declining_card(user, 2001)
    dispatch("2026-10-01")
    assert status(user) == "grace"
    declare(settings, product("PLAN"), RETRY_DAYS=None)
    with at("2026-10-02"):
        save_card(user, GOOD_CARD)
    dispatch("2026-10-02")
    assert status(user) == "active"


def test_grace_that_the_project_gave_by_hand_is_not_taken_away(settings, user):
    Account.objects.update(status="grace")
    dispatch("2026-10-01")
    assert (status(user), invoice_of(user, 202610).paid) == ("grace", True)


def test_a_settlement_that_fails_after_a_retry_paid_has_its_own_retry_days(settings, user, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=(1, 3, 5))
    declining = braintree.decline(braintree.good_card(user))
    dispatch("2026-10-01")
    declining.remove()
    dispatch("2026-10-02")
    paid = invoice_of(user, 202610).paying_charge
    with at("2026-10-02 18:00"):
        braintree.gateway.testing.settlement_decline_transaction(paid.transaction_id)
    with at("2026-10-10"):
        run("reconcile_payments")
    assert status(user) == "grace"


def test_an_expiry_that_was_not_signalled_is_made_good_though_it_was_paid_meanwhile(
    settings, user, braintree
):
    declare(settings, product("PLAN"), RETRY_DAYS=(1,))
    braintree.declining_card(user, 2001)
    dispatch("2026-10-01", "2026-10-02")
    with at("2026-10-02"):
        Account.objects.update(expiry_to_signal_since=timezone.now())
    with at("2026-10-02 12:05"):
        save_card(user, GOOD_CARD)
        invoice_of(user, 202610).send_payment()
    with hearing() as heard:
        dispatch("2026-10-03")
    assert status(user) == "active"
    assert [said["owner"] for said in heard.named("account_expired")] == [user]


# One that cannot be resolved stops no other


def test_a_refused_sale_of_a_stranger_under_our_order_id_does_not_block_the_invoice(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    pending = Charge.objects.get()
    with at("2026-10-01 13:00"):
        made = braintree.gateway.transaction.sale({**pending.request, "amount": "19.00"}).transaction
        assert braintree.gateway.transaction.void(made.id).is_success
        assert "1 paid (20.00)" in run("dispatch_invoices")
    assert braintree.charged_to(user).total == Decimal("20.00")


@pytest.mark.tampers
def test_a_merchant_account_that_was_closed_meanwhile_stops_nobody_and_blames_no_card(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    pending = Charge.objects.get()
    pending.request["merchant_account_id"] = "closed_since"
    pending.save()
    with at("2026-10-01 13:00"), hearing() as heard:
        assert "1 paid (20.00)" in run("dispatch_invoices")
    assert [name for name, _ in heard] == ["invoice_sent"]


def test_one_refund_that_cannot_be_found_out_does_not_stop_all_billing(user, charge, braintree):
    with at("2026-10-01 15:00"), braintree.fault("timeout", when="before", **VOIDS):
        assert refund_charge(charge, **SAID).state == "pending"
    gone = braintree.fault("status", status=404, path=f"/transactions/{charge.transaction_id}")
    with at("2026-11-01"), gone:
        said = run_failing("dispatch_invoices")
    assert f"Braintree has no transaction {charge.transaction_id}" in said
    assert invoice_of(user, 202611).paid


def test_each_refund_that_did_not_go_through_is_told(user, charge, braintree):
    with at("2026-09-10"):
        other = an_owner("PLAN", card=GOOD_CARD)
    dispatch("2026-10-01")
    second = invoice_of(other, 202610).paying_charge
    with at("2026-10-01 15:00"), braintree.fault("timeout", when="before", **VOIDS):
        refunds = [refund_charge(one, **SAID) for one in (charge, second)]
    gone = braintree.fault("status", status=401, path=f"/transactions/{second.transaction_id}")
    with at("2026-10-05"), gone:
        said = run_failing("dispatch_invoices")
    assert [f"refund {refund.pk} of" in said for refund in refunds] == [True, True]
    assert "it cannot be found out now whether the money went back" in said


def test_what_was_repaired_is_told_though_the_gateway_breaks_off(charge, braintree):
    with at("2026-10-02"):
        assert braintree.gateway.transaction.refund(charge.transaction_id, "4.00").is_success
    with at("2026-10-03"), braintree.fault("status", status=503, verb="POST", path="/disputes/*"):
        assert "is written down" in run_failing("reconcile_payments")
    assert Refund.objects.count() == 1


def test_a_charge_that_the_gateway_does_not_answer_about_is_left_and_the_rest_compared(charge, braintree):
    gone = braintree.fault("status", status=503, verb="GET", path="/transactions/*")
    with at("2026-10-01 12:30"), gone, braintree.fault("search-lag", seconds=3600):
        said = run_failing("reconcile_payments")
    assert "It cannot be found out now what became of the charge" in said
    assert "0 disputes compared" in said


# Voiding and refunding


def test_voiding_looks_for_a_charge_and_does_not_send_it_again(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    with at("2026-10-01 13:00"), pytest.raises(PaymentUnderWay, match="The next dispatch finds out"):
        void_invoice(invoice_of(user, 202610), **SAID)
    assert braintree.charged_to(user).total == 0


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_of_the_callers_nothing_is_sent(user, charge, braintree):
    with at("2026-10-05"), braintree.fault("timeout", when="before", **REFUNDS):
        refund_charge(charge, "5.00", **SAID)
    with at("2026-11-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    before = len(braintree.transactions())
    with at("2026-11-01 13:00"), transaction.atomic(), pytest.raises(TransactionOpen):
        void_invoice(invoice_of(user, 202611), **SAID)
    Refund.objects.update(state="pending", ended_at=None)
    with at("2026-11-01 13:00"), transaction.atomic(), pytest.raises(TransactionOpen):
        refund_charge(charge, "5.00", **SAID)
    assert len(braintree.transactions()) == before


def test_a_credit_on_a_void_invoice_is_given_back(user, braintree):
    with at("2026-09-11"):
        add_credit(user, "5.00", **SAID)
        braintree.declining_card(user, 2001)
    dispatch("2026-10-01")
    with at("2026-10-02"):
        void_invoice(invoice_of(user, 202610), **SAID)
    assert amounts(invoice_of(user, 202611)) == [Decimal("-5.00")]
    assert "void invoice 1" in invoice_of(user, 202611).related_items.get().description


def test_a_refund_given_up_after_a_stale_read_keeps_what_its_slow_sender_did(charge, braintree):
    service = PaymentService()
    with at("2026-10-05 12:00"):
        refund = refunding._claim(charge, Decimal("5.00"), "anna", "why", None)
    stale = Refund.objects.select_related("charge").get(pk=refund.pk)
    with at("2026-10-05 12:06"):
        outcome = refunding._send(service, refund)
        assert refunding.resolve(service, stale).state == "pending"
        assert refunding.record(refund, outcome).state == "paid"
    assert charge.refunded() == Decimal("5.00")


def test_a_refund_that_was_given_up_and_then_goes_back_is_written_down(charge, caplog):
    service = PaymentService()
    with at("2026-10-05 12:00"):
        refund = refunding._claim(charge, Decimal("5.00"), "anna", "why", None)
        outcome = refunding._send(service, refund)
        refunding.record(refund, Outcome(ending=Ending.NOT_SENT))
        assert refunding.record(refund, outcome).state == "paid"
    assert "was given up, and then it went back" in caplog.text


def test_a_refund_is_not_sent_any_more_when_it_was_given_up(charge, braintree):
    with at("2026-10-05 12:00"):
        refund = refunding._claim(charge, Decimal("5.00"), "anna", "why", None)
        refunding.record(refund, Outcome(ending=Ending.NOT_SENT))
        outcome = refunding._send(PaymentService(), refund)
    assert (outcome.ending, "was given up" in outcome.message) == (Ending.NOT_SENT, True)
    assert [one.type for one in braintree.transactions()] == ["sale"]


# Beside the gateway's own books


def test_a_sale_voided_at_braintree_before_its_lost_answer_was_found_is_not_charged_again(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    with at("2026-10-01 13:00"):
        [sale] = braintree.charged_to(user)
        assert braintree.gateway.transaction.void(sale.id).is_success
    with hearing() as heard:
        dispatch("2026-10-02", "2026-10-03")
    assert heard.named("credit_card_error") == []
    assert braintree.charged_to(user).total == 0
    assert (invoice_of(user, 202610).paid, Refund.objects.get().kind) == (True, "void")


def test_a_refund_made_at_braintree_is_written_down_once_by_two_who_saw_it(charge, braintree):
    with at("2026-10-02"):
        made = braintree.gateway.transaction.refund(charge.transaction_id, "4.00").transaction
        outcome = PaymentService().find(made.id).outcome
        written = [refunding.note_foreign(charge, outcome, Refund.Kind.REFUND) for _ in range(2)]
    assert written[0] == written[1]
    assert charge.refunded() == Decimal("4.00")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_comparisons_at_once_write_a_foreign_refund_down_once(charge, braintree, monkeypatch):
    with at("2026-10-02"):
        assert braintree.gateway.transaction.refund(charge.transaction_id, "4.00").is_success
    both, note = Barrier(2), refunding.note_foreign

    def together(*arguments):
        both.wait(20)
        return note(*arguments)

    def compare():
        try:
            reconcile(Comparison(), timezone.now() - timedelta(days=5), timezone.now())
        finally:
            connection.close()

    monkeypatch.setattr(refunding, "note_foreign", together)
    with at("2026-10-03"), ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(compare) for _ in range(2)]:
            done.result(60)
    assert charge.refunded() == Decimal("4.00")


def test_a_void_made_while_the_books_are_compared_is_no_alarm(charge, monkeypatch):
    read = PaymentService.transactions

    def slowly(self, since, until):
        page = list(read(self, since, until))
        if page and not Refund.objects.exists():
            refund_charge(charge, **SAID)
        yield from page

    monkeypatch.setattr(PaymentService, "transactions", slowly)
    with at("2026-10-01 15:00"):
        assert "0 left" in run("reconcile_payments")


@pytest.mark.tampers
def test_a_sale_that_nobody_owes_any_more_is_left_until_it_is_refunded(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    [sale] = braintree.charged_to(user)
    # Somebody was too sure that it did not happen.
    record([(Charge.objects.get(), Outcome(ending=Ending.NOT_SENT))])
    dispatch("2026-10-01")
    with at("2026-10-03"):
        assert "does not ask for: refund it at Braintree" in run_failing("reconcile_payments")
        assert "0 left" in run("reconcile_payments", "--known", sale.id, "other")
        assert braintree.gateway.transaction.refund(sale.id).is_success
    with at("2026-10-04"):
        assert "0 left" in run("reconcile_payments")


@pytest.mark.tampers
def test_a_refund_found_paid_on_a_charge_that_failed_since_is_left(charge):
    with at("2026-10-05"):
        made = refund_charge(charge, "5.00", **SAID)
    Refund.objects.filter(pk=made.pk).update(state="refused")
    made.refresh_from_db()
    seen = {"transaction_id": charge.transaction_id, "order_id": charge.order_id, "amount": charge.amount}
    billing.correct(charge, Outcome(ending=Ending.REFUSED, status="settlement_declined", **seen))
    went = Outcome(ending=Ending.PAID, amount=made.amount, order_id=made.order_id)
    assert refunding.correct(made, went) is None


def test_a_settlement_that_fails_after_a_part_was_refunded_can_be_put_right(user, charge):
    with at("2026-10-05"):
        refund_charge(charge, "5.00", **SAID)
        charge.refresh_from_db()
        seen = {"transaction_id": charge.transaction_id, "order_id": charge.order_id, "amount": charge.amount}
        failed = Outcome(ending=Ending.REFUSED, status="settlement_declined", currency="USD", **seen)
        assert billing.correct(charge, failed) is not None
    assert invoice_of(user, 202610).failed


def test_days_out_of_reach_are_an_error_with_words():
    for day in ("9999-12-31", "0001-01-01"):
        with pytest.raises(Exception, match="is not a day of the years 1900 to 9998"):
            run("reconcile_payments", "--to", day)


# What the audit must not take for an error


def test_a_project_that_moves_its_time_zone(settings):
    settings.TIME_ZONE = "UTC"
    with at("2026-10-01 02:00", zone="UTC"):
        an_owner("PLAN", card=GOOD_CARD)
    settings.TIME_ZONE = "America/New_York"
    dispatch("2026-11-01")
    assert run("audit_billing").endswith("0 findings.")


def prefetching(account, invoice):
    prefetch_related_objects([invoice], "related_items")
    held = account.get_product_by_name("PLAN")
    item = InvoiceItem(invoice=invoice, product=held, description="By hand", amount=held.flat_rate)
    item.save()
    return item


def test_a_handler_that_fetched_the_items_before_it_added_one(settings, user):
    declare(settings, product("PLAN", bill=prefetching))
    dispatch("2026-10-01")
    assert run("audit_billing").endswith("0 findings.")


@pytest.mark.tampers
def test_an_invoice_over_nothing_that_raw_sql_called_unpaid_is_not_sent_to_the_gateway(user, braintree):
    with at("2026-09-11"):
        add_credit(user, "20.00", **SAID)
        add_debit(user, "0.01", **SAID)
        add_credit(user, "0.01", **SAID)
    dispatch("2026-10-01")
    october = user.genbilling_account.invoices.filter(total=0)
    assert october.update(paid=False, paid_at=None) == 1
    with hearing() as heard:
        dispatch("2026-10-02")
    assert (heard, braintree.transactions()) == ([], [])
    assert "its total is zero, and it is not settled" in run_failing("audit_billing")
