from decimal import Decimal

import pytest
from braintree import ErrorCodes

from .factories import errors_of, sell, settled_sale, submitted_sale, succeed, try_sale, unique

CODES = ErrorCodes.Transaction


def settle(gateway, step, sale):
    return getattr(gateway.testing, f"{step}_transaction")(sale.id)


@pytest.mark.parametrize("make", [sell, submitted_sale])
def test_a_sale_can_be_voided_before_it_settles(gateway, make):
    sale = make(gateway)
    voided = succeed(gateway.transaction.void(sale.id)).transaction
    assert voided.status == "voided"
    assert gateway.transaction.find(sale.id).status_history[-1].status == "voided"


def test_a_settled_a_voided_or_a_declined_sale_cannot_be_voided(gateway):
    voided, declined = sell(gateway), try_sale(gateway, "2000.00").transaction
    gateway.transaction.void(voided.id)
    for sale in (settled_sale(gateway), voided, declined):
        result = gateway.transaction.void(sale.id)
        assert errors_of(result) == [("transaction", "base", CODES.CannotBeVoided)]


def test_an_authorized_sale_can_be_submitted(gateway):
    sale = sell(gateway)
    submitted = succeed(gateway.transaction.submit_for_settlement(sale.id)).transaction
    assert (submitted.status, submitted.amount) == ("submitted_for_settlement", Decimal("10.00"))


def test_a_lesser_amount_can_be_submitted_with_another_order_id_and_descriptor(gateway):
    sale = sell(gateway, "10.00", descriptor={"name": "abc*old"})
    order_id = unique("order")
    submitted = succeed(
        gateway.transaction.submit_for_settlement(
            sale.id, "7.50", {"order_id": order_id, "descriptor": {"name": "abc*new"}}
        )
    ).transaction
    assert (submitted.amount, submitted.order_id) == (Decimal("7.50"), order_id)
    assert submitted.descriptor.name == "abc*new"
    assert [event.amount for event in submitted.status_history] == [Decimal("10.00"), Decimal("7.50")]


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("10.01", CODES.SettlementAmountIsTooLarge),
        ("0", CODES.AmountMustBeGreaterThanZero),
        ("-1", CODES.AmountCannotBeNegative),
        ("x", CODES.AmountIsInvalid),
    ],
)
def test_a_wrong_amount_cannot_be_submitted(gateway, amount, code):
    sale = sell(gateway, "10.00")
    result = gateway.transaction.submit_for_settlement(sale.id, amount)
    assert errors_of(result) == [("transaction", "amount", code)]
    assert gateway.transaction.find(sale.id).status == "authorized"


def test_only_an_authorized_sale_can_be_submitted(gateway):
    result = gateway.transaction.submit_for_settlement(submitted_sale(gateway).id)
    assert errors_of(result) == [("transaction", "base", CODES.CannotSubmitForSettlement)]


@pytest.mark.parametrize(
    ("step", "status", "code", "text"),
    [
        ("settle", "settled", "4000", "Confirmed"),
        ("settlement_confirm", "settlement_confirmed", "4000", "Confirmed"),
        ("settlement_decline", "settlement_declined", "4001", "Settlement Declined"),
        ("settlement_pending", "settlement_pending", "4002", "Settlement Pending"),
    ],
)
def test_settlement_can_be_simulated(gateway, step, status, code, text):
    moved = succeed(settle(gateway, step, submitted_sale(gateway))).transaction
    assert moved.status == status
    assert moved.processor_settlement_response_code == code
    assert moved.processor_settlement_response_text == text
    assert moved.settlement_batch_id
    assert moved.status_history[-1].status == status


@pytest.mark.parametrize("step", ["settlement_pending", "settlement_confirm"])
def test_a_sale_on_its_way_can_still_settle_or_be_declined(gateway, step):
    sale = submitted_sale(gateway)
    batch = settle(gateway, step, sale).transaction.settlement_batch_id
    settled = succeed(gateway.testing.settle_transaction(sale.id)).transaction
    assert (settled.status, settled.settlement_batch_id) == ("settled", batch)
    sale = submitted_sale(gateway)
    settle(gateway, step, sale)
    assert settle(gateway, "settlement_decline", sale).transaction.status == "settlement_declined"


@pytest.mark.parametrize("step", ["settle", "settlement_confirm", "settlement_decline", "settlement_pending"])
def test_what_was_not_submitted_or_is_done_cannot_settle(gateway, step):
    for sale in (sell(gateway), settled_sale(gateway), try_sale(gateway, "2000.00").transaction):
        result = settle(gateway, step, sale)
        assert errors_of(result) == [("transaction", "base", CODES.CannotSimulateTransactionSettlement)]
