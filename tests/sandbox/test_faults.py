"""What rules do, on either transport: the same to the letter, as far as a client can see."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.parsers.expat import ExpatError

import pytest
from braintree import TransactionSearch as Search
from braintree.exceptions.authentication_error import AuthenticationError
from braintree.exceptions.authorization_error import AuthorizationError
from braintree.exceptions.gateway_timeout_error import GatewayTimeoutError
from braintree.exceptions.request_timeout_error import RequestTimeoutError
from braintree.exceptions.server_error import ServerError
from braintree.exceptions.service_unavailable_error import ServiceUnavailableError
from braintree.exceptions.too_many_requests_error import TooManyRequestsError
from braintree.exceptions.unexpected_error import UnexpectedError
from requests.exceptions import ChunkedEncodingError, ConnectionError, ReadTimeout

from genbilling.sandbox import Fault, Sandbox
from genbilling.sandbox.fault_book import Faults

from .connections import embedded_gateway
from .factories import (
    errors_of,
    make_card,
    make_customer,
    sell,
    settled_sale,
    submitted_sale,
    try_sale,
    unique,
)

SALES = {"verb": "POST", "path": "/transactions"}


def sales_of(gateway, order):
    return gateway.transaction.search(Search.order_id == order).ids


BROKEN = [
    ("timeout", ReadTimeout),
    ("reset", ConnectionError),
    ("hang-up", ConnectionError),
    ("cut-off", ChunkedEncodingError),
    ("garbage", ExpatError),
]


@pytest.mark.parametrize(("effect", "error"), BROKEN)
def test_an_answer_can_be_lost_before_the_work_is_done(faulty, effect, error):
    order = unique("order")
    with faulty.sandbox.fault(effect, when="before", **SALES), pytest.raises(error):
        try_sale(faulty.gateway, order_id=order)
    assert sales_of(faulty.gateway, order) == []


@pytest.mark.parametrize(("effect", "error"), [*BROKEN, ("truncated", ExpatError)])
def test_an_answer_can_be_lost_after_the_work_is_done(faulty, effect, error):
    order = unique("order")
    with faulty.sandbox.fault(effect, when="after", **SALES), pytest.raises(error):
        try_sale(faulty.gateway, order_id=order, api_request_key=order)
    found = sales_of(faulty.gateway, order)
    assert len(found) == 1
    # Sent again under its key it is the same sale.
    assert sell(faulty.gateway, order_id=order, api_request_key=order).id == found[0]


STATUSES = {
    401: AuthenticationError,
    403: AuthorizationError,
    408: RequestTimeoutError,
    429: TooManyRequestsError,
    500: ServerError,
    502: UnexpectedError,
    503: ServiceUnavailableError,
    504: GatewayTimeoutError,
}


@pytest.mark.parametrize(("status", "error"), STATUSES.items())
@pytest.mark.parametrize("when", ["before", "after"])
def test_any_status_can_be_answered(faulty, status, error, when):
    order = unique("order")
    with faulty.sandbox.fault("status", status=status, when=when, **SALES), pytest.raises(error):
        try_sale(faulty.gateway, order_id=order)
    assert len(sales_of(faulty.gateway, order)) == (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_empty_201_is_no_result_at_all(faulty, when):
    order = unique("order")
    with faulty.sandbox.fault("empty", when=when, **SALES):
        assert try_sale(faulty.gateway, order_id=order) is None
    assert len(sales_of(faulty.gateway, order)) == (when == "after")


@pytest.mark.parametrize("code", ["915230", "915231", "915232", "915233", "915234", "915235"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_each_code_about_an_idempotency_key_can_be_answered(faulty, code, when):
    order = unique("order")
    with faulty.sandbox.fault("code", code=code, when=when, **SALES):
        result = try_sale(faulty.gateway, order_id=order, api_request_key=order)
    assert errors_of(result) == [("transaction", "api_request_key", code)]
    assert result.transaction is None
    assert result.params["transaction"]["order_id"] == order
    assert len(sales_of(faulty.gateway, order)) == (when == "after")


@pytest.mark.parametrize("code", ["915200", "915201", "915282"])
def test_the_other_codes_of_that_family_can_be_answered_too(faulty, code):
    with faulty.sandbox.fault("code", code=code, **SALES):
        result = try_sale(faulty.gateway)
    assert errors_of(result) == [("transaction", "base", code)]
    assert result.message


def test_a_good_card_can_be_declined(faulty):
    card = make_card(faulty.gateway)
    with faulty.sandbox.fault("decline", code="2001", token=card.token):
        result = try_sale(faulty.gateway, "10.00", payment_method_token=card.token)
        assert not result.is_success
        assert result.errors.size == 0
        declined = result.transaction
        assert (declined.status, declined.processor_response_code) == ("processor_declined", "2001")
        assert declined.processor_response_text == result.message == "Insufficient Funds"
        assert declined.amount == Decimal("10.00")
        # The card is charged by its customer, too, and another card is not concerned.
        assert not try_sale(faulty.gateway, customer_id=card.customer_id).is_success
        assert try_sale(faulty.gateway).is_success
    assert faulty.gateway.transaction.find(declined.id).status == "processor_declined"
    assert try_sale(faulty.gateway, payment_method_token=card.token).is_success


def test_a_sale_can_be_rejected_by_the_gateway(faulty):
    with faulty.sandbox.fault("decline", code="fraud"):
        rejected = try_sale(faulty.gateway).transaction
    assert (rejected.status, rejected.gateway_rejection_reason) == ("gateway_rejected", "fraud")


def test_a_refund_is_no_sale_to_decline(faulty):
    sale = settled_sale(faulty.gateway)
    with faulty.sandbox.fault("decline", code="2001") as fault:
        assert faulty.gateway.transaction.refund(sale.id).is_success
        assert fault.matched == 0


def test_an_answer_can_name_another_amount(faulty):
    with faulty.sandbox.fault("amount", amount="99.99", **SALES):
        sale = submitted_sale(faulty.gateway, "10.00")
    assert sale.amount == Decimal("99.99")
    assert faulty.gateway.transaction.find(sale.id).amount == Decimal("10.00")


def test_a_search_may_lag_behind(faulty):
    order = unique("order")
    try:
        with faulty.sandbox.fault("search-lag", seconds=30):
            sale = sell(faulty.gateway, order_id=order)
            assert sales_of(faulty.gateway, order) == []
            assert faulty.gateway.transaction.find(sale.id).id == sale.id
            faulty.sandbox.clock.move(timedelta(seconds=31))
            assert sales_of(faulty.gateway, order) == [sale.id]
    finally:
        faulty.sandbox.clock.reset()


def test_answers_can_be_late(faulty):
    with faulty.sandbox.fault("latency", seconds=0.1, jitter=0.1) as fault:
        began = time.monotonic()
        make_customer(faulty.gateway)
        assert time.monotonic() - began >= 0.1
        assert fault.acted == 1


def customers_made(gateway, count):
    """Try to make customers; return of how many the gateway took, and how many it refused with 429."""
    refused = 0
    for _ in range(count):
        try:
            make_customer(gateway)
        except TooManyRequestsError:
            refused += 1
    return count - refused, refused


def test_requests_above_so_many_in_a_window_are_refused(faulty):
    with faulty.sandbox.fault("limit", requests=2, seconds=3600, verb="POST", path="/customers") as fault:
        assert customers_made(faulty.gateway, 2) == (2, 0)
        assert customers_made(faulty.gateway, 3) == (0, 3)
        assert sell(faulty.gateway), "what the rule is not about is not counted"
        assert (fault.matched, fault.acted) == (5, 3)
    make_customer(faulty.gateway)


def test_a_limit_holds_for_one_second_and_not_for_the_clocks(books):
    """It is the real second, whether the sandbox's clock is moved or stands still."""
    monotonic = [1000.0]
    with Sandbox(books) as sandbox:
        sandbox.faults = Faults(sandbox.store, monotonic=lambda: monotonic[0])
        sandbox.clock.set(datetime(2026, 11, 1, tzinfo=UTC), ticking=False)
        gateway = embedded_gateway(sandbox)
        with sandbox.fault("limit", requests=3) as fault:
            assert customers_made(gateway, 3) == (3, 0)
            monotonic[0] = 1000.99
            sandbox.clock.move(timedelta(days=1))
            assert customers_made(gateway, 2) == (0, 2)
            monotonic[0] = 1001.0
            assert customers_made(gateway, 4) == (3, 1)
            # After a restart of the machine.
            monotonic[0] = 5.0
            assert customers_made(gateway, 4) == (3, 1)
            assert (fault.matched, fault.acted) == (13, 4)


