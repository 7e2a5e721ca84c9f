"""reconcile_payments: our books beside the gateway's own, both ways; what is safe is repaired."""

from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from genbilling.gateway import searches
from genbilling.interface import refund_charge, remove_card
from genbilling.models import Account, Charge, Invoice, Refund
from tests.factories import (
    GOOD_CARD,
    at,
    declare,
    hearing,
    invoice_of,
    product,
    run,
    run_failing,
)
from tests.scenarios.calls import REFUNDS, SAID, SALES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]


def reconcile(day="2026-10-03", *arguments):
    with at(day):
        return run("reconcile_payments", *arguments)


def reconcile_failing(day="2026-10-03", *arguments):
    with at(day):
        return run_failing("reconcile_payments", *arguments)


def test_books_that_agree_leave_nothing_to_say(charge):
    assert reconcile().endswith(
        "2026-09-03 to 2026-10-03: 1 transaction, 1 charge, 0 refunds, 0 disputes compared, "
        "0 repaired, 0 left."
    )
    charge.refresh_from_db()
    assert charge.status == "settled", "how far the money got is written down"


def test_books_with_nothing_in_them_agree():
    assert "0 transactions" in reconcile()


def test_a_sale_that_did_not_settle_makes_its_invoice_fail_and_the_project_hears_of_it(
    user, charge, braintree
):
    with at("2026-10-01 18:00"):
        braintree.gateway.testing.settlement_decline_transaction(charge.transaction_id)
    with hearing() as heard:
        said = reconcile()
    assert "1 repaired, 0 left" in said
    october = invoice_of(user, 202610)
    assert (october.paid, october.failed, october.paying_charge) == (False, True, None)
    charge.refresh_from_db()
    assert (charge.state, charge.status) == ("refused", "settlement_declined")
    [told] = heard.named("credit_card_error")
    assert (told["invoice"], told["charge"], told["owner"]) == (october, charge, user)
    assert "0 repaired" in reconcile("2026-10-03 13:00"), "once"
    with at("2026-10-04"), hearing() as heard:
        assert "1 paid (20.00)" in run("dispatch_invoices")
    assert [name for name, _ in heard] == ["invoice_sent"]


def test_the_signal_of_a_sale_that_did_not_settle_is_made_good_like_others(user, charge, braintree):
    with at("2026-10-01 18:00"):
        braintree.gateway.testing.settlement_decline_transaction(charge.transaction_id)
    reconcile()
    Charge.objects.filter(pk=charge.pk).update(signalled_at=None)
    with at("2026-10-03 12:30"), hearing() as heard:
        run("dispatch_invoices")
    assert heard.named("credit_card_error")[0]["charge"] == charge


def test_with_retry_days_the_days_count_from_when_it_failed(settings, user, charge, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=(2,))
    with at("2026-10-01 18:00"):
        braintree.gateway.testing.settlement_decline_transaction(charge.transaction_id)
    reconcile("2026-10-10")
    assert Account.objects.get().status == "grace"
    with at("2026-10-11"):
        assert "1 not a retry day" in run("dispatch_invoices")
    with at("2026-10-12"):
        assert "1 paid" in run("dispatch_invoices")
    assert Account.objects.get().status == "active"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_found_out(user, braintree, when):
    with at("2026-10-01"), braintree.fault("timeout", when=when, **SALES):
        run_failing("dispatch_invoices")
    with hearing() as heard:
        assert "1 repaired, 0 left" in reconcile()
    assert invoice_of(user, 202610).paid
    assert [name for name, _ in heard] == ["invoice_sent"]
    assert braintree.charged_to(user).total == Decimal("20.00")


