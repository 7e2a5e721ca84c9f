from datetime import UTC, datetime, timedelta, timezone

from braintree import ErrorCodes, TransactionSearch

from genbilling.sandbox import Sandbox

from .connections import embedded_gateway
from .factories import errors_of, make_card, make_numbered_card, sell, settled_sale, try_sale

START = datetime(2026, 1, 31, 12, 30, 15, 999999, tzinfo=UTC)
# As the SDK gives times: naive, in UTC and in whole seconds.
START_IN_THE_SDK = START.replace(tzinfo=None, microsecond=0)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, time=START):
        self.time = time

    def __call__(self):
        return self.time


def test_the_sandbox_goes_by_the_clock_it_is_given(books):
    clock = Clock()
    with Sandbox(books, now=clock) as sandbox:
        gateway = embedded_gateway(sandbox)
        sale = sell(gateway)
        assert sale.created_at == START_IN_THE_SDK
        assert sale.authorization_expires_at == START_IN_THE_SDK + timedelta(days=7)
        clock.time = START + timedelta(days=1)
        gateway.transaction.void(sale.id)
        found = gateway.transaction.find(sale.id)
        assert (found.updated_at - found.created_at).days == 1
        assert [event.timestamp.day for event in found.status_history] == [31, 1]
        searched = gateway.transaction.search(
            TransactionSearch.voided_at >= START + timedelta(hours=1),
            TransactionSearch.created_at <= START,
        )
        assert searched.ids == [sale.id]


def test_a_clock_may_be_naive_or_in_another_zone(books):
    for time in (START.replace(tzinfo=None), START.astimezone(timezone(timedelta(hours=5)))):
        with Sandbox(books, now=Clock(time)) as sandbox:
            assert sell(embedded_gateway(sandbox)).created_at == START_IN_THE_SDK


def test_a_key_is_forgotten_after_30_days(books):
    clock = Clock()
    with Sandbox(books, now=clock) as sandbox:
        gateway = embedded_gateway(sandbox)
        first = sell(gateway, api_request_key="key")
        clock.time = START + timedelta(days=30)
        assert sell(gateway, api_request_key="key").id == first.id
        clock.time = START + timedelta(days=30, seconds=1)
        second = sell(gateway, api_request_key="key")
        assert second.id != first.id
        assert sell(gateway, api_request_key="key").id == second.id


def test_a_nonce_of_a_card_in_the_vault_lives_for_a_day(books):
    clock = Clock()
    with Sandbox(books, now=clock) as sandbox:
        gateway = embedded_gateway(sandbox)
        card = make_card(gateway)
        nonce = gateway.payment_method_nonce.create(card.token).payment_method_nonce.nonce
        clock.time = START + timedelta(hours=24, seconds=1)
        code = ErrorCodes.Transaction.PaymentMethodNonceUnknown
        result = try_sale(gateway, payment_method_nonce=nonce)
        assert errors_of(result) == [("transaction", "payment_method_nonce", code)]


def test_a_card_expires_at_the_end_of_its_month(books):
    clock = Clock()
    with Sandbox(books, now=clock) as sandbox:
        gateway = embedded_gateway(sandbox)
        token = make_numbered_card(gateway, expiration_date="01/2026").token
        assert not gateway.payment_method.find(token).is_expired
        clock.time = START + timedelta(days=1)
        assert gateway.payment_method.find(token).is_expired


def test_a_settlement_batch_bears_the_day(books):
    with Sandbox(books, now=Clock()) as sandbox:
        batch = settled_sale(embedded_gateway(sandbox)).settlement_batch_id
        assert batch.startswith("2026-01-31_sandbox_credit_card_")
