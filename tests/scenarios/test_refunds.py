"""Refunds: in part or whole, voided where nothing has charge, with the same four endings as a charge."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from genbilling.exceptions import (
    BadInput,
    BadMoney,
    GatewayUnusable,
    NothingToRefund,
    Outdated,
    PaymentUnderWay,
    RefundRefused,
    RefundTooLarge,
    TransactionOpen,
)
from genbilling.gateway import PAID_STATUSES
from genbilling.interface import refund_charge
from genbilling.models import Refund
from tests.factories import (
    at,
    run,
    run_failing,
)
from tests.scenarios.calls import REFUNDS, SAID, VOIDS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]


SAME_DAY, SETTLED = "2026-10-01 15:00", "2026-10-05 12:00"


def refund(charge, amount=None, when=SETTLED):
    with at(when):
        return refund_charge(charge, amount, **SAID)


def given_back(braintree):
    """What the gateway's books gave back: refunds and voids."""
    return sum(
        one.amount
        for one in braintree.transactions()
        if one.status == "voided" or (one.type == "credit" and one.status in PAID_STATUSES)
    )


def test_a_settled_charge_is_refunded_whole_and_its_invoice_stays_paid(charge, braintree):
    made = refund(charge)
    assert (made.kind, made.state, made.amount) == ("refund", "paid", Decimal("20.00"))
    assert (made.operator, made.memo) == ("anna", "Outage")
    assert made.result.is_success
    [sale, credit] = braintree.transactions()
    assert (credit.amount, credit.refunded_transaction_id) == (Decimal("20.00"), sale.id)
    assert credit.order_id == made.order_id != charge.order_id
    charge.invoice.refresh_from_db()
    assert (charge.invoice.paid, charge.invoice.failed) == (True, False)
    with at("2026-10-06"):
        assert "nothing to do" in run("dispatch_invoices")


def test_a_charge_that_has_not_settled_is_voided(charge, braintree):
    made = refund(charge, when=SAME_DAY)
    assert (made.kind, made.state, made.amount) == ("void", "paid", Decimal("20.00"))
    assert [one.status for one in braintree.transactions()] == ["voided"]
    with at("2026-10-06"):
        assert "nothing to do" in run("dispatch_invoices"), "it is not charged again"


def test_parts_are_refunded_until_nothing_is_left(charge, braintree):
    refund(charge, "5.00")
    refund(charge, "14.99")
    assert charge.refunded() == Decimal("19.99")
    with pytest.raises(RefundTooLarge, match=r"0\.02 is more than the 0\.01 that is left"):
        refund(charge, "0.02")
    assert refund(charge).amount == Decimal("0.01")
    with pytest.raises(NothingToRefund):
        refund(charge)
    assert given_back(braintree) == Decimal("20.00")


@pytest.mark.parametrize("status", ["lost", "accepted", "auto_accepted", "expired"])
@pytest.mark.parametrize("seen_before", [True, False])
def test_what_went_back_by_a_dispute_is_not_given_back_again(charge, braintree, status, seen_before):
    with at("2026-10-03"):
        braintree.sandbox.open_dispute(charge.transaction_id, status=status)
        if seen_before:
            run("reconcile_payments")
    if not seen_before:
        with pytest.raises(RefundRefused, match=r"20\.00 of the charge went back by a dispute"):
            refund(charge)
        assert Refund.objects.get().state == "refused"
    with pytest.raises(NothingToRefund):
        refund(charge)
    assert given_back(braintree) == 0


def test_of_what_was_disputed_in_part_the_rest_can_be_given_back(charge, braintree):
    with at("2026-10-03"):
        braintree.sandbox.open_dispute(charge.transaction_id, amount="15.00", status="lost")
    with pytest.raises(RefundRefused):
        refund(charge, "5.01")
    with pytest.raises(RefundTooLarge, match=r"5\.01 is more than the 5\.00 that is left"):
        refund(charge, "5.01")
    assert refund(charge).amount == Decimal("5.00")


@pytest.mark.parametrize(
    "dispute", [{"status": "won"}, {"status": "open"}, {"status": "lost", "kind": "retrieval"}]
)
def test_a_dispute_that_took_no_money_stands_in_no_refunds_way(charge, braintree, dispute):
    with at("2026-10-03"):
        braintree.sandbox.open_dispute(charge.transaction_id, **dispute)
    assert refund(charge).amount == Decimal("20.00")


def test_what_was_decided_before_something_went_back_gives_nothing_back(charge, braintree):
    seen = charge.refunded()
    with at(SETTLED):
        refund_charge(charge, "5.00", refunded=seen, **SAID)
        with pytest.raises(Outdated, match=r"5\.00 of the charge .* not 0\.00 as when"):
            refund_charge(charge, "5.00", refunded=seen, **SAID)
        assert given_back(braintree) == Decimal("5.00")
        refund_charge(charge, "5.00", refunded=charge.refunded(), **SAID)
    assert given_back(braintree) == Decimal("10.00")


def test_a_part_of_what_has_not_settled_is_refused_and_says_what_to_do(charge, braintree):
    with pytest.raises(
        RefundRefused, match="whole, which voids it; a part only once it has settled"
    ) as error:
        refund(charge, "5.00", SAME_DAY)
    assert error.value.refund.state == "refused"
    assert given_back(braintree) == 0
    assert refund(charge, "5.00").state == "paid"


@pytest.mark.tampers
def test_a_charge_that_was_refused_has_nothing_to_refund(charge, braintree):
    charge.state, charge.pk, charge.key = "refused", None, "another"
    charge.save()
    with pytest.raises(NothingToRefund):
        refund(charge)


