from concurrent.futures import ThreadPoolExecutor

import pytest
from braintree import TransactionSearch

from .factories import (
    errors_of,
    make_card,
    search_ids,
    sell,
    settled_sale,
    submitted_sale,
    succeed,
    try_sale,
    unique,
)
from .rows import covers

HERE = ("transaction", "api_request_key")


def key():
    return {"api_request_key": unique("key")}


def keyed(**values):
    return {**key(), "order_id": unique("order"), **values}


def test_the_same_sale_under_the_same_key_is_made_once(gateway):
    values = keyed(payment_method_token=make_card(gateway).token)
    first, again = sell(gateway, **values), sell(gateway, **values)
    assert again.id == first.id
    by_order = TransactionSearch.order_id == values["order_id"]
    assert search_ids(gateway, by_order, expected=[first.id]) == [first.id]


def test_a_repeated_sale_shows_the_transaction_as_it_is_now(gateway):
    values = keyed()
    first = submitted_sale(gateway, **values)
    succeed(gateway.testing.settle_transaction(first.id))
    again = submitted_sale(gateway, **values)
    assert (again.id, again.status) == (first.id, "settled")


def test_a_declined_sale_stays_declined_under_its_key(gateway):
    values = keyed()
    first, again = (try_sale(gateway, "2001.00", **values) for _ in range(2))
    assert errors_of(again) == []
    assert again.transaction.id == first.transaction.id
    assert (again.message, again.transaction.status) == (first.message, "processor_declined")


def test_another_key_makes_another_sale(gateway):
    values = keyed()
    assert sell(gateway, **values).id != sell(gateway, **{**values, "amount": "10.01", **key()}).id


@covers("915232")
def test_a_key_cannot_come_with_another_request(gateway):
    values = keyed()
    sale = sell(gateway, "10.00", **values)
    assert errors_of(try_sale(gateway, "10.01", **values)) == [(*HERE, "915232")]
    result = gateway.transaction.void(sale.id, {"api_request_key": values["api_request_key"]})
    assert errors_of(result) == [(*HERE, "915232")]
    assert gateway.transaction.find(sale.id).status == "authorized"


@covers("915230")
def test_a_key_has_at_most_255_characters(gateway):
    sell(gateway, api_request_key=unique("key").ljust(255, "x"))
    result = try_sale(gateway, api_request_key=unique("key").ljust(256, "x"))
    assert errors_of(result) == [(*HERE, "915230")]


@covers("915234")
def test_the_key_of_a_request_that_was_wrong_is_used_up(gateway):
    values = keyed()
    assert errors_of(try_sale(gateway, "wrong", **values)) == [("transaction", "amount", "81503")]
    assert errors_of(try_sale(gateway, "wrong", **values)) == [(*HERE, "915234")]


@pytest.mark.parametrize("name", ["update_details", "adjust_authorization"])
@covers("915231")
def test_some_requests_take_no_key(gateway, name):
    # The SDK has no parameter for it there, so this goes a step below its gateways.
    sale, config = submitted_sale(gateway), gateway.config
    path = f"{config.base_merchant_path()}/transactions/{sale.id}/{name}"
    answer = config.http().put(path, {"transaction": {"amount": "9.00", **key()}})
    (error,) = answer["api_error_response"]["errors"]["transaction"]["errors"]
    assert (error["attribute"], error["code"]) == ("api_request_key", "915231")


@covers("915233")
def test_two_at_once_under_one_key_make_one_sale(gateway):
    values = keyed()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: try_sale(gateway, **values), range(2)))
    made = {result.transaction.id for result in results if result.is_success}
    assert len(made) == 1
    for result in results:
        assert result.is_success or errors_of(result) == [(*HERE, "915233")]
    by_order = TransactionSearch.order_id == values["order_id"]
    assert search_ids(gateway, by_order, expected=made) == [*made]


@pytest.mark.parametrize("code", ["915233", "915235"])
@covers("915233", "915235")
def test_a_key_may_be_in_use_or_have_met_a_broken_server(target, code):
    if target.refuse_next is None:
        pytest.skip(f"nobody can order {code} from Braintree's own sandbox")
    values = keyed()
    target.refuse_next(code, values["order_id"])
    result = try_sale(target.gateway, **values)
    assert errors_of(result) == [(*HERE, code)]
    assert result.transaction is None
    assert sell(target.gateway, **values).status == "authorized"


def test_a_void_under_its_key_succeeds_again(gateway):
    sale, own = sell(gateway), key()
    for _ in range(2):
        assert succeed(gateway.transaction.void(sale.id, own)).transaction.status == "voided"
    assert errors_of(gateway.transaction.void(sale.id, key())) == [("transaction", "base", "91504")]


def test_a_submission_under_its_key_succeeds_again(gateway):
    sale, own = sell(gateway), key()
    for _ in range(2):
        result = gateway.transaction.submit_for_settlement(sale.id, "8.00", dict(own))
        assert succeed(result).transaction.status == "submitted_for_settlement"
    assert len(gateway.transaction.find(sale.id).status_history) == 2


def test_a_part_under_its_key_is_submitted_once(gateway):
    sale, own = sell(gateway, "10.00"), key()
    parts = [
        succeed(gateway.transaction.submit_for_partial_settlement(sale.id, "4.00", dict(own))).transaction
        for _ in range(2)
    ]
    assert gateway.transaction.find(sale.id).partial_settlement_transaction_ids == [parts[0].id]


def test_a_refund_under_its_key_is_made_once(gateway):
    sale, values = settled_sale(gateway, "10.00"), {"amount": "4.00", **key()}
    refunds = [succeed(gateway.transaction.refund(sale.id, dict(values))).transaction.id for _ in range(2)]
    assert gateway.transaction.find(sale.id).refund_ids == refunds[:1]
    result = gateway.transaction.refund(sale.id, {**values, "amount": "5.00"})
    assert errors_of(result) == [(*HERE, "915232")]


def test_a_credit_under_its_key_is_made_once(gateway):
    values = keyed(amount="5.00", payment_method_token=make_card(gateway).token)
    made = {succeed(gateway.transaction.credit(dict(values))).transaction.id for _ in range(2)}
    assert len(made) == 1
