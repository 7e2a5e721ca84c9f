from decimal import Decimal

import pytest

from .factories import (
    declined_sale,
    errors_of,
    make_card,
    refund_of_a_sale,
    sell,
    settled_sale,
    submitted_sale,
    succeed,
    unique,
    voided_sale,
)
from .rows import covers


@covers("POST /transactions/ID/refund")
def test_a_refund_gives_back_the_whole_sale(gateway):
    sale = settled_sale(gateway, "10.00")
    refund = succeed(gateway.transaction.refund(sale.id)).transaction
    assert (refund.type, refund.status) == ("credit", "submitted_for_settlement")
    assert (refund.amount, refund.refunded_transaction_id) == (Decimal("10.00"), sale.id)
    assert refund.order_id == sale.order_id
    found = gateway.transaction.find(sale.id)
    assert (found.refund_ids, found.refund_id) == ([refund.id], refund.id)
    assert found.status == "settled"


def test_a_sale_can_be_refunded_in_parts(gateway):
    sale = settled_sale(gateway, "10.00")
    parts = [succeed(gateway.transaction.refund(sale.id, amount)).transaction for amount in ("3.00", "7.00")]
    assert [part.amount for part in parts] == [Decimal("3.00"), Decimal("7.00")]
    assert sorted(gateway.transaction.find(sale.id).refund_ids) == sorted(part.id for part in parts)


def test_a_refund_can_have_an_order_id_of_its_own(gateway):
    order_id = unique("order")
    refund = gateway.transaction.refund(settled_sale(gateway).id, {"amount": "1.00", "order_id": order_id})
    assert succeed(refund).transaction.order_id == order_id


@covers("91512")
def test_what_was_refunded_whole_cannot_be_refunded_again(gateway):
    sale = settled_sale(gateway)
    succeed(gateway.transaction.refund(sale.id))
    assert errors_of(gateway.transaction.refund(sale.id)) == [("transaction", "base", "91512")]


@covers("91521")
def test_no_more_is_refunded_than_is_left(gateway):
    sale = settled_sale(gateway, "10.00")
    assert errors_of(gateway.transaction.refund(sale.id, "10.01")) == [("transaction", "amount", "91521")]
    succeed(gateway.transaction.refund(sale.id, "4.00"))
    assert errors_of(gateway.transaction.refund(sale.id, "6.01")) == [("transaction", "amount", "91521")]


@pytest.mark.parametrize("make", [sell, submitted_sale, voided_sale, declined_sale])
@covers("91506")
def test_what_has_not_settled_cannot_be_refunded(gateway, make):
    assert errors_of(gateway.transaction.refund(make(gateway).id)) == [("transaction", "base", "91506")]


@covers("91505")
def test_a_refund_cannot_be_refunded(gateway):
    refund = refund_of_a_sale(gateway)
    assert errors_of(gateway.transaction.refund(refund.id)) == [("transaction", "base", "91505")]


@covers("915200")
def test_the_bank_may_decline_a_refund_for_good(gateway):
    sale = settled_sale(gateway, "9000.00")
    result = gateway.transaction.refund(sale.id, "2004.00")
    assert errors_of(result) == [("transaction", "base", "915200")]
    assert result.transaction.type == "credit"
    assert result.transaction.status == "processor_declined"
    assert result.transaction.processor_response_type == "hard_declined"
    assert result.transaction.additional_processor_response == "2004 : Expired Card"
    assert succeed(gateway.transaction.refund(sale.id, "9000.00")).transaction.status


@covers("915201")
def test_a_refund_that_the_bank_declines_for_now_goes_through_without_that_error(gateway):
    sale = settled_sale(gateway, "9000.00")
    refund = succeed(gateway.transaction.refund(sale.id, "2046.00")).transaction
    assert (refund.type, refund.status) == ("credit", "submitted_for_settlement")
    assert refund.processor_response_type == "soft_declined"
    assert refund.additional_processor_response == "2046 : Declined"


def test_a_credit_stands_by_itself(gateway):
    values = {
        "amount": "5.00",
        "payment_method_token": make_card(gateway).token,
        "order_id": unique("order"),
    }
    credit = succeed(gateway.transaction.credit(values)).transaction
    assert (credit.type, credit.status) == ("credit", "submitted_for_settlement")
    assert (credit.amount, credit.refunded_transaction_id) == (Decimal("5.00"), None)
