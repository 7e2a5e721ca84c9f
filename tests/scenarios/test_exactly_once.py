"""Interleavings, lost answers and careless hands: an invoice is charged once, and nothing blocks for ever."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from genbilling.exceptions import GatewayUncertain, HandlerError, InvoiceClosed
from genbilling.gateway import Ending, Outcome, PaymentService
from genbilling.interface import (
    activate_account,
    add_product_to_account,
    cancel_account,
    remove_product_from_account,
    save_card,
    update_product_terms,
    use_product,
)
from genbilling.models import Card, Charge, Invoice, InvoiceItem, Product
from genbilling.services import billing, cards
from genbilling.services.billing.choosing import dispatch_policy
from genbilling.services.billing.claims import claim
from genbilling.services.billing.records import record
from genbilling.services.retries import Wait
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    credit,
    declare,
    hearing,
    invoice_of,
    invoices_of,
    product,
    run,
    run_failing,
    turn_the_month,
)
from tests.scenarios.calls import SALES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]


@pytest.fixture
def claimed(user, braintree):
    """The pending charge of a sender who has claimed October and stands still before the gateway."""
    with at("2026-10-01"):
        with braintree.fault("refuse", **SALES):
            run_failing("dispatch_invoices")
        [charge] = claim({user.genbilling_account.pk: 202610}, 202610, lambda *_: None).to_send
    assert charge.state == Charge.State.PENDING
    return charge


def pending(charge):
    return Charge.objects.get(pk=charge.pk).state == Charge.State.PENDING


def test_a_stale_save_does_not_take_a_payment_back(user, braintree):
    with at("2026-10-01"):
        with braintree.fault("refuse", **SALES):
            run_failing("dispatch_invoices")
        stale = invoice_of(user, 202610)
        run("dispatch_invoices")
        stale.save()
    assert invoice_of(user, 202610).paid


def test_flags_changed_by_hand_do_not_charge_a_paid_invoice_again(user, braintree):
    with at("2026-10-01"):
        run("dispatch_invoices")
        Invoice.objects.filter(period=202610).update(paid=False, paid_at=None, paying_charge=None)
    with at("2026-10-02"):
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paying_charge is not None
    assert braintree.charged_to(user).total == Decimal("20.00")


def test_not_sent_by_a_slow_sender_does_not_release_what_another_has_sent_again(claimed, user, braintree):
    service = PaymentService()
    with at("2026-10-01 12:06"), braintree.fault("timeout", when="after", **SALES):
        billing.resolve(service, Charge.objects.get(pk=claimed.pk))
    # The slow one wakes up: its connection is refused.
    assert record([(claimed, Outcome(ending=Ending.NOT_SENT))]) == [Wait.AT_WORK_ELSEWHERE]
    assert pending(claimed)
    with at("2026-10-01 12:30"):
        run("dispatch_invoices")
    assert braintree.charged_to(user).total == Decimal("20.00")


def test_an_old_key_is_given_up_only_long_after_the_last_sending(claimed, user, braintree):
    with at("2026-10-08 11:59"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    with at("2026-10-08 12:01"), braintree.fault("search-lag", seconds=3600):
        assert "1 uncertain" in run_failing("dispatch_invoices")
    with at("2026-10-08 14:00"):
        assert "1 paid (20.00)" in run("dispatch_invoices")
    assert braintree.charged_to(user).total == Decimal("20.00")


def test_what_is_not_found_long_after_an_old_key_did_not_happen_and_is_charged_anew(claimed, user, braintree):
    with at("2026-10-12"):
        run("dispatch_invoices")
    states = Charge.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["not_sent", "not_sent", "paid"]
    assert braintree.charged_to(user).total == Decimal("20.00")


@pytest.mark.tampers
def test_a_payment_that_comes_in_after_the_charge_was_given_up_is_kept_in_words(claimed, caplog):
    Charge.objects.filter(pk=claimed.pk).update(state="not_sent", ended_at=timezone.now())
    late = Outcome(
        ending=Ending.PAID, transaction_id="late", order_id=claimed.order_id, amount=claimed.amount
    )
    assert record([(claimed, late)]) == [Wait.AT_WORK_ELSEWHERE]
    assert "late" in Charge.objects.get(pk=claimed.pk).message
    assert "then paid" in caplog.text


def test_a_merchant_without_keys_is_charged_without_and_a_doubt_is_resolved_by_search(user, braintree):
    with at("2026-10-01"):
        with (
            braintree.fault("code", code="915231", times=1, **SALES),
            braintree.fault("timeout", when="after", nth=2, **SALES),
        ):
            assert "1 uncertain" in run_failing("dispatch_invoices")
        assert not Charge.objects.get().keyed
    with at("2026-10-01 13:00"):
        assert "1 paid" in run("dispatch_invoices")
    assert braintree.charged_to(user).total == Decimal("20.00")


def test_without_a_key_nothing_is_sent_again_on_an_empty_search(user, braintree):
    with (
        at("2026-10-01"),
        braintree.fault("code", code="915231", times=1, **SALES),
        braintree.fault("timeout", when="before", nth=2, **SALES),
    ):
        run_failing("dispatch_invoices")
    with at("2026-10-01 13:00"):
        assert "1 uncertain" in run_failing("dispatch_invoices")
    with at("2026-10-03"):
        assert "1 paid" in run("dispatch_invoices")
    assert braintree.charged_to(user).total == Decimal("20.00")


def test_an_invoice_whose_retry_days_are_used_up_does_not_keep_the_later_ones_waiting(settings):
    declare(settings, product("PLAN"), product("SOFT", flat_rate="1000.50"), RETRY_DAYS=(1,))
    with at("2026-09-10"):
        user = an_owner("SOFT", card=GOOD_CARD)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-10-02"):
        run("dispatch_invoices")
        activate_account(user)
        remove_product_from_account("SOFT", user)
        add_product_to_account("PLAN", user)
    with at("2026-11-01"):
        turn_the_month()
    assert [(one.period, one.paid) for one in invoices_of(user)] == [
        (202610, False),
        (202611, True),
        (202612, False),
    ]


def test_a_later_invoice_with_an_unknown_outcome_is_resolved_before_the_earlier_one(settings, braintree):
    declare(settings, product("SOFT", flat_rate="1000.50"))
    with at("2026-09-10"):
        user = an_owner("SOFT", card=GOOD_CARD)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-11-01"):
        turn_the_month()
    november = invoice_of(user, 202611)
    with at("2026-11-02"), braintree.fault("timeout", when="after", **SALES):
        november.send_payment(force=True)
    with at("2026-11-03"):
        run("dispatch_invoices")
    assert invoice_of(user, 202611).paid


def test_a_hard_decline_holds_for_the_card_on_every_invoice(settings, braintree):
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        braintree.declining_card(user, code=2004)
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-11-01"):
        assert "2 left alone (2 hard decline on this card)" in run("dispatch_invoices")
    assert Charge.objects.count() == 1


def test_a_card_that_cannot_be_deleted_stops_nothing(user, braintree):
    with braintree.fault("status", status=500, verb="DELETE", path="/payment_methods/*"):
        save_card(user, GOOD_CARD)
        with at("2026-10-01"):
            assert "1 paid" in run("dispatch_invoices")
    with at("2026-10-02"):
        run("dispatch_invoices")
    assert set(user.genbilling_account.cards.values_list("state", flat=True)) == {"current", "gone"}


def test_a_card_that_was_given_up_while_it_was_saved_does_not_become_current(braintree, monkeypatch):
    user = an_owner(card=GOOD_CARD)
    before = cards.current_card(user.genbilling_account)
    vault = PaymentService.store_card

    def slowly(service, *arguments, **more):
        vaulted = vault(service, *arguments, **more)
        with at("2099-01-01"):
            cards.take_out_of_vault(service)
        return vaulted

    # The real call, with a sweep of another process in the middle of it.
    monkeypatch.setattr(PaymentService, "store_card", slowly)
    with pytest.raises(GatewayUncertain, match="save it again"):
        save_card(user, GOOD_CARD)
    assert cards.current_card(user.genbilling_account) == before
    assert Card.objects.filter(state=Card.State.GONE).count() == 1


def failing_statement(account, invoice):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nonesuch FROM genbilling_account")


def test_a_statement_that_fails_in_a_handler_stops_that_account_alone(settings):
    declare(settings, product("BAD", bill=failing_statement), product("PLAN"))
    with at("2026-09-10"):
        an_owner("BAD", card=GOOD_CARD)
        good = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        said = run_failing("dispatch_invoices")
    assert "1 errors" in said
    assert "The run was stopped" not in said
    assert invoice_of(good, 202610).paid


def exiting(account, invoice):
    raise SystemExit(1)


def test_a_handler_that_calls_for_the_end_of_the_process_stops_that_account_alone(settings):
    declare(settings, product("BAD", bill=exiting), product("PLAN"))
    with at("2026-09-10"):
        bad, good = an_owner("BAD", card=GOOD_CARD), an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        said = run_failing("dispatch_invoices")
    assert f"account {bad.genbilling_account.pk}: HandlerError: The 'bill' handler of product 'BAD'" in said
    assert not invoice_of(bad, 202610).closed
    assert invoice_of(good, 202610).paid


def test_an_unknown_merchant_account_stops_the_run_and_fails_no_invoice(user, settings):
    settings.GENBILLING = {**settings.GENBILLING, "MERCHANT_ACCOUNT_ID": "nonesuch"}
    with at("2026-10-01"), hearing() as heard:
        assert "Check GENBILLING['MERCHANT_ACCOUNT_ID']" in run_failing("dispatch_invoices")
    assert not invoice_of(user, 202610).failed
    assert heard == []


@pytest.mark.parametrize("parts", [("0.10", "0.20", "-0.30"), ("10.10", "20.20", "-30.30")])
def test_cents_that_come_to_nothing_are_settled_at_zero(parts):
    with at("2026-09-10"):
        user = an_owner(card=GOOD_CARD)
        invoice = Invoice.objects.create(account=user.genbilling_account, period=202610)
        for part in parts:
            InvoiceItem(invoice=invoice, description="Part", amount=part).save()
    with at("2026-10-01"):
        run("dispatch_invoices")
    invoice.refresh_from_db()
    assert (invoice.total, invoice.paid, Charge.objects.count()) == (Decimal("0.00"), True, 0)
    assert len(invoices_of(user)) == 1


def test_a_credit_left_on_a_cancelled_account_stays_where_it_is_however_late_and_often_it_runs():
    with at("2026-09-10"):
        user = an_owner(card=GOOD_CARD)
        credit(user, "5.00", 202610)
        cancel_account(user)
    with at("2026-12-03"):
        run("dispatch_invoices")
        assert "nothing to do" in run("dispatch_invoices")
    assert [(one.period, one.closed, amounts(one)) for one in invoices_of(user)] == [
        (202610, False, [Decimal("-5.00")]),
    ]


def test_a_related_manager_does_not_get_an_item_onto_a_closed_invoice(user):
    with at("2026-10-01"):
        run("dispatch_invoices")
    credited = credit(user, "1.00", 202611)
    with pytest.raises(InvoiceClosed):
        invoice_of(user, 202610).related_items.add(credited.related_items.get())
    assert len(amounts(invoice_of(user, 202610))) == 2


def test_a_new_trigger_alerts_from_the_next_period_on(settings, django_capture_on_commit_callbacks):
    declare(settings, product("PLAN", trigger=10))
    with at("2026-10-05"):
        user = an_owner("PLAN")
        declare(settings, product("PLAN", trigger=90))
        update_product_terms("PLAN", user)
        with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
            use_product("PLAN", user, 11)
        assert heard == []
    with at("2026-11-05"), hearing() as heard, django_capture_on_commit_callbacks(execute=True):
        Product.objects.update(used=0)
        use_product("PLAN", user, 11)
    assert [said["remaining"] for said in heard.named("low_capacity")] == [89]


def forgets_to_return(account, amount=1):
    account.get_product_by_name("PLAN").spend_amount(amount)


def test_units_are_given_back_when_a_handler_returns_nonsense(settings):
    declare(settings, product("PLAN", use=forgets_to_return))
    user = an_owner("PLAN")
    with pytest.raises(HandlerError):
        use_product("PLAN", user, 5)
    assert Product.objects.get().used == 0


def test_an_invoice_refused_since_this_run_began_is_not_tried_again_by_it(user, braintree):
    braintree.declining_card(user, code=2001)
    with at("2026-10-01"):
        run("dispatch_invoices")
    # A run that began before that one's refusal, and comes to the account after it.
    began = Charge.objects.get().ended_at - timedelta(seconds=1)
    with at("2026-10-01 12:01"):
        claims = claim({user.genbilling_account.pk: 0}, 202610, dispatch_policy(began))
    assert [wait for _, wait in claims.left] == [Wait.TRIED_IN_THIS_RUN]
    assert Charge.objects.count() == 1
