from decimal import Decimal

import pytest
from braintree import ErrorCodes

from .factories import (
    errors_of,
    make_card,
    sell,
    settled_sale,
    submitted_sale,
    succeed,
    try_sale,
    unique,
)

CODES = ErrorCodes.Transaction


def test_a_settled_sale_can_be_refunded_whole(gateway):
    card = make_card(gateway)
    sale = settled_sale(gateway, "10.00", payment_method_token=card.token, order_id=unique("order"))
    refund = succeed(gateway.transaction.refund(sale.id)).transaction
    assert (refund.type, refund.status, refund.amount) == (
        "credit",
        "submitted_for_settlement",
        Decimal("10.00"),
    )
    assert refund.refunded_transaction_id == sale.id
    assert refund.order_id == sale.order_id
    assert refund.credit_card_details.token == card.token
    assert refund.customer_details.id == card.customer_id
    assert refund.settlement_batch_id is None
    assert refund.processor_response_code == "1002"
    found = gateway.transaction.find(sale.id)
    assert (found.status, found.refund_id, found.refund_ids) == ("settled", refund.id, [refund.id])


def test_a_sale_can_be_refunded_in_parts_until_nothing_is_left(gateway):
    sale = settled_sale(gateway, "10.00")
    first = succeed(gateway.transaction.refund(sale.id, "3.00")).transaction
    result = gateway.transaction.refund(sale.id, "7.01")
    assert errors_of(result) == [("transaction", "amount", CODES.RefundAmountIsTooLarge)]
    second = succeed(gateway.transaction.refund(sale.id)).transaction
    assert second.amount == Decimal("7.00")
    result = gateway.transaction.refund(sale.id, "0.01")
    assert errors_of(result) == [("transaction", "base", CODES.HasAlreadyBeenRefunded)]
    assert gateway.transaction.find(sale.id).refund_ids == [first.id, second.id]


def test_a_refund_can_have_an_order_id_and_an_account_of_its_own(gateway):
    order_id = unique("refund")
    values = {"order_id": order_id, "merchant_account_id": "sandbox_credit_card_non_default"}
    refund = succeed(gateway.transaction.refund(settled_sale(gateway).id, values)).transaction
    assert (refund.order_id, refund.merchant_account_id) == (order_id, values["merchant_account_id"])


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"amount": "10.01"}, "amount", CODES.RefundAmountIsTooLarge),
        ({"amount": "0"}, "amount", CODES.AmountMustBeGreaterThanZero),
        ({"amount": "-1"}, "amount", CODES.AmountCannotBeNegative),
        ({"amount": "x"}, "amount", CODES.AmountIsInvalid),
        ({"order_id": "x" * 256}, "order_id", CODES.OrderIdIsTooLong),
        ({"merchant_account_id": "x"}, "merchant_account_id", CODES.MerchantAccountIdIsInvalid),
    ],
)
def test_what_is_wrong_with_a_refund_is_told(gateway, values, attribute, code):
    sale = settled_sale(gateway, "10.00")
    assert errors_of(gateway.transaction.refund(sale.id, values)) == [("transaction", attribute, code)]
    assert gateway.transaction.find(sale.id).refund_ids == []


def test_only_a_settled_sale_can_be_refunded(gateway):
    for sale in (sell(gateway), submitted_sale(gateway)):
        result = gateway.transaction.refund(sale.id)
        assert errors_of(result) == [("transaction", "base", CODES.CannotRefundUnlessSettled)]


def test_a_refund_cannot_be_refunded(gateway):
    refund = gateway.transaction.refund(settled_sale(gateway).id).transaction
    result = gateway.transaction.refund(refund.id)
    assert errors_of(result) == [("transaction", "base", CODES.CannotRefundCredit)]


def test_a_voided_refund_gives_its_amount_back(gateway):
    sale = settled_sale(gateway, "10.00")
    refund = gateway.transaction.refund(sale.id).transaction
    succeed(gateway.transaction.void(refund.id))
    assert succeed(gateway.transaction.refund(sale.id)).transaction.amount == Decimal("10.00")


def test_a_softly_declined_refund_goes_through(gateway):
    sale = settled_sale(gateway, "9000.00")
    refund = succeed(gateway.transaction.refund(sale.id, "2046.00")).transaction
    assert refund.status == "submitted_for_settlement"
    assert refund.processor_response_type == "soft_declined"
    assert refund.additional_processor_response == "2046 : Declined"