@pytest.mark.parametrize("amount", ["0", "-1.00", 1.5, "much"])
def test_a_sum_that_cannot_be_given_back_is_an_error(charge, amount):
    with pytest.raises(BadMoney):
        refund(charge, amount)
    assert not Refund.objects.exists()


@pytest.mark.parametrize("said", [{"operator": "", "memo": "why"}, {"operator": "anna", "memo": " "}])
def test_a_refund_says_who_and_why(charge, said):
    with pytest.raises(BadInput, match="a text of 1 to"):
        refund_charge(charge, **said)
    assert not Refund.objects.exists()


def test_a_refund_that_the_bank_declines_is_refused_and_can_be_made_again(charge, braintree):
    with braintree.fault("code", code="915200", **REFUNDS), pytest.raises(RefundRefused) as error:
        refund(charge)
    assert error.value.refund.state == "refused"
    assert charge.refunded() == 0
    refund(charge)
    assert given_back(braintree) == Decimal("20.00")


@pytest.mark.parametrize("effect", ["refuse", "connect-timeout"])
def test_not_sent_nothing_was_given_back_and_it_can_be_tried_again(charge, braintree, effect):
    with braintree.fault(effect, **REFUNDS), pytest.raises(GatewayUnusable, match="Nothing was given back"):
        refund(charge)
    assert Refund.objects.get().state == "not_sent"
    refund(charge)
    assert given_back(braintree) == Decimal("20.00")


@pytest.mark.parametrize("asking", ["timeout", "refuse"])
def test_when_it_cannot_even_be_asked_how_nothing_was_given_back(charge, braintree, asking):
    with braintree.fault(asking, verb="GET", path="/transactions/*"), pytest.raises(GatewayUnusable):
        refund(charge)
    assert Refund.objects.get().state == "not_sent"
    assert given_back(braintree) == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("effect", ["timeout", "reset", "cut-off"])
@pytest.mark.parametrize("kind", ["refund", "void"])
def test_a_lost_answer_is_found_out_and_the_money_goes_back_once(charge, braintree, kind, effect, when):
    place, moment = {"refund": (REFUNDS, SETTLED), "void": (VOIDS, SAME_DAY)}[kind]
    with braintree.fault(effect, when=when, **place):
        made = refund(charge, when=moment)
    assert (made.kind, made.state) == (kind, "pending")
    with (
        braintree.fault("timeout", verb="POST", path="/transactions/advanced_search_ids"),
        braintree.fault("timeout", verb="GET", path="/transactions/*"),
        pytest.raises(PaymentUnderWay),
    ):
        refund(charge, "1.00", moment.replace(":00", ":01"))
    with at(moment.replace(":00", ":30")):
        run("dispatch_invoices")
    made.refresh_from_db()
    assert made.state == "paid"
    assert given_back(braintree) == Decimal("20.00")


def test_a_refund_whose_sender_died_before_it_was_sent_did_not_happen(charge, braintree):
    with at("2026-10-05"):
        made = Refund.objects.create(charge=charge, amount="20.00", operator="anna", memo="why")
        run("dispatch_invoices")
    made.refresh_from_db()
    assert made.state == "pending", "its sender may still be at it"
    with at("2026-10-05 12:10"):
        assert "did not go back" in run_failing("dispatch_invoices")
        run("dispatch_invoices")
    made.refresh_from_db()
    assert made.state == "not_sent"
    assert refund(charge).state == "paid"


def test_a_refund_that_cannot_be_written_down_keeps_nobody_from_being_charged(charge, braintree):
    with braintree.fault("timeout", when="after", **REFUNDS):
        refund(charge)

    def refuse(execute, sql, params, many, context):
        if sql.startswith('UPDATE "genbilling_refund"'):
            raise IntegrityError("a constraint of the project's own")
        return execute(sql, params, many, context)

    with at("2026-11-01"), connection.execute_wrapper(refuse):
        said = run_failing("dispatch_invoices")
    assert "it is not known whether the money went back: IntegrityError: a constraint" in said
    assert "1 paid (10.00)" in said
    with at("2026-11-02"):
        run("dispatch_invoices")
    assert Refund.objects.get().state == "paid"


def test_an_outcome_that_stays_unknown_is_said_by_every_dispatch(charge, braintree):
    with braintree.fault("timeout", when="before", **REFUNDS):
        refund(charge)
    with at("2026-10-05 13:00"), braintree.fault("status", status=500, **REFUNDS):
        assert "(pending): the money did not go back" in run_failing("dispatch_invoices")
    assert given_back(braintree) == 0


def test_a_void_that_comes_too_late_says_so_and_a_refund_takes_its_place(charge, braintree):
    with braintree.fault("timeout", when="before", **VOIDS):
        refund(charge, when=SAME_DAY)
    with at("2026-10-05"):
        assert "(refused): the money did not go back" in run_failing("dispatch_invoices")
        assert "nothing to do" in run("dispatch_invoices")
    assert refund(charge).kind == "refund"
    assert given_back(braintree) == Decimal("20.00")


def test_a_merchant_without_keys_refunds_without(charge, braintree):
    with braintree.fault("code", code="915231", times=1, **REFUNDS):
        made = refund(charge)
    assert (made.state, made.keyed) == ("paid", False)
    assert given_back(braintree) == Decimal("20.00")


def test_refunding_inside_a_transaction_of_the_callers_is_an_error(charge, transactional_db):
    with transaction.atomic(), pytest.raises(TransactionOpen, match=r"refund_charge\(\)"):
        refund(charge)
