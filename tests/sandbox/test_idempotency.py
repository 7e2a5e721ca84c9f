import pytest
from braintree import ErrorCodes, TransactionSearch
from braintree.exceptions.not_found_error import NotFoundError

from .factories import errors_of, make_card, sell, settled_sale, submitted_sale, succeed, try_sale, unique

CODES = ErrorCodes.Transaction
DIFFERENT = [("transaction", "api_request_key", CODES.ApiRequestKeyCanBeReusedOnlyWithTheSameRequest)]

FAILED = [("transaction", "api_request_key", CODES.ApiRequestKeyWithFailedRequest)]


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


def test_a_sale_that_was_wrong_uses_up_its_key(gateway):
    values = keyed()
    wrong = [("transaction", "amount", CODES.AmountIsInvalid)]
    assert errors_of(try_sale(gateway, "wrong", **values)) == wrong
    for _ in range(2):
        assert errors_of(try_sale(gateway, "wrong", **values)) == FAILED
    assert errors_of(try_sale(gateway, "10.00", **values)) == DIFFERENT
    found = gateway.transaction.search(TransactionSearch.order_id == values["order_id"])
    assert found.ids == []
    sell(gateway, "10.00", **{**values, "api_request_key": unique("key")})


def test_a_key_sent_about_something_that_is_not_there_stays_free(gateway):
    key = {"api_request_key": unique("key")}
    with pytest.raises(NotFoundError):
        gateway.transaction.void("nope", key)
    succeed(gateway.transaction.void(sell(gateway).id, key))


def test_a_void_that_was_refused_is_refused_again_under_its_key(gateway):
    sale, key = settled_sale(gateway), {"api_request_key": unique("key")}
    result = gateway.transaction.void(sale.id, key)
    assert errors_of(result) == [("transaction", "base", CODES.CannotBeVoided)]
    assert errors_of(gateway.transaction.void(sale.id, key)) == FAILED


def test_a_part_a_reversal_and_a_credit_can_have_a_key_too(gateway):
    key = {"api_request_key": unique("key")}
    sale = sell(gateway, "10.00")
    parts = [
        succeed(gateway.transaction.submit_for_partial_settlement(sale.id, "4.00", dict(key))).transaction.id
        for _ in range(2)
    ]
    assert gateway.transaction.find(sale.id).partial_settlement_transaction_ids == parts[:1]
    key, sale = {"api_request_key": unique("key")}, settled_sale(gateway)
    refunds = [succeed(gateway.transaction.reverse(sale.id, key)).transaction.id for _ in range(2)]
    assert gateway.transaction.find(sale.id).refund_ids == refunds[:1]
    values = {"amount": "1.00", "payment_method_nonce": "fake-valid-nonce", "api_request_key": unique("key")}
    credits_made = {succeed(gateway.transaction.credit(dict(values))).transaction.id for _ in range(2)}
    assert len(credits_made) == 1


@pytest.mark.parametrize("endpoint", ["update_details", "adjust_authorization", "clone"])
def test_other_endpoints_take_no_key(gateway, endpoint):
    sale = submitted_sale(gateway)
    config = gateway.config
    root = "transaction-clone" if endpoint == "clone" else "transaction"
    send = config.http().post if endpoint == "clone" else config.http().put
    path = f"{config.base_merchant_path()}/transactions/{sale.id}/{endpoint}"
    answer = send(path, {root: {"amount": "1.00", "api_request_key": unique("key")}})
    (error,) = answer["api_error_response"]["errors"]["transaction"]["errors"]
    assert (error["attribute"], error["code"]) == ("api_request_key", CODES.ApiRequestKeyNotAllowed)


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
