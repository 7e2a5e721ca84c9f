"""In which order the invoices of an account are tried, and which of them hold back the others."""

from itertools import pairwise

import pytest

from genbilling.interface import activate_account, remove_card, save_card
from genbilling.models import Card, Charge
from genbilling.services import locks
from genbilling.services.billing import close_due
from genbilling.services.billing.claims import claim
from genbilling.services.reports import DispatchReport
from tests.factories import (
    GOOD_CARD,
    an_owner,
    at,
    declare,
    hearing,
    invoice_of,
    product,
    run,
    run_failing,
    turn_the_month,
)
from tests.scenarios.calls import SALES

pytestmark = pytest.mark.django_db

OCTOBER, NOVEMBER, DECEMBER = 202610, 202611, 202612


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"), RETRY_DAYS=(5, 90))


def tried():
    """The periods of the invoices that were tried, in the order of their tries, and what came of each."""
    charges = Charge.objects.order_by("created_at", "pk")
    return [(charge.invoice.period, str(charge.state)) for charge in charges]


@pytest.fixture
def failed(user, braintree):
    """October was refused on the thirtieth: tried again five days later. Every sale is declined."""
    braintree.declining_card(user)
    with at("2026-10-30"):
        turn_the_month()
    assert tried() == [(OCTOBER, "refused")]
    return user


def test_an_earlier_invoice_with_a_try_still_to_come_holds_back_the_later_ones(failed):
    with at("2026-11-02"):
        assert "1 left alone (1 not a retry day)" in run("dispatch_invoices")
    assert invoice_of(failed, NOVEMBER).closed
    assert tried() == [(OCTOBER, "refused")]
    with at("2026-11-04"):
        run("dispatch_invoices")
    assert tried() == [(OCTOBER, "refused"), (OCTOBER, "refused")], "its day has come"


@pytest.mark.parametrize("wait", ["limit", "gone", "declined", "authenticate"])
def test_one_that_waits_for_a_limit_or_a_new_card_does_not(settings, failed, braintree, wait):
    if wait == "limit":
        declare(settings, product("PLAN"), RETRY_DAYS=(5, 90), MAX_TRIES=1)
    else:
        block = {"gone": "not_in_vault", "declined": "hard_decline", "authenticate": "authentication"}[wait]
        Card.objects.update(block=block)
    with at("2026-11-02"):
        summary = run("dispatch_invoices")
    later = [(NOVEMBER, "refused")] if wait == "limit" else []
    assert tried() == [(OCTOBER, "refused"), *later], "the block is the card's, the limit the invoice's"
    assert f"{2 - len(later)} left alone" in summary, "the later one was looked at"


def test_one_that_will_not_be_tried_any_more_does_not(settings, failed):
    declare(settings, product("PLAN"), RETRY_DAYS=(1,))
    with at("2026-10-31"):
        run("dispatch_invoices")
        activate_account(failed)
    with at("2026-11-02"):
        assert "1 left alone (1 no retry day left)" in run("dispatch_invoices")
    assert tried() == [(OCTOBER, "refused"), (OCTOBER, "refused"), (NOVEMBER, "refused")]


def test_after_one_refusal_the_others_wait_for_the_next_run(user, braintree):
    declining = braintree.decline(braintree.good_card(user))
    with at("2026-12-01 02:00"), hearing() as heard:
        assert "3 closed" in run("dispatch_invoices")
    assert tried() == [(OCTOBER, "refused")]
    assert [name for name, _ in heard] == ["credit_card_error"]
    declining.remove()
    with at("2026-12-06"):
        assert "3 paid (40.00)" in run("dispatch_invoices")
    assert tried()[1:] == [(OCTOBER, "paid"), (NOVEMBER, "paid"), (DECEMBER, "paid")]


def test_for_want_of_a_card_the_others_wait_too(user):
    with at("2026-09-20"):
        remove_card(user)
    with at("2026-12-01"), hearing() as heard:
        assert "1 without a card" in run("dispatch_invoices")
    assert [said["invoice"].period for said in heard.named("credit_card_error")] == [OCTOBER]


def test_a_refusal_in_the_middle_stops_there(user, braintree):
    with braintree.fault("decline", code="2001", nth=2, **SALES), at("2026-12-01"):
        assert "1 paid (20.00), 1 refused" in run("dispatch_invoices")
    assert tried() == [(OCTOBER, "paid"), (NOVEMBER, "refused")]


@pytest.mark.parametrize("in_flight", [1, 8])
def test_due_invoices_are_paid_in_the_order_of_their_periods_one_at_a_time(plan, braintree, in_flight):
    with at("2026-09-10"):
        users = [an_owner("PLAN", card=GOOD_CARD) for _ in range(3)]
    with at("2026-12-01"), hearing() as heard:
        assert "9 paid (120.00)" in run("dispatch_invoices", in_flight=in_flight)
    for user in users:
        charges = list(Charge.objects.filter(invoice__account__owner=user).order_by("created_at"))
        assert [charge.invoice.period for charge in charges] == [OCTOBER, NOVEMBER, DECEMBER]
        for earlier, later in pairwise(charges):
            assert earlier.ended_at <= later.created_at
        told = [said["invoice"].period for said in heard.named("invoice_sent") if said["owner"] == user]
        assert told == [OCTOBER, NOVEMBER, DECEMBER]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_pending_one_comes_first_whatever_its_period(settings, user, braintree, when):
    settings.GENBILLING = {**settings.GENBILLING, "RETRY_DAYS": None}
    declining = braintree.decline(braintree.good_card(user))
    with at("2026-11-01"):
        turn_the_month()
    declining.remove()
    with at("2026-11-02"), braintree.fault("timeout", when=when, **SALES):
        invoice_of(user, NOVEMBER).send_payment(force=True)
    assert tried() == [(OCTOBER, "refused"), (NOVEMBER, "pending")]
    with at("2026-11-03"), hearing() as heard:
        run("dispatch_invoices")
    assert tried() == [(OCTOBER, "refused"), (NOVEMBER, "paid"), (OCTOBER, "paid")]
    assert [said["invoice"].period for said in heard.named("invoice_sent")] == [NOVEMBER, OCTOBER]


def test_by_hand_an_earlier_invoice_comes_first_too(failed):
    with at("2026-11-02"):
        run("dispatch_invoices")
        save_card(failed, GOOD_CARD)
        assert invoice_of(failed, NOVEMBER).send_payment() is None
        assert invoice_of(failed, OCTOBER).send_payment().state == "paid"
        assert invoice_of(failed, NOVEMBER).send_payment().state == "paid"


def test_one_that_somebody_else_has_under_way_holds_back_the_earlier_one(user, monkeypatch):
    monkeypatch.setattr(locks, "LAST_PASS_SECONDS", 0.1)
    key = user.genbilling_account.pk
    close_due(NOVEMBER, DispatchReport())
    with at("2026-11-02 12:00"):
        claimed = claim({key: NOVEMBER}, NOVEMBER, lambda standing, invoice, now: None)
    assert [charge.invoice.period for charge in claimed.to_send] == [NOVEMBER]
    with at("2026-11-02 12:01"):
        assert f"account {key}: not worked" in run_failing("dispatch_invoices")
    assert tried() == [(NOVEMBER, "pending")]
