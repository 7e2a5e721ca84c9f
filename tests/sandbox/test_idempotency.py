import pytest
from braintree import ErrorCodes, TransactionSearch

from .factories import errors_of, make_card, sell, settled_sale, submitted_sale, succeed, try_sale, unique

CODES = ErrorCodes.Transaction
DIFFERENT = [("transaction", "api_request_key", CODES.ApiRequestKeyCanBeReusedOnlyWithTheSameRequest)]


def keyed():
    return {"api_request_key": unique("key"), "order_id": unique("order")}


def test_the_same_sale_under_the_same_key_is_made_once(gateway):
    values = {**keyed(), "payment_method_token": make_card(gateway).token}
    first, again = sell(gateway, **values), sell(gateway, **values)
    assert first.id == again.id
    found = gateway.transaction.search(TransactionSearch.order_id == values["order_id"])
    assert found.ids == [first.id]


def test_a_repeated_sale_shows_the_transaction_as_it_is_now(gateway):
    values = keyed()
    first = submitted_sale(gateway, **values)
    gateway.testing.settle_transaction(first.id)
    again = submitted_sale(gateway, **values)
    assert (again.id, again.status) == (first.id, "settled")


def test_a_repeated_sale_does_not_use_up_its_nonce_twice(gateway):
    nonce = gateway.payment_method_nonce.create(make_card(gateway).token).payment_method_nonce.nonce
    values = {**keyed(), "payment_method_nonce": nonce}
    assert sell(gateway, **values).id == sell(gateway, **values).id


def test_a_declined_sale_stays_declined_under_its_key(gateway):
    values = keyed()
    first, again = (try_sale(gateway, "2001.00", **values) for _ in range(2))
    assert errors_of(again) == []
    assert (again.message, again.transaction.id) == (first.message, first.transaction.id)


def test_a_different_request_under_the_same_key_is_refused(gateway):
    values = keyed()
    sale = sell(gateway, "10.00", **values)
    assert errors_of(try_sale(gateway, "10.01", **values)) == DIFFERENT
    result = gateway.transaction.void(sale.id, {"api_request_key": values["api_request_key"]})
    assert errors_of(result) == DIFFERENT
    assert gateway.transaction.find(sale.id).status == "authorized"


def test_another_key_makes_another_sale(gateway):
    values = keyed()
    first = sell(gateway, **values)
    assert sell(gateway, **{**values, "api_request_key": unique("key")}).id != first.id


def test_a_key_has_at_most_255_characters(gateway):
    sell(gateway, api_request_key=unique("k").ljust(255, "x"))
    result = try_sale(gateway, api_request_key="x" * 256)
    assert errors_of(result) == [("transaction", "api_request_key", CODES.ApiRequestKeyTooLong)]


def test_a_sale_that_was_wrong_leaves_its_key_free(gateway):
    values = keyed()
    errors_of(try_sale(gateway, "wrong", **values))
    sell(gateway, "10.00", **values)


def test_a_void_under_the_same_key_succeeds_again(gateway):
    sale, key = sell(gateway), {"api_request_key": unique("key")}
    for _ in range(2):
        assert succeed(gateway.transaction.void(sale.id, key)).transaction.status == "voided"
    history = gateway.transaction.find(sale.id).status_history
    assert [event.status for event in history] == ["authorized", "voided"]
    result = gateway.transaction.void(sale.id, {"api_request_key": unique("key")})
    assert errors_of(result) == [("transaction", "base", CODES.CannotBeVoided)]


def test_a_submission_under_the_same_key_succeeds_again(gateway):
    sale, key = sell(gateway), {"api_request_key": unique("key")}
    for _ in range(2):
        submitted = gateway.transaction.submit_for_settlement(sale.id, "8.00", dict(key))
        assert succeed(submitted).transaction.status == "submitted_for_settlement"
    assert len(gateway.transaction.find(sale.id).status_history) == 2


@pytest.mark.parametrize("amount", ["4.00", "2046.00"])
def test_a_refund_under_the_same_key_is_made_once(gateway, amount):
    sale = settled_sale(gateway, "9000.00")
    values = {"amount": amount, "api_request_key": unique("key")}
    refunds = [succeed(gateway.transaction.refund(sale.id, values)).transaction.id for _ in range(2)]
    assert gateway.transaction.find(sale.id).refund_ids == refunds[:1]
    assert refunds[0] == refunds[1]
    assert errors_of(gateway.transaction.refund(sale.id, {**values, "amount": "5.00"})) == DIFFERENT


def test_a_hard_declined_refund_stays_so_under_its_key(gateway):
    sale = settled_sale(gateway, "9000.00")
    values = {"amount": "2004.00", "api_request_key": unique("key")}
    first, again = (gateway.transaction.refund(sale.id, values) for _ in range(2))
    assert errors_of(again) == errors_of(first) == [("transaction", "base", CODES.RefundAuthHardDeclined)]
    assert first.transaction.id == again.transaction.id
