from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from braintree import ErrorCodes, TransactionSearch

from genbilling.sandbox import Sandbox, passing

from .connections import embedded_gateway
from .factories import errors_of, sell, settled_sale, submitted_sale, succeed
from .test_merchants import RULES

EVENING = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 31, tzinfo=UTC).replace(tzinfo=None)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Clock:
    def __init__(self):
        self.time = EVENING

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sandbox(books, clock):
    with Sandbox(books, now=clock) as sandbox:
        yield sandbox


@pytest.fixture
def gateway(sandbox):
    return embedded_gateway(sandbox)


def history(transaction):
    return [(event.status, event.timestamp) for event in transaction.status_history]


def test_what_was_submitted_settles_when_the_day_turns(gateway, clock):
    sale = submitted_sale(gateway)
    clock.time = EVENING + timedelta(minutes=29)
    assert gateway.transaction.find(sale.id).status == "submitted_for_settlement"
    clock.time = EVENING + HOUR
    found = gateway.transaction.find(sale.id)
    assert found.status == "settled"
    assert history(found)[-3:] == [
        ("submitted_for_settlement", EVENING.replace(tzinfo=None)),
        ("settling", MIDNIGHT),
        ("settled", MIDNIGHT),
    ]
    assert found.updated_at == MIDNIGHT
    assert found.settlement_batch_id.startswith("2026-01-31_sandbox_credit_card")
    assert (found.processor_settlement_response_code, found.processor_settlement_response_text) == (
        "4000",
        "Confirmed",
    )
    assert not found.is_disbursed
    succeed(gateway.transaction.refund(sale.id))


def test_a_search_sees_what_has_settled_in_the_meantime(gateway, clock):
    sale, other = submitted_sale(gateway), sell(gateway)
    clock.time = EVENING + HOUR
    assert gateway.transaction.search(TransactionSearch.status == "settled").ids == [sale.id]
    settled_at = TransactionSearch.settled_at.between(MIDNIGHT, MIDNIGHT)
    assert gateway.transaction.search(settled_at).ids == [sale.id]
    assert gateway.transaction.find(other.id).status == "authorized"


def test_refunds_and_parts_settle_too_but_not_what_waits(gateway, clock):
    refund = succeed(gateway.transaction.refund(settled_sale(gateway).id)).transaction
    sale = sell(gateway, "10.00")
    part = succeed(gateway.transaction.submit_for_partial_settlement(sale.id, "4.00")).transaction
    pending = submitted_sale(gateway)
    gateway.testing.settlement_pending_transaction(pending.id)
    clock.time = EVENING + HOUR
    for transaction, status in (
        (refund, "settled"),
        (part, "settled"),
        (sale, "settlement_pending"),
        (pending, "settlement_pending"),
    ):
        assert gateway.transaction.find(transaction.id).status == status


def test_what_has_settled_is_paid_out_a_day_later(gateway, clock):
    sale = submitted_sale(gateway, "12.50")
    clock.time = EVENING + HOUR + DAY
    found = gateway.transaction.find(sale.id)
    details = found.disbursement_details
    assert found.is_disbursed
    assert details.disbursement_date == date(2026, 2, 1)
    assert (details.settlement_amount, details.settlement_currency_iso_code) == (Decimal("12.50"), "USD")
    assert details.settlement_currency_exchange_rate == Decimal("1")
    assert (details.success, details.funds_held) == (True, False)
    term = TransactionSearch.disbursement_date
    paid_out = datetime(2026, 2, 1, 15, tzinfo=UTC)
    for found in (term == paid_out, term >= paid_out, term <= paid_out, term.between(MIDNIGHT, paid_out)):
        assert gateway.transaction.search(found).ids == [sale.id]
    assert gateway.transaction.search(term <= MIDNIGHT).ids == []
    other = sell(gateway)
    assert gateway.transaction.search(term == None).ids == [other.id]  # noqa: E711 (SDK)


def test_an_authorization_expires_after_a_week(gateway, clock):
    sale = sell(gateway)
    assert sale.authorization_expires_at == EVENING.replace(tzinfo=None) + 7 * DAY
    clock.time = EVENING + 7 * DAY - timedelta(seconds=1)
    assert gateway.transaction.find(sale.id).status == "authorized"
    clock.time += timedelta(seconds=1)
    expired = gateway.transaction.find(sale.id)
    assert history(expired)[-1] == ("authorization_expired", sale.authorization_expires_at)
    since = TransactionSearch.authorization_expired_at >= EVENING
    assert gateway.transaction.search(since).ids == [sale.id]
    result = gateway.transaction.submit_for_settlement(sale.id)
    code = ErrorCodes.Transaction.CannotSubmitForSettlement
    assert errors_of(result) == [("transaction", "base", code)]


def test_settlement_can_be_told_to_happen(sandbox, gateway, clock):
    first, second, untouched = submitted_sale(gateway), submitted_sale(gateway), sell(gateway)
    elsewhere = embedded_gateway(sandbox, **RULES)
    other = submitted_sale(elsewhere)
    clock.time += timedelta(minutes=5)
    assert sandbox.settle() == 3
    now = clock.time.replace(tzinfo=None)
    assert history(gateway.transaction.find(first.id))[-2:] == [("settling", now), ("settled", now)]
    assert gateway.transaction.find(second.id).status == "settled"
    assert elsewhere.transaction.find(other.id).status == "settled"
    assert gateway.transaction.find(untouched.id).status == "authorized"
    assert sandbox.settle() == 0


def test_time_can_be_kept_from_doing_anything(books, clock):
    with Sandbox(books, settles_daily=False, now=clock) as sandbox:
        gateway = embedded_gateway(sandbox)
        submitted, authorized = submitted_sale(gateway), sell(gateway)
        clock.time += 30 * DAY
        assert gateway.transaction.find(submitted.id).status == "submitted_for_settlement"
        assert gateway.transaction.find(authorized.id).status == "authorized"
        sandbox.settle()
        assert gateway.transaction.find(submitted.id).status == "settled"


def test_much_that_is_due_is_done_a_batch_at_a_time_and_what_is_asked_for_first(gateway, clock, monkeypatch):
    monkeypatch.setattr(passing, "BATCH", 2)
    sales = [submitted_sale(gateway) for _ in range(7)]
    clock.time = EVENING + HOUR
    assert gateway.transaction.find(sales[-1].id).status == "settled"

    def settled():
        return len(gateway.transaction.search(TransactionSearch.status == "settled").ids)

    found = settled()
    assert 3 <= found < 7
    while found < 7:
        found, before = settled(), found
        assert found > before


def test_settling_on_command_does_everything_however_much_it_is(sandbox, gateway, monkeypatch):
    monkeypatch.setattr(passing, "BATCH", 2)
    for _ in range(5):
        submitted_sale(gateway)
    assert sandbox.settle() == 5


def test_the_work_of_a_month_that_nobody_looked_at_is_done_in_order(gateway, clock):
    sale, authorized = submitted_sale(gateway), sell(gateway)
    clock.time = EVENING + 30 * DAY
    found = gateway.transaction.find(sale.id)
    assert found.disbursement_details.disbursement_date == date(2026, 2, 1)
    assert history(found)[-1] == ("settled", MIDNIGHT)
    assert gateway.transaction.find(authorized.id).status == "authorization_expired"