def test_a_hard_declined_refund_returns_nothing_and_leaves_its_amount(gateway):
    sale = settled_sale(gateway, "9000.00")
    result = gateway.transaction.refund(sale.id, "2004.00")
    assert errors_of(result) == [("transaction", "base", CODES.RefundAuthHardDeclined)]
    assert result.transaction.status == "processor_declined"
    assert result.transaction.processor_response_type == "hard_declined"
    assert gateway.transaction.find(sale.id).refund_ids == []
    assert succeed(gateway.transaction.refund(sale.id)).transaction.amount == Decimal("9000.00")


def test_a_refund_in_between_declines_counts_only_what_was_returned(gateway):
    sale = settled_sale(gateway, "5000.00")
    first = succeed(gateway.transaction.refund(sale.id, "1000.00")).transaction
    assert not gateway.transaction.refund(sale.id, "2009.00").is_success
    second = succeed(gateway.transaction.refund(sale.id, "2046.00")).transaction
    third = succeed(gateway.transaction.refund(sale.id)).transaction
    assert third.amount == Decimal("1954.00")
    assert gateway.transaction.find(sale.id).refund_ids == [first.id, second.id, third.id]


def test_a_declined_sale_cannot_be_refunded(gateway):
    declined = try_sale(gateway, "2000.00").transaction
    result = gateway.transaction.refund(declined.id)
    assert errors_of(result) == [("transaction", "base", CODES.CannotRefundUnlessSettled)]


def test_a_standalone_credit_goes_to_any_card_and_refunds_nothing(gateway):
    card = make_card(gateway)
    for source in (
        {"payment_method_token": card.token},
        {"customer_id": card.customer_id},
        {"credit_card": {"number": "4111111111111111", "expiration_date": "05/2099"}},
        {"payment_method_nonce": "fake-valid-nonce"},
    ):
        credit = succeed(gateway.transaction.credit({"amount": "5.00", **source})).transaction
        assert (credit.type, credit.status) == ("credit", "submitted_for_settlement")
        assert credit.refunded_transaction_id is None
    result = gateway.transaction.credit({"amount": None, "payment_method_token": card.token})
    assert errors_of(result) == [("transaction", "amount", CODES.AmountIsRequired)]
    result = gateway.transaction.refund(credit.id)
    assert errors_of(result) == [("transaction", "base", CODES.CannotRefundCredit)]


def test_a_reversal_voids_what_can_be_voided(gateway):
    for sale in (sell(gateway), submitted_sale(gateway)):
        reversed_sale = succeed(gateway.transaction.reverse(sale.id)).transaction
        assert (reversed_sale.id, reversed_sale.status) == (sale.id, "voided")


def test_a_reversal_refunds_what_has_settled(gateway):
    sale = settled_sale(gateway, "10.00")
    succeed(gateway.transaction.refund(sale.id, "4.00"))
    refund = succeed(gateway.transaction.reverse(sale.id)).transaction
    assert (refund.type, refund.amount) == ("credit", Decimal("6.00"))
    assert refund.refunded_transaction_id == sale.id
    result = gateway.transaction.reverse(sale.id)
    assert errors_of(result) == [("transaction", "base", CODES.HasAlreadyBeenRefunded)]


def test_what_came_to_nothing_cannot_be_reversed(gateway):
    voided = sell(gateway)
    gateway.transaction.void(voided.id)
    # Not in every version of the SDK that this runs with.
    code = "915282"
    for transaction in (voided, try_sale(gateway, "2000.00").transaction):
        assert errors_of(gateway.transaction.reverse(transaction.id)) == [("transaction", "base", code)]


def test_a_surcharge_can_be_refunded_where_there_was_one(gateway):
    sale = settled_sale(gateway, "10.00", surcharge_amount="1.00")
    assert sale.surcharge_amount == Decimal("1.00")
    values = {"amount": "5.00", "surcharge_amount": "0.50"}
    assert succeed(gateway.transaction.refund(sale.id, values)).transaction.surcharge_amount == Decimal(
        "0.50"
    )
    assert succeed(gateway.transaction.refund(sale.id)).transaction.surcharge_amount is None
    result = gateway.transaction.refund(settled_sale(gateway).id, values)
    # Not in the SDK's type hints, nor in every version that this runs with.
    assert errors_of(result) == [("transaction", "surcharge_amount", "97605")]
