from decimal import Decimal

import pytest
from braintree import ErrorCodes

from .factories import errors_of, make_card, sell, succeed, try_sale

CODES = ErrorCodes.Transaction
CARD = {"number": "5105105105105100", "expiration_date": "05/2099"}
NOT_SUBMITTED = {"amount": "123.45", "options": {"submit_for_settlement": False}}


def test_a_sale_can_be_made_again_with_another_amount(gateway):
    sale = sell(
        gateway,
        "100.00",
        order_id="123",
        channel="Old",
        credit_card=CARD,
        customer={"first_name": "Dan"},
        billing={"first_name": "Carl"},
        shipping={"first_name": "Andrew"},
    )
    clone = succeed(
        gateway.transaction.clone_transaction(
            sale.id,
            {"amount": "123.45", "channel": "Shop", "options": {"submit_for_settlement": False}},
        )
    ).transaction
    assert clone.id != sale.id
    assert (clone.type, clone.status, clone.amount) == ("sale", "authorized", Decimal("123.45"))
    assert (clone.order_id, clone.channel) == ("123", "Shop")
    assert clone.credit_card_details.masked_number == sale.credit_card_details.masked_number
    assert clone.credit_card_details.expiration_date == "05/2099"
    assert clone.customer_details.first_name == "Dan"
    assert (clone.billing_details.first_name, clone.shipping_details.first_name) == ("Carl", "Andrew")
    assert clone.processor_authorization_code != sale.processor_authorization_code
    assert len(clone.status_history) == 1


def test_a_clone_can_be_submitted_at_once(gateway):
    sale = sell(gateway, credit_card=CARD)
    params = {"amount": "5.00", "options": {"submit_for_settlement": True}}
    clone = succeed(gateway.transaction.clone_transaction(sale.id, params)).transaction
    assert clone.status == "submitted_for_settlement"


def test_a_clone_can_be_declined(gateway):
    sale = sell(gateway, credit_card=CARD)
    params = {"amount": "2001.00", "options": {"submit_for_settlement": True}}
    result = gateway.transaction.clone_transaction(sale.id, params)
    assert errors_of(result) == []
    assert result.transaction.status == "processor_declined"


def test_not_everything_can_be_cloned(gateway):
    values = {"amount": "1.00", "credit_card": CARD}
    credit = succeed(gateway.transaction.credit(dict(values))).transaction
    declined = try_sale(gateway, "2000.00", credit_card=CARD).transaction
    vaulted = sell(gateway, payment_method_token=make_card(gateway).token)
    for transaction, code in (
        (credit, CODES.CannotCloneCredit),
        (declined, CODES.CannotCloneUnsuccessfulTransaction),
        (vaulted, CODES.CannotCloneTransactionWithVaultCreditCard),
    ):
        result = gateway.transaction.clone_transaction(transaction.id, dict(NOT_SUBMITTED))
        assert errors_of(result) == [("transaction", "base", code)]


@pytest.mark.parametrize(
    ("params", "path", "attribute", "code"),
    [
        ({**NOT_SUBMITTED, "amount": None}, "transaction", "amount", CODES.AmountIsRequired),
        ({**NOT_SUBMITTED, "amount": "-1"}, "transaction", "amount", CODES.AmountCannotBeNegative),
        ({**NOT_SUBMITTED, "channel": "x" * 256}, "transaction", "channel", CODES.ChannelIsTooLong),
        (
            {"amount": "1.00"},
            "transaction.options",
            "submit_for_settlement",
            CODES.Options.SubmitForSettlementIsRequiredForCloning,
        ),
    ],
)
def test_what_is_wrong_with_a_clone_is_told(gateway, params, path, attribute, code):
    sale = sell(gateway, credit_card=CARD)
    result = gateway.transaction.clone_transaction(sale.id, params)
    assert errors_of(result) == [(path, attribute, code)]
