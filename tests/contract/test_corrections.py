from decimal import Decimal

import pytest

from .factories import (
    CARD,
    errors_of,
    make_card,
    sell,
    settled_sale,
    submitted_sale,
    succeed,
    try_sale,
    unique,
)
from .rows import covers

ITEM = {
    "quantity": "1.02",
    "name": "Name #1",
    "kind": "debit",
    "unit_amount": "45.1232",
    "total_amount": "45.15",
}


@covers("PUT /transactions/ID/update_details")
def test_the_details_of_a_submitted_sale_can_be_changed(gateway):
    sale, order_id = submitted_sale(gateway, "10.00"), unique("order")
    changed = succeed(
        gateway.transaction.update_details(sale.id, {"amount": "9.00", "order_id": order_id})
    ).transaction
    assert (changed.id, changed.status) == (sale.id, "submitted_for_settlement")
    assert (changed.amount, changed.order_id) == (Decimal("9.00"), order_id)


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"amount": "10.01"}, "amount", "91522"),
        ({"amount": "x"}, "amount", "81503"),
        ({"order_id": "x" * 256}, "order_id", "91501"),
    ],
)
@covers("91522", "91501")
def test_what_is_wrong_with_a_change_is_told(gateway, values, attribute, code):
    result = gateway.transaction.update_details(submitted_sale(gateway, "10.00").id, values)
    assert errors_of(result) == [("transaction", attribute, code)]


@pytest.mark.parametrize("make", [sell, settled_sale])
def test_only_a_submitted_sale_can_be_changed(gateway, make):
    result = gateway.transaction.update_details(make(gateway).id, {"amount": "9.00"})
    assert errors_of(result) == [("transaction", "base", "915129")]


@covers("PUT /transactions/ID/adjust_authorization")
def test_an_authorization_can_be_raised_where_the_merchant_account_does_that(gateway, adjusting_account):
    card = {**CARD, "number": "5105105105105100"}
    sale = sell(gateway, "75.50", merchant_account_id=adjusting_account, credit_card=card)
    raised = succeed(gateway.transaction.adjust_authorization(sale.id, "85.50")).transaction
    assert (raised.status, raised.amount) == ("authorized", Decimal("85.50"))


def test_an_authorization_cannot_be_raised_by_other_processors(gateway):
    result = gateway.transaction.adjust_authorization(sell(gateway, "75.50").id, "85.50")
    assert errors_of(result) == [("transaction", "base", "915222")]


@covers("POST /transactions/ID/clone")
def test_a_sale_by_number_can_be_cloned(gateway):
    order_id = unique("order")
    sale = sell(gateway, "10.00", credit_card=CARD, order_id=order_id)
    clone = succeed(
        gateway.transaction.clone_transaction(
            sale.id, {"amount": "12.34", "channel": "Shop", "options": {"submit_for_settlement": "false"}}
        )
    ).transaction
    assert clone.id != sale.id
    assert (clone.amount, clone.status, clone.channel) == (Decimal("12.34"), "authorized", "Shop")
    assert (clone.order_id, clone.credit_card_details.last_4) == (order_id, "1111")


def test_not_every_transaction_can_be_cloned(gateway):
    credit = succeed(gateway.transaction.credit({"amount": "5.00", "credit_card": dict(CARD)})).transaction
    vaulted = sell(gateway, payment_method_token=make_card(gateway).token)
    declined = try_sale(gateway, "2000.00", credit_card=CARD).transaction
    change = {"amount": "1.00", "options": {"submit_for_settlement": "false"}}
    for transaction, code in ((credit, "91543"), (vaulted, "91540"), (declined, "91542")):
        result = gateway.transaction.clone_transaction(transaction.id, dict(change))
        assert errors_of(result) == [("transaction", "base", code)]


@covers("GET /transactions/ID/line_items")
def test_line_items_can_be_read_again_in_their_order(gateway):
    sale = sell(gateway, line_items=[ITEM, {**ITEM, "name": "Name #2", "kind": "credit"}])
    first, second = gateway.transaction_line_item.find_all(sale.id)
    assert {name: getattr(first, name) for name in ITEM} == ITEM
    assert (second.name, second.kind, second.description) == ("Name #2", "credit", None)
    assert gateway.transaction_line_item.find_all(sell(gateway).id) == []