def test_an_answer_that_is_still_not_known_is_left(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    with braintree.fault("status", status=503, **SALES):
        assert "which is still not known" in reconcile_failing()


def test_a_charge_that_may_be_under_way_is_left_in_peace(user, braintree):
    with at("2026-10-01"):
        with braintree.fault("timeout", when="after", **SALES):
            run_failing("dispatch_invoices")
        Charge.objects.update(uncertain_at=None)
        assert "0 repaired, 0 left" in run("reconcile_payments")
    assert Charge.objects.get().state == "pending"


@pytest.mark.tampers
def test_a_transaction_with_an_order_id_of_ours_that_fits_nothing_is_left_by_its_id(charge):
    Invoice.objects.update(paying_charge=None)
    Charge.objects.all().delete()
    said = reconcile_failing()
    assert f"left: Transaction {charge.transaction_id} of 20.00 USD (settled), order id genbilling-" in said
    assert "is not in these books" in said


def test_what_others_charge_through_the_same_merchant_account_is_not_looked_at(charge, braintree):
    with at("2026-10-02"):
        sold = braintree.gateway.transaction.sale(
            {"amount": "5.00", "order_id": "shop-1", "payment_method_nonce": GOOD_CARD}
        )
        assert sold.is_success
    assert "1 transaction, 1 charge" in reconcile()


@pytest.mark.parametrize("order_id", ["shop-2", "genbilling-shop"])
def test_a_credit_that_stands_alone_is_of_nobodys_invoice(user, braintree, order_id):
    with at("2026-09-20"):
        remove_card(user)
    with at("2026-10-01"):
        run("dispatch_invoices")
    assert Charge.objects.get().transaction_id == "", "a try for want of a card, which no transaction is of"
    with at("2026-10-02"):
        given = braintree.gateway.transaction.credit(
            {"amount": "5.00", "order_id": order_id, "payment_method_nonce": GOOD_CARD}
        )
        assert given.is_success
    assert "0 transactions, 0 charges, 0 refunds, 0 disputes compared, 0 repaired, 0 left" in reconcile()
    assert not Refund.objects.exists()


@pytest.mark.tampers
def test_a_charge_that_the_gateway_does_not_know_is_left_by_its_id(charge):
    Charge.objects.update(transaction_id="nonesuch", key="another")
    assert "the gateway has no transaction nonesuch" in reconcile_failing()


@pytest.mark.tampers
def test_an_amount_that_differs_is_left(charge):
    Charge.objects.update(amount="19.00")
    said = reconcile_failing()
    assert f"differs from transaction {charge.transaction_id} of 20.00" in said


@pytest.mark.tampers
def test_a_currency_that_differs_is_left(charge):
    Charge.objects.update(currency="EUR")
    assert "in EUR differs from transaction" in reconcile_failing()


@pytest.mark.tampers
def test_a_second_sale_for_one_order_is_left(charge, braintree):
    with at("2026-10-01 13:00"):
        second = braintree.gateway.transaction.sale(charge.request).transaction
    said = reconcile_failing()
    assert f"transaction {second.id} of 20.00 USD (settled) took money for it too" in said
    with at("2026-10-03 13:00"):
        assert braintree.gateway.transaction.refund(second.id, "5.00").is_success
    assert "took money for it too" in reconcile_failing("2026-10-04")
    with at("2026-10-04 13:00"):
        assert braintree.gateway.transaction.refund(second.id).is_success
    assert "0 left" in reconcile("2026-10-05"), "it was given back"


def test_what_was_paid_after_all_pays_its_invoice(user, braintree):
    card = braintree.good_card(user)
    declining = braintree.decline(card)
    with at("2026-10-01"):
        run("dispatch_invoices")
    declining.remove()
    # The bank, or an operator at Braintree, made another one of the same order.
    refused = Charge.objects.get()
    with at("2026-10-01 13:00"):
        made = braintree.gateway.transaction.sale(refused.request).transaction
    Charge.objects.update(transaction_id="")
    with hearing() as heard:
        assert "1 repaired" in reconcile()
    october = invoice_of(user, 202610)
    assert (october.paid, october.paying_charge.transaction_id) == (True, made.id)
    assert [name for name, _ in heard] == ["invoice_sent"]
    with at("2026-10-04"):
        assert "nothing to do" in run("dispatch_invoices")


def test_a_refund_made_at_braintree_is_written_down(charge, braintree):
    with at("2026-10-02 18:00"):
        assert braintree.gateway.transaction.refund(charge.transaction_id, "4.00").is_success
    assert "1 repaired, 0 left" in reconcile()
    made = Refund.objects.get()
    assert (made.charge, made.amount, made.kind, made.state) == (charge, Decimal("4.00"), "refund", "paid")
    assert made.memo == "Made at Braintree"
    assert "0 repaired, 0 left" in reconcile("2026-10-04")
    assert charge.refunded() == Decimal("4.00")


def test_a_void_made_at_braintree_is_written_down_and_the_invoice_stays_paid(user, charge, braintree):
    with at("2026-10-01 18:00"):
        assert braintree.gateway.transaction.void(charge.transaction_id).is_success
    assert "1 repaired, 0 left" in reconcile()
    assert (Refund.objects.get().kind, charge.refunded()) == ("void", Decimal("20.00"))
    assert invoice_of(user, 202610).paid
    assert "0 repaired, 0 left" in reconcile("2026-10-04")


def test_refunds_and_voids_of_ours_agree(charge):
    with at("2026-10-02"):
        refund_charge(charge, "5.00", **SAID)
    assert "2 transactions, 1 charge, 1 refund" in reconcile()
    assert Refund.objects.get().status == "settled"


def test_a_void_of_ours_agrees(charge):
    with at("2026-10-01 15:00"):
        refund_charge(charge, **SAID)
    assert "0 repaired, 0 left" in reconcile()


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_lost_answer_of_a_refund_is_found_out(charge, braintree, when):
    with at("2026-10-02"), braintree.fault("timeout", when=when, **REFUNDS):
        assert refund_charge(charge, **SAID).state == "pending"
    assert "1 repaired, 0 left" in reconcile()
    assert Refund.objects.get().state == "paid"


def test_a_refund_that_did_not_settle_is_told_and_can_be_made_again(charge, braintree):
    with at("2026-10-02"):
        made = refund_charge(charge, "5.00", **SAID)
        braintree.gateway.testing.settlement_decline_transaction(made.transaction_id)
    assert "the money did not go back; refund it again" in reconcile_failing()
    assert charge.refunded() == 0
    with at("2026-10-03 15:00"):
        refund_charge(charge, "5.00", **SAID)
    assert "0 left" in reconcile("2026-10-04")


@pytest.mark.tampers
def test_a_refund_that_the_gateway_does_not_know_is_left(charge):
    with at("2026-10-02"):
        refund_charge(charge, "5.00", **SAID)
    Refund.objects.update(transaction_id="nonesuch", key="another")
    said = reconcile_failing()
    assert "the gateway has no transaction nonesuch" in said
    assert "made at Braintree; it is written down" in said


@pytest.mark.tampers
def test_a_void_of_ours_that_the_gateway_does_not_have_is_left(charge):
    with at("2026-10-02"):
        Refund.objects.create(
            charge=charge,
            amount=charge.amount,
            kind="void",
            state="paid",
            ended_at=charge.ended_at,
            transaction_id=charge.transaction_id,
        )
    assert "but transaction" in reconcile_failing()
    assert "voided transaction" in reconcile_failing("2026-10-03", "--from", "2026-10-02")


def test_a_dispute_that_is_open_is_left_until_it_is_answered(charge, braintree):
    with at("2026-10-02"):
        dispute = braintree.sandbox.open_dispute(charge.transaction_id)
    said = reconcile_failing()
    assert f"left: Dispute {dispute} (chargeback) of 20.00 about the charge" in said
    assert "answer or accept it at Braintree by 2026-" in said
    with at("2026-10-03"):
        braintree.sandbox.move_dispute(dispute, "lost")
    assert "1 dispute compared, 1 repaired, 0 left" in reconcile("2026-10-04"), "what went back by it"
    assert charge.refunded() == 0, "as it was read before"
    charge.refresh_from_db()
    assert charge.refunded() == Decimal("20.00")
    assert "1 dispute compared, 0 repaired, 0 left" in reconcile("2026-10-05")


def test_a_dispute_that_is_won_after_all_did_not_take_the_money(charge, braintree):
    with at("2026-10-02"):
        dispute = braintree.sandbox.open_dispute(charge.transaction_id, status="lost")
    assert "1 would be repaired" in reconcile("2026-10-03", "--dry-run")
    assert "1 repaired" in reconcile()
    braintree.sandbox.move_dispute(dispute, "won")
    assert "1 repaired" in reconcile("2026-10-04")
    charge.refresh_from_db()
    assert charge.refunded() == 0


def test_a_dispute_that_the_gateway_does_not_answer_about_is_left(charge, braintree):
    with at("2026-10-02"):
        dispute = braintree.sandbox.open_dispute(charge.transaction_id, status="lost")
    with braintree.fault("status", status=503, verb="GET", path="/transactions/*"):
        assert f"It cannot be found out now what became of dispute {dispute}" in reconcile_failing()


def test_a_dry_run_changes_nothing(user, charge, braintree):
    with at("2026-10-01 18:00"):
        braintree.gateway.testing.settlement_decline_transaction(charge.transaction_id)
    with hearing() as heard:
        said = reconcile("2026-10-03", "--dry-run")
    assert "1 would be repaired" in said
    assert heard == []
    assert invoice_of(user, 202610).paid


def test_a_range_is_searched_in_parts_that_a_search_can_answer(charge, monkeypatch):
    for moment in ("2026-10-02 07:00", "2026-10-02 12:00", "2026-10-02 19:00"):
        with at(moment):
            refund_charge(charge, "5.00", **SAID)
    # A search that answers with one transaction at most: a day with more is halved.
    monkeypatch.setattr(searches, "SEARCH_LIMIT", 2)
    assert "4 transactions, 1 charge, 3 refunds" in reconcile()


def test_only_the_days_asked_for_are_compared(charge):
    assert "0 transactions, 0 charges" in reconcile(
        "2026-10-03", "--from", "2026-10-02", "--to", "2026-10-03"
    )
    assert "1 transaction, 1 charge" in reconcile("2026-10-03", "--from", "2026-10-01", "--to", "2026-10-01")


def test_days_that_are_none_or_the_wrong_way_round_are_errors():
    with pytest.raises(CommandError, match=r"'soon' is not a day: write it as YYYY-MM-DD\."):
        run("reconcile_payments", "--from", "soon")
    with pytest.raises(CommandError, match=r"2026-10-02 is after --to 2026-10-01"):
        run("reconcile_payments", "--from", "2026-10-02", "--to", "2026-10-01")


def test_a_gateway_that_does_not_answer_ends_it_with_an_error(charge, braintree):
    with braintree.fault("status", status=401):
        assert "check BRAINTREE_MERCHANT_ID" in reconcile_failing()


@pytest.mark.tampers
def test_a_refund_of_another_amount_is_left(charge):
    with at("2026-10-02"):
        refund_charge(charge, "5.00", **SAID)
    Refund.objects.update(amount="4.00")
    assert "differs from transaction" in reconcile_failing()


@pytest.mark.tampers
def test_a_refund_that_went_back_after_all_is_written_down(charge):
    with at("2026-10-02"):
        refund_charge(charge, "5.00", **SAID)
    Refund.objects.update(state="refused")
    assert "1 repaired, 0 left" in reconcile()
    assert charge.refunded() == Decimal("5.00")


def test_a_dry_run_tells_of_lost_answers_and_asks_for_none(user, charge, braintree):
    with at("2026-11-01"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    with at("2026-11-01 13:00"), braintree.fault("timeout", when="after", **REFUNDS):
        refund_charge(charge, "5.00", **SAID)
    assert "2 would be repaired" in reconcile("2026-11-02", "--from", "2026-10-01", "--dry-run")
    assert (Refund.objects.get().state, invoice_of(user, 202611).paid) == ("pending", False)


def test_a_refund_that_is_just_being_made_is_left_in_peace(charge):
    with at("2026-10-02"):
        Refund.objects.create(charge=charge, amount="5.00", **SAID)
        assert "0 repaired, 0 left" in run("reconcile_payments")


def test_a_refund_whose_answer_is_still_not_known_is_left(charge, braintree):
    with at("2026-10-02"), braintree.fault("timeout", when="before", **REFUNDS):
        refund_charge(charge, "5.00", **SAID)
    with braintree.fault("status", status=500, **REFUNDS):
        assert "the money did not go back (pending)" in reconcile_failing()


def test_a_dispute_about_what_others_charged_is_not_told(braintree):
    with at("2026-10-02"):
        sold = braintree.gateway.transaction.sale(
            {
                "amount": "5.00",
                "payment_method_nonce": GOOD_CARD,
                "options": {"submit_for_settlement": True},
            }
        )
        braintree.sandbox.open_dispute(sold.transaction.id)
    assert "0 disputes compared" in reconcile()


def test_an_authorization_that_nobody_asked_for_is_left(user, braintree):
    declining = braintree.decline(braintree.good_card(user))
    with at("2026-10-01"):
        run("dispatch_invoices")
    declining.remove()
    request = {**Charge.objects.get().request, "options": {"submit_for_settlement": False}}
    with at("2026-10-01 13:00"):
        assert braintree.gateway.transaction.sale(request).is_success
    assert "holds money, and was not asked for" in reconcile_failing()
