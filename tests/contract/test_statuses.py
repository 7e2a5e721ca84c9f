from decimal import Decimal

import pytest

from .factories import (
    declined_sale,
    errors_of,
    refund_of_a_sale,
    sell,
    settled_sale,
    submitted_sale,
    succeed,
    unique,
    voided_sale,
)
from .rows import covers

STEPS = {
    "settle": "settled",
    "settlement_confirm": "settlement_confirmed",
    "settlement_decline": "settlement_declined",
    "settlement_pending": "settlement_pending",
}


def step(gateway, name, sale):
    return getattr(gateway.testing, f"{name}_transaction")(sale.id)


@pytest.mark.parametrize("make", [sell, submitted_sale, refund_of_a_sale])
@covers("PUT /transactions/ID/void")
def test_what_has_not_settled_can_be_voided(gateway, make):
    voided = succeed(gateway.transaction.void(make(gateway).id)).transaction
    assert voided.status == "voided"
    assert gateway.transaction.find(voided.id).status_history[-1].status == "voided"


@pytest.mark.parametrize("make", [settled_sale, voided_sale, declined_sale])
@covers("91504")
def test_what_is_done_cannot_be_voided(gateway, make):
    sale = make(gateway)
    assert errors_of(gateway.transaction.void(sale.id)) == [("transaction", "base", "91504")]
    assert gateway.transaction.find(sale.id).status == sale.status


@covers("PUT /transactions/ID/submit_for_settlement")
def test_an_authorized_sale_can_be_submitted_for_less_and_under_another_order(gateway):
    sale, order_id = sell(gateway, "10.00"), unique("order")
    submitted = succeed(
        gateway.transaction.submit_for_settlement(sale.id, "7.50", {"order_id": order_id})
    ).transaction
    assert (submitted.id, submitted.status) == (sale.id, "submitted_for_settlement")
    assert (submitted.amount, submitted.order_id) == (Decimal("7.50"), order_id)
    assert [event.amount for event in submitted.status_history] == [Decimal("10.00"), Decimal("7.50")]


@pytest.mark.parametrize(
    ("amount", "code"), [("10.01", "91522"), ("0", "81531"), ("-1", "81501"), ("x", "81503")]
)
@covers("91522")
def test_a_wrong_amount_cannot_be_submitted(gateway, amount, code):
    sale = sell(gateway, "10.00")
    result = gateway.transaction.submit_for_settlement(sale.id, amount)
    assert errors_of(result) == [("transaction", "amount", code)]
    assert gateway.transaction.find(sale.id).status == "authorized"


@pytest.mark.parametrize("make", [submitted_sale, settled_sale, voided_sale, declined_sale])
@covers("91507")
def test_only_an_authorized_sale_can_be_submitted(gateway, make):
    result = gateway.transaction.submit_for_settlement(make(gateway).id)
    assert errors_of(result) == [("transaction", "base", "91507")]


@covers("POST /transactions/ID/submit_for_partial_settlement")
def test_a_part_of_an_authorization_becomes_a_sale_of_its_own(gateway):
    sale = sell(gateway, "10.00")
    part = succeed(gateway.transaction.submit_for_partial_settlement(sale.id, "4.00")).transaction
    assert (part.type, part.status, part.amount) == ("sale", "submitted_for_settlement", Decimal("4.00"))
    assert part.authorized_transaction_id == sale.id != part.id
    whole = gateway.transaction.find(sale.id)
    assert whole.partial_settlement_transaction_ids == [part.id]
    assert (whole.status, whole.amount) == ("settlement_pending", Decimal("10.00"))
    result = gateway.transaction.submit_for_partial_settlement(sale.id, "6.01")
    assert errors_of(result) == [("transaction", "amount", "91522")]
    rest = succeed(gateway.transaction.submit_for_partial_settlement(sale.id, "6.00")).transaction
    assert sorted(gateway.transaction.find(sale.id).partial_settlement_transaction_ids) == sorted(
        [part.id, rest.id]
    )


@pytest.mark.parametrize(("name", "status"), STEPS.items())
@covers(*(f"PUT /transactions/ID/{name}" for name in STEPS))
def test_settlement_can_be_simulated(gateway, name, status):
    moved = succeed(step(gateway, name, submitted_sale(gateway))).transaction
    assert moved.status == status
    assert moved.processor_settlement_response_code
    assert moved.status_history[-1].status == status


@pytest.mark.parametrize("name", STEPS)
@covers("91504", "91506")
def test_what_is_on_its_way_cannot_be_voided_and_is_refunded_only_once_settled(gateway, name):
    sale = succeed(step(gateway, name, submitted_sale(gateway))).transaction
    assert errors_of(gateway.transaction.void(sale.id)) == [("transaction", "base", "91504")]
    refund = gateway.transaction.refund(sale.id)
    if name == "settle":
        assert succeed(refund).transaction.amount == sale.amount
    else:
        assert errors_of(refund) == [("transaction", "base", "91506")]


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("make", [sell, voided_sale, declined_sale])
@covers("91575")
def test_what_was_not_submitted_cannot_settle(gateway, make, name):
    assert errors_of(step(gateway, name, make(gateway))) == [("transaction", "base", "91575")]


def test_a_settled_sale_belongs_to_a_batch(gateway):
    assert isinstance(settled_sale(gateway).settlement_batch_id, str)