def test_a_limit_counts_the_requests_of_all_threads(faulty):
    with (
        faulty.sandbox.fault("limit", requests=7, seconds=3600),
        ThreadPoolExecutor(4) as threads,
    ):
        made = list(threads.map(lambda _: customers_made(faulty.gateway, 5), range(4)))
    assert tuple(map(sum, zip(*made, strict=True))) == (7, 13)


def test_a_rule_is_about_the_requests_it_names(faulty):
    gateway, order = faulty.gateway, unique("order")
    sale = sell(gateway)
    with faulty.sandbox.fault("status", status=503, verb="PUT", path="/transactions/*/void") as fault:
        assert gateway.transaction.find(sale.id)
        with pytest.raises(ServiceUnavailableError):
            gateway.transaction.void(sale.id)
        assert fault.matched == 1
    with faulty.sandbox.fault("status", status=503, order_id="order-*"):
        sell(gateway)
        sell(gateway, order_id="another")
        with pytest.raises(ServiceUnavailableError):
            sell(gateway, order_id=order)
        with pytest.raises(ServiceUnavailableError):
            sales_of(gateway, order)
        gateway.transaction.search(Search.order_id.starts_with(order)).ids  # noqa: B018 - a request


def test_a_rule_acts_from_the_nth_request_on_and_so_many_times(faulty):
    seen = []
    with faulty.sandbox.fault("status", status=500, nth=2, times=2) as fault:
        for _ in range(5):
            try:
                make_customer(faulty.gateway)
            except ServerError:
                seen.append("failed")
            else:
                seen.append("fine")
        assert (fault.matched, fault.acted) == (5, 2)
    assert seen == ["fine", "failed", "failed", "fine", "fine"]
    assert (fault.matched, fault.acted) == (0, 0)


