"""Charging: paid, refused, no card, several unpaid invoices on one bad card; and the signals."""

from decimal import Decimal

import pytest
from braintree.test.nonces import Nonces

from genbilling.exceptions import InvoiceNotClosed
from genbilling.interface import add_step_to_product, cancel_account, remove_card, save_card
from genbilling.models import Charge, Invoice, InvoiceItem
from genbilling.signals import credit_card_error
from tests.factories import (
    GOOD_CARD,
    an_owner,
    at,
    credit,
    declare,
    hearing,
    invoice_of,
    invoices_of,
    product,
    run,
    turn_the_month,
)

pytestmark = pytest.mark.django_db

SOFT, HARD = "2001.00", "2004.00"


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"), product("SOFT", flat_rate=SOFT), product("HARD", flat_rate=HARD))


def an_owner_with_a_failed_invoice(name, card=GOOD_CARD):
    """An owner of product `name` whose invoice of October was refused on the first."""
    with at("2026-09-10"):
        user = an_owner(name, card=card)
        # September is given away, so that October's bill is the amount that declines.
        credit(user, InvoiceItem.objects.get().amount, 202610)
        run("create_invoices")
    with at("2026-10-01"):
        turn_the_month()
    assert invoice_of(user, 202610).failed
    return user


def test_a_good_card_pays_and_the_project_hears_of_it():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"), hearing() as heard:
        summary = run("dispatch_invoices")
    october = invoice_of(user, 202610)
    assert (october.closed, october.sent, october.paid, october.failed) == (True, True, True, False)
    assert [(name, said["invoice"], said["owner"]) for name, said in heard] == [
        ("invoice_sent", october, user)
    ]
    assert "1 paid (20.00)" in summary
    charge = october.paying_charge
    assert (charge.amount, charge.status, charge.response_code, charge.response_text) == (
        Decimal("20.00"),
        "submitted_for_settlement",
        "1000",
        "Approved",
    )


def test_a_charge_carries_the_documented_fields():
    with hearing() as heard:
        user = an_owner_with_a_failed_invoice("SOFT")
    [said] = heard.named("credit_card_error")
    charge = said["charge"]
    assert said["invoice"] == invoice_of(user, 202610)
    assert said["owner"] == user
    assert charge.amount == Decimal(SOFT)
    assert charge.result.is_success is False
    assert charge.status == charge.result.transaction.status == "processor_declined"
    assert charge.response_code == charge.result.transaction.processor_response_code == "2001"
    assert charge.response_text == charge.result.transaction.processor_response_text == "Insufficient Funds"
    assert charge.reject_reason == ""
    assert charge.message == charge.result.message
    assert Charge.objects.get(pk=charge.pk).result is None


def test_a_gateway_rejection_says_why(settings):
    declare(settings, product("PLAN", flat_rate="5001.00"))
    with hearing() as heard:
        an_owner_with_a_failed_invoice("PLAN")
    [said] = heard.named("credit_card_error")
    assert (said["charge"].status, said["charge"].reject_reason) == (
        "gateway_rejected",
        "application_incomplete",
    )


def test_an_owner_without_a_card_is_signalled_without_a_charge():
    with hearing() as heard:
        user = an_owner_with_a_failed_invoice("PLAN", card=None)
    assert [said["charge"] for said in heard.named("credit_card_error")] == [None]
    with at("2026-10-02"), hearing() as heard:
        assert "1 without a card" in run("dispatch_invoices")
    assert [said["charge"] for said in heard.named("credit_card_error")] == [None]
    with at("2026-10-03"), hearing() as heard:
        save_card(user, GOOD_CARD)
        run("dispatch_invoices")
    assert [name for name, said in heard] == ["invoice_sent"]
    assert invoice_of(user, 202610).paid


def test_a_soft_decline_is_tried_again_by_every_dispatch():
    user = an_owner_with_a_failed_invoice("SOFT")
    with at("2026-10-02"):
        assert "1 refused" in run("dispatch_invoices")
    assert invoice_of(user, 202610).charges.count() == 2


def test_a_hard_decline_is_not_sent_again_until_the_card_changes():
    user = an_owner_with_a_failed_invoice("HARD")
    with at("2026-10-02"):
        assert "1 left alone (1 hard decline on this card)" in run("dispatch_invoices")
        assert invoice_of(user, 202610).charges.count() == 1
        save_card(user, Nonces.TransactableMasterCard)
        assert "1 refused" in run("dispatch_invoices")


def test_a_card_is_not_tried_more_often_than_the_network_allows(settings):
    user = an_owner_with_a_failed_invoice("SOFT")
    for day in range(2, 20):
        with at(f"2026-10-{day:02}"):
            summary = run("dispatch_invoices")
    assert invoice_of(user, 202610).charges.count() == 15
    assert "1 left alone (1 card network's limit of tries reached)" in summary
    with at("2026-11-05"):
        run("dispatch_invoices", period=202610)
    assert invoice_of(user, 202610).charges.count() == 16


def test_after_one_refusal_the_other_invoices_of_the_account_wait():
    user = an_owner_with_a_failed_invoice("SOFT")
    with at("2026-11-01"):
        add_step_to_product("SOFT", user)
        turn_the_month()
    with at("2026-12-01"):
        summary = run("dispatch_invoices")
    assert "1 closed" in summary
    assert "1 refused" in summary
    assert [invoice.charges.count() for invoice in invoices_of(user)[:3]] == [3, 0, 0]
    assert all(invoice.closed for invoice in invoices_of(user)[:3])


