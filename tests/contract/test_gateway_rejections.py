import pytest

from .factories import CARD, errors_of, sell, try_sale, unique

GOOD_ADDRESS = {"street_address": "1 Main St", "postal_code": "60622"}
BAD_ADDRESS = {"street_address": "200 Main St", "postal_code": "20000"}


def check_rejection(result, reason):
    assert errors_of(result) == []
    assert result.message == f"Gateway Rejected: {reason}"
    assert result.transaction.status == "gateway_rejected"
    assert result.transaction.gateway_rejection_reason == reason
    assert [event.status for event in result.transaction.status_history] == ["gateway_rejected"]


def test_a_sale_of_5001_is_rejected_as_incomplete(gateway):
    result = try_sale(gateway, "5001.00")
    check_rejection(result, "application_incomplete")
    assert not result.transaction.processor_response_code
    assert gateway.transaction.find(result.transaction.id).status == "gateway_rejected"


def test_a_nonce_can_bring_a_card_that_is_rejected_for_fraud(gateway):
    check_rejection(try_sale(gateway, payment_method_nonce="fake-gateway-rejected-fraud-nonce"), "fraud")


@pytest.mark.parametrize(
    ("cvv", "billing", "reason"),
    [("200", GOOD_ADDRESS, "cvv"), ("123", BAD_ADDRESS, "avs"), ("200", BAD_ADDRESS, "avs_and_cvv")],
)
def test_a_merchant_can_reject_what_does_not_match(mismatch_gateway, cvv, billing, reason):
    result = try_sale(mismatch_gateway, credit_card={**CARD, "cvv": cvv}, billing=billing)
    check_rejection(result, reason)


def test_a_merchant_can_reject_duplicates(duplicate_gateway):
    values = {"credit_card": CARD, "order_id": unique("order")}
    sell(duplicate_gateway, "10.00", **values)
    check_rejection(try_sale(duplicate_gateway, "10.00", **values), "duplicate")
    sell(duplicate_gateway, "10.01", **values)
    sell(duplicate_gateway, "10.00", **{**values, "order_id": unique("order")})


def test_a_key_is_told_from_a_duplicate(duplicate_gateway):
    values = {"credit_card": CARD, "order_id": unique("order"), "api_request_key": unique("key")}
    assert sell(duplicate_gateway, **values).id == sell(duplicate_gateway, **values).id