def test_chance_repeats_itself_with_its_seed(faulty):
    def run(seed):
        seen = []
        with faulty.sandbox.fault("status", status=500, probability=0.5, seed=seed):
            for _ in range(20):
                try:
                    make_customer(faulty.gateway)
                except ServerError:
                    seen.append(True)
                else:
                    seen.append(False)
        return seen

    first = run(1)
    assert run(1) == first
    assert run(2) != first
    assert 0 < sum(first) < 20


def test_of_two_rules_the_first_ends_the_answer_and_delays_add_up(faulty):
    faulty.sandbox.faults.add(Fault("latency", seconds=0.05))
    first = faulty.sandbox.faults.add(Fault("status", status=503))
    second = faulty.sandbox.faults.add(Fault("status", status=500))
    faulty.sandbox.faults.add(Fault("latency", seconds=0.05))
    began = time.monotonic()
    with pytest.raises(ServiceUnavailableError):
        make_customer(faulty.gateway)
    assert time.monotonic() - began >= 0.1
    assert (first.acted, second.matched, second.acted) == (1, 1, 0)
    first.remove()
    with pytest.raises(ServerError):
        make_customer(faulty.gateway)


def test_a_request_that_cannot_be_read_still_meets_the_rules(shared_sandbox):
    with shared_sandbox.fault("status", status=503):
        assert shared_sandbox.deliver("POST", "/merchants/m/transactions", {}, b"<a").status == 503
    with shared_sandbox.fault("status", status=503, order_id="*x*"):
        assert shared_sandbox.deliver("POST", "/merchants/m/transactions", {}, b"<a").status == 401


def test_several_processes_count_together(faulty):
    """Here two sandboxes on one file, as two processes have them, and eight threads."""
    with (
        Sandbox(faulty.sandbox.store.path) as second,
        faulty.sandbox.fault("status", status=503, nth=5, times=3) as fault,
        ThreadPoolExecutor(8) as pool,
    ):
        ask = ("GET", "/merchants/integration_merchant_id/customers/x", {}, b"")
        asked = [pool.submit(one.deliver, *ask) for _ in range(20) for one in (faulty.sandbox, second)]
        assert [future.result().status for future in asked].count(503) == 3
        assert (fault.matched, fault.acted) == (40, 3)