def test_several_unpaid_invoices_are_paid_in_the_order_of_their_periods_by_a_new_card(settings):
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        remove_card(user)
    for day in ("2026-10-01", "2026-11-01", "2026-12-01"):
        with at(day):
            turn_the_month()
    with at("2026-12-02"), hearing() as heard:
        save_card(user, GOOD_CARD)
        assert "3 paid (40.00)" in run("dispatch_invoices")
    assert [said["invoice"].period for said in heard.named("invoice_sent")] == [202610, 202611, 202612]


def test_an_unpaid_invoice_of_a_cancelled_account_is_still_charged():
    user = an_owner_with_a_failed_invoice("PLAN", card=None)
    with at("2026-10-05"):
        save_card(user, GOOD_CARD)
        cancel_account(user)
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paid


def test_send_payment_in_the_receiver_of_credit_card_error_cannot_loop():
    calls = []

    def receiver(invoice, charge, owner, **kwargs):
        calls.append(invoice.send_payment())

    credit_card_error.connect(receiver)
    try:
        user = an_owner_with_a_failed_invoice("SOFT")
        assert calls == [None]
        with at("2026-10-02"):
            run("dispatch_invoices")
        assert calls == [None, None]
    finally:
        credit_card_error.disconnect(receiver)
    assert invoice_of(user, 202610).charges.count() == 2


def test_send_payment_for_want_of_a_card_cannot_loop_either():
    calls = []

    def receiver(invoice, charge, owner, **kwargs):
        calls.append(invoice.send_payment())

    credit_card_error.connect(receiver)
    try:
        an_owner_with_a_failed_invoice("PLAN", card=None)
    finally:
        credit_card_error.disconnect(receiver)
    assert calls == [None]


def test_send_payment_charges_now_and_returns_the_charge():
    user = an_owner_with_a_failed_invoice("SOFT")
    invoice = invoice_of(user, 202610)
    with at("2026-10-01 12:30"):
        assert invoice.send_payment() is None, "refused within the hour"
        assert invoice.send_payment(force=True).response_code == "2001"
    with at("2026-10-01 13:45"):
        assert invoice.send_payment().response_code == "2001"
    with at("2026-10-01 13:50"):
        save_card(user, GOOD_CARD)
        assert invoice.send_payment().response_code == "2001", "another card may be tried at once"
    assert invoice.failed


def test_send_payment_of_a_paid_invoice_returns_the_charge_that_paid_it():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        run("dispatch_invoices")
        invoice = invoice_of(user, 202610)
        assert invoice.send_payment() == invoice.paying_charge
        assert invoice.charges.count() == 1


def test_send_payment_leaves_a_later_invoice_until_the_earlier_one_is_settled():
    user = an_owner_with_a_failed_invoice("SOFT")
    with at("2026-11-01"):
        turn_the_month()
        assert invoice_of(user, 202611).send_payment() is None
    assert invoice_of(user, 202611).charges.count() == 0


def test_an_open_invoice_cannot_be_charged():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with pytest.raises(InvoiceNotClosed, match="dispatch_invoices closes it"):
        invoice_of(user, 202610).send_payment()


def test_a_receiver_that_raises_stops_nothing():
    def receiver(**kwargs):
        raise RuntimeError("the mail server is down")

    credit_card_error.connect(receiver)
    try:
        user = an_owner_with_a_failed_invoice("SOFT")
    finally:
        credit_card_error.disconnect(receiver)
    assert invoice_of(user, 202610).charges.get().signalled_at is not None


def test_a_signal_that_did_not_go_out_is_made_good_by_a_later_run():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01 02:00"):
        run("dispatch_invoices")
    Charge.objects.update(signalled_at=None)
    with at("2026-10-01 02:05"), hearing() as heard:
        run("dispatch_invoices")
    assert heard == [], "its own process may still be at it"
    with at("2026-10-01 02:15"), hearing() as heard:
        assert "1 signal made good" in run("dispatch_invoices")
    assert [(name, said["owner"]) for name, said in heard] == [("invoice_sent", user)]
    with at("2026-10-01 02:30"), hearing() as heard:
        run("dispatch_invoices")
    assert heard == []


def test_retry_days_say_when_a_failed_invoice_is_tried_again(settings):
    declare(settings, product("SOFT", flat_rate=SOFT), RETRY_DAYS=(1, 3, 7))
    user = an_owner_with_a_failed_invoice("SOFT")
    tried = []
    for day in range(1, 15):
        with at(f"2026-10-{day:02} 18:00"):
            before = Charge.objects.count()
            run("dispatch_invoices")
            tried += [day] * (Charge.objects.count() - before)
    assert tried == [2, 4, 8]
    with at("2026-10-20"):
        save_card(user, GOOD_CARD)
        assert "1 refused" in run("dispatch_invoices"), "a new card makes it due at once"


def test_a_missed_retry_day_is_made_up_for(settings):
    declare(settings, product("SOFT", flat_rate=SOFT), RETRY_DAYS=(1, 3, 7))
    an_owner_with_a_failed_invoice("SOFT")
    with at("2026-10-06"):
        assert "1 refused" in run("dispatch_invoices")
    with at("2026-10-07"):
        assert "1 not a retry day" in run("dispatch_invoices")


def test_a_dry_run_tells_what_would_be_done_and_does_nothing():
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        an_owner("PLAN")
    with at("2026-10-01"):
        before = list(Invoice.objects.values())
        summary = run("dispatch_invoices", dry_run=True)
        assert list(Invoice.objects.values()) == before
        assert Charge.objects.count() == 0
        assert "2 closed (billed 40.00)" in summary
        assert "1 to charge (20.00)" in summary
        assert "1 without a card" in summary
        assert "2 closed (billed 40.00)" in run("dispatch_invoices")
    assert invoice_of(user, 202610).number == 1
