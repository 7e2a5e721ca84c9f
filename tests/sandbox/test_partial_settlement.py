from decimal import Decimal

import pytest
from braintree import ErrorCodes

from .factories import errors_of, make_card, sell, settled_sale, submitted_sale, succeed, unique

CODES = ErrorCodes.Transaction
CANNOT = [("transaction", "base", CODES.CannotSubmitForPartialSettlement)]


def submit_part(gateway, sale, amount, **values):
    return gateway.transaction.submit_for_partial_settlement(sale.id, amount, values)


def test_a_part_of_an_authorization_becomes_a_sale_of_its_own(gateway):
    card = make_card(gateway)
    sale = sell(gateway, "10.00", payment_method_token=card.token, order_id=unique("order"))
    part = succeed(submit_part(gateway, sale, "4.00")).transaction
    assert (part.type, part.status, part.amount) == ("sale", "submitted_for_settlement", Decimal("4.00"))
    assert part.id != sale.id
    assert part.authorized_transaction_id == sale.id
    assert part.partial_settlement_transaction_ids == []
    assert part.order_id == sale.order_id
    assert part.credit_card_details.token == card.token
    assert part.processor_authorization_code == sale.processor_authorization_code
    parent = gateway.transaction.find(sale.id)
    assert (parent.status, parent.amount) == ("settlement_pending", Decimal("10.00"))
    assert parent.partial_settlement_transaction_ids == [part.id]
    assert parent.authorized_transaction_id is None
    assert [event.status for event in parent.status_history] == ["authorized", "settlement_pending"]


def test_parts_add_up_to_what_was_authorized_and_no_more(gateway):
    sale = sell(gateway, "10.00")
    parts = [succeed(submit_part(gateway, sale, amount)).transaction.id for amount in ("4.00", "5.00")]
    result = submit_part(gateway, sale, "1.01")
    assert errors_of(result) == [("transaction", "amount", CODES.SettlementAmountIsTooLarge)]
    parts.append(succeed(submit_part(gateway, sale, "1.00")).transaction.id)
    assert gateway.transaction.find(sale.id).partial_settlement_transaction_ids == parts


def test_a_voided_part_leaves_its_amount(gateway):
    sale = sell(gateway, "10.00")
    part = succeed(submit_part(gateway, sale, "10.00")).transaction
    succeed(gateway.transaction.void(part.id))
    succeed(submit_part(gateway, sale, "10.00"))


def test_a_part_settles_and_is_refunded_like_any_sale(gateway):
    sale = sell(gateway, "10.00")
    part = succeed(submit_part(gateway, sale, "4.00")).transaction
    succeed(gateway.testing.settle_transaction(part.id))
    refund = succeed(gateway.transaction.refund(part.id)).transaction
    assert (refund.amount, refund.authorized_transaction_id) == (Decimal("4.00"), None)
    assert gateway.transaction.find(sale.id).status == "settlement_pending"


def test_the_final_part_ends_it(gateway):
    sale = sell(gateway, "10.00")
    succeed(submit_part(gateway, sale, "4.00"))
    succeed(submit_part(gateway, sale, "1.00", final_capture=True))
    assert gateway.transaction.find(sale.id).status == "settlement_pending"
    assert errors_of(submit_part(gateway, sale, "1.00")) == CANNOT


def test_a_part_can_have_details_of_its_own(gateway):
    sale = sell(gateway, "10.00", order_id="whole", tax_amount="1.00", descriptor={"name": "abc*old"})
    item = {"quantity": "1", "name": "Part", "kind": "debit", "unit_amount": "4", "total_amount": "4"}
    part = succeed(
        submit_part(
            gateway,
            sale,
            "4.00",
            order_id="part",
            descriptor={"name": "abc*new", "phone": "3334445555"},
            purchase_order_number="po-2",
            tax_amount="0.40",
            discount_amount="0.10",
            shipping_amount="0.20",
            ships_from_postal_code="12345",
            line_items=[item],
        )
    ).transaction
    assert (part.order_id, part.purchase_order_number) == ("part", "po-2")
    assert (part.descriptor.name, part.descriptor.phone) == ("abc*new", "3334445555")
    assert (part.tax_amount, part.discount_amount, part.shipping_amount) == (
        Decimal("0.40"),
        Decimal("0.10"),
        Decimal("0.20"),
    )
    assert part.ships_from_postal_code == "12345"
    assert [item.name for item in part.line_items] == ["Part"]
    parent = gateway.transaction.find(sale.id)
    assert (parent.order_id, parent.tax_amount, parent.descriptor.name) == (
        "whole",
        Decimal("1.00"),
        "abc*old",
    )


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (None, CODES.AmountIsRequired),
        ("0", CODES.AmountMustBeGreaterThanZero),
        ("-1", CODES.AmountCannotBeNegative),
        ("x", CODES.AmountIsInvalid),
        ("10.01", CODES.SettlementAmountIsTooLarge),
    ],
)
def test_a_wrong_amount_is_no_part(gateway, amount, code):
    sale = sell(gateway, "10.00")
    assert errors_of(submit_part(gateway, sale, amount)) == [("transaction", "amount", code)]
    assert gateway.transaction.find(sale.id).status == "authorized"


def test_only_an_authorization_can_be_settled_in_parts(gateway):
    part = succeed(submit_part(gateway, sell(gateway), "4.00")).transaction
    pending = submitted_sale(gateway)
    succeed(gateway.testing.settlement_pending_transaction(pending.id))
    refund = gateway.transaction.refund(settled_sale(gateway).id).transaction
    for sale in (part, submitted_sale(gateway), settled_sale(gateway), pending, refund):
        assert errors_of(submit_part(gateway, sale, "1.00")) == CANNOT


def test_an_authorization_in_parts_cannot_be_submitted_whole_or_voided(gateway):
    sale = sell(gateway, "10.00")
    succeed(submit_part(gateway, sale, "4.00"))
    result = gateway.transaction.submit_for_settlement(sale.id)
    assert errors_of(result) == [("transaction", "base", CODES.CannotSubmitForSettlement)]
    assert errors_of(gateway.transaction.void(sale.id)) == [("transaction", "base", CODES.CannotBeVoided)]


def test_some_merchant_accounts_cannot_settle_in_parts(gateway):
    sale = sell(gateway, merchant_account_id="fake_amex_direct_usd")
    result = submit_part(gateway, sale, "1.00")
    assert errors_of(result) == [("transaction", "base", CODES.ProcessorDoesNotSupportPartialSettlement)]
