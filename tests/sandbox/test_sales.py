from decimal import Decimal

import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError

from .factories import (
    errors_of,
    make_card,
    make_customer,
    make_numbered_card,
    sell,
    submitted_sale,
    succeed,
    try_sale,
    unique,
)

CODES = ErrorCodes.Transaction
CARD = {"number": "4111111111111111", "expiration_date": "05/2099"}


def test_a_sale_is_authorized_and_can_be_found(gateway):
    order_id = unique("order")
    sale = sell(gateway, "10.50", order_id=order_id)
    for shown in (sale, gateway.transaction.find(sale.id)):
        assert (shown.type, shown.status, shown.amount) == ("sale", "authorized", Decimal("10.50"))
        assert shown.order_id == order_id
        assert (shown.currency_iso_code, shown.merchant_account_id) == ("USD", "sandbox_credit_card")
        assert (shown.processor_response_code, shown.processor_response_type) == ("1000", "approved")
        assert shown.processor_response_text == "Approved"
        assert len(shown.processor_authorization_code) == 6
        assert (shown.network_response_code, shown.network_response_text) == (
            "XX",
            "sample network response text",
        )
        assert (shown.authorization_expires_at - shown.created_at).days == 7
        assert shown.payment_instrument_type == "credit_card"
        assert shown.graphql_id
        assert shown.refund_ids == shown.partial_settlement_transaction_ids == shown.retry_ids == []
        assert shown.recurring is shown.retried is shown.tax_exempt is shown.partially_authorized is False
        assert shown.is_disbursed is False
        assert shown.vault_credit_card is shown.vault_customer is None
        assert shown.line_items == []
        assert shown.custom_fields == ""
        for empty in (
            "gateway_rejection_reason",
            "additional_processor_response",
            "refund_id",
            "refunded_transaction_id",
            "settlement_batch_id",
            "merchant_advice_code",
            "three_d_secure_info",
            "authorized_transaction_id",
            "acquirer_reference_number",
        ):
            assert getattr(shown, empty) is None


def test_a_sale_can_be_submitted_for_settlement_at_once(gateway):
    sale = submitted_sale(gateway)
    assert sale.status == "submitted_for_settlement"
    history = gateway.transaction.find(sale.id).status_history
    assert [event.status for event in history] == ["authorized", "submitted_for_settlement"]
    assert [event.amount for event in history] == [Decimal("10.00")] * 2
    assert history[0].timestamp == sale.created_at


def test_a_sale_charges_a_card_in_the_vault(gateway):
    customer = make_customer(gateway, first_name="Ann", email="ann@example.com")
    card = make_card(
        gateway, customer, cardholder_name="Ann Lee", billing_address={"postal_code": "12345", "region": "IL"}
    )
    sale = sell(gateway, payment_method_token=card.token)
    assert sale.credit_card_details.token == card.token
    assert sale.credit_card_details.masked_number == "40128888****1881"
    assert sale.credit_card_details.cardholder_name == "Ann Lee"
    assert (sale.customer_details.id, sale.customer_details.first_name) == (customer.id, "Ann")
    assert (sale.billing_details.id, sale.billing_details.region) == (card.billing_address.id, "IL")
    assert sale.vault_credit_card.token == card.token
    assert sale.vault_customer.id == customer.id


def test_a_sale_keeps_what_it_was_made_with_when_the_card_changes(gateway):
    customer = make_customer(gateway, first_name="Before")
    card = make_card(gateway, customer)
    sale = sell(gateway, payment_method_token=card.token)
    gateway.payment_method.update(card.token, {"number": "378282246310005", "cvv": "1234"})
    gateway.customer.update(customer.id, {"first_name": "After"})
    found = gateway.transaction.find(sale.id)
    assert (found.credit_card_details.last_4, found.customer_details.first_name) == ("1881", "Before")


def test_a_sale_to_a_customer_charges_the_default_card(gateway):
    customer = make_customer(gateway)
    make_card(gateway, customer)
    default = make_card(gateway, customer, options={"make_default": True})
    assert sell(gateway, customer_id=customer.id).credit_card_details.token == default.token


def test_a_sale_charges_a_card_by_its_number(gateway):
    sale = sell(gateway, credit_card={**CARD, "cardholder_name": "A B"})
    assert sale.credit_card_details.masked_number == "41111111****1111"
    assert sale.credit_card_details.expiration_date == "05/2099"
    assert sale.credit_card_details.token is None
    assert sale.customer_details.id is None
    assert sale.billing_details.id is None


def test_an_expired_card_is_charged_all_the_same(gateway):
    assert sell(gateway, credit_card={**CARD, "expiration_date": "05/2010"}).credit_card_details.is_expired


def test_a_sale_shows_what_it_was_given(gateway):
    sale = sell(
        gateway,
        merchant_account_id="sandbox_credit_card_non_default",
        channel="Shop <&>",
        purchase_order_number="po-1",
        tax_amount="1.5",
        tax_exempt=True,
        discount_amount=None,
        shipping_amount="0",
        customer={"first_name": "Dan", "email": "dan@example.com"},
        billing={"first_name": "Carl", "postal_code": "60622"},
        shipping={"first_name": "Andrew", "postal_code": "60103"},
        descriptor={"name": "abc*def", "phone": "1234567890", "url": "ebay.com"},
        custom_fields={"store_me": "a value"},
    )
    assert sale.merchant_account_id == "sandbox_credit_card_non_default"
    assert (sale.channel, sale.purchase_order_number, sale.tax_exempt) == ("Shop <&>", "po-1", True)
    assert (sale.tax_amount, sale.shipping_amount, sale.discount_amount) == (
        Decimal("1.50"),
        Decimal("0.00"),
        None,
    )
    assert (sale.customer_details.first_name, sale.customer_details.email) == ("Dan", "dan@example.com")
    assert (sale.billing_details.first_name, sale.shipping_details.first_name) == ("Carl", "Andrew")
    assert (sale.descriptor.name, sale.descriptor.phone, sale.descriptor.url) == (
        "abc*def",
        "1234567890",
        "ebay.com",
    )
    assert sale.custom_fields == {"store_me": "a value"}


def test_line_items_can_be_read_again(gateway):
    item = {
        "quantity": "1.02",
        "name": "Name #1",
        "kind": "debit",
        "unit_amount": "45.12",
        "total_amount": "45.15",
    }
    (found,) = sell(gateway, line_items=[item]).line_items
    assert (found.name, found.total_amount, found.url) == ("Name #1", "45.15", None)


@pytest.mark.parametrize(
    ("source", "recurring"),
    [("recurring", True), ("recurring_first", True), ("unscheduled", False), ("moto", False)],
)
def test_the_source_tells_whether_a_sale_is_recurring(gateway, source, recurring):
    assert sell(gateway, transaction_source=source).recurring is recurring


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (None, CODES.AmountIsRequired),
        ("", CODES.AmountIsRequired),
        ("-1.00", CODES.AmountCannotBeNegative),
        ("abc", CODES.AmountIsInvalid),
        ("1.001", CODES.AmountIsInvalid),
        ("1,000.00", CODES.AmountIsInvalid),
        ("0.00", CODES.AmountMustBeGreaterThanZero),
        ("99999999999.00", CODES.AmountIsTooLarge),
    ],
)
def test_a_wrong_amount_is_refused(gateway, amount, code):
    result = try_sale(gateway, amount)
    assert errors_of(result) == [("transaction", "amount", code)]
    assert result.transaction is None
    assert result.params["transaction"]["amount"] == (amount or None)


@pytest.mark.parametrize(
    ("amount", "shown"), [("5", "5.00"), ("5.5", "5.50"), (7, "7.00"), (Decimal("1.1"), "1.10")]
)
def test_an_amount_may_be_written_in_several_ways(gateway, amount, shown):
    assert str(sell(gateway, amount).amount) == shown


@pytest.mark.parametrize(
    ("values", "path", "attribute", "code"),
    [
        ({"order_id": "x" * 256}, "transaction", "order_id", CODES.OrderIdIsTooLong),
        (
            {"merchant_account_id": "x"},
            "transaction",
            "merchant_account_id",
            CODES.MerchantAccountIdIsInvalid,
        ),
        ({"transaction_source": "x"}, "transaction", "transaction_source", CODES.TransactionSourceIsInvalid),
        ({"tax_amount": "x"}, "transaction", "tax_amount", CODES.TaxAmountFormatIsInvalid),
        ({"tax_amount": "-1"}, "transaction", "tax_amount", CODES.TaxAmountCannotBeNegative),
        ({"discount_amount": "9" * 20}, "transaction", "discount_amount", CODES.DiscountAmountIsTooLarge),
        (
            {"payment_method_token": "x"},
            "transaction",
            "payment_method_token",
            CODES.PaymentMethodTokenIsInvalid,
        ),
        ({"customer_id": "x"}, "transaction", "customer_id", CODES.CustomerIdIsInvalid),
        (
            {"credit_card": CARD, "payment_method_token": "x"},
            "transaction",
            "base",
            CODES.PaymentMethodConflict,
        ),
        (
            {"credit_card": {**CARD, "number": "4111111111111112"}},
            "transaction.credit_card",
            "number",
            ErrorCodes.CreditCard.NumberIsInvalid,
        ),
        (
            {"credit_card": {"number": CARD["number"]}},
            "transaction.credit_card",
            "expiration_date",
            ErrorCodes.CreditCard.ExpirationDateIsRequired,
        ),
        (
            {"customer": {"email": "wrong"}},
            "transaction.customer",
            "email",
            ErrorCodes.Customer.EmailIsInvalid,
        ),
        (
            {"billing": {"company": "x" * 256}},
            "transaction.billing",
            "company",
            ErrorCodes.Address.CompanyIsTooLong,
        ),
        (
            {"shipping": {"extended_address": "x" * 256}},
            "transaction.shipping",
            "extended_address",
            ErrorCodes.Address.ExtendedAddressIsTooLong,
        ),
        (
            {"billing_address_id": "x"},
            "transaction",
            "billing_address_id",
            ErrorCodes.CreditCard.BillingAddressIdIsInvalid,
        ),
    ],
)
def test_what_is_wrong_with_a_sale_is_told(gateway, values, path, attribute, code):
    order = {"order_id": unique("order")}
    result = try_sale(gateway, **{**order, **values})
    assert errors_of(result) == [(path, attribute, code)]
    assert "number" not in str(result.params)


def test_wrong_addresses_are_told_along_with_a_wrong_card(gateway):
    result = try_sale(
        gateway,
        amount=None,
        billing={"country_name": "Nowhere"},
        shipping={"shipping_method": "by pigeon"},
        credit_card={"number": "4111111111111112", "expiration_date": "05/2099"},
    )
    assert errors_of(result) == [
        ("transaction", "amount", CODES.AmountIsRequired),
        ("transaction.credit_card", "number", ErrorCodes.CreditCard.NumberIsInvalid),
        ("transaction.billing", "country_name", ErrorCodes.Address.CountryNameIsNotAccepted),
        ("transaction.shipping", "shipping_method", CODES.ShippingMethodIsInvalid),
    ]


def test_several_errors_are_told_together(gateway):
    result = try_sale(gateway, "wrong", credit_card={"number": "invalid"}, order_id="x" * 256)
    assert errors_of(result) == [
        ("transaction", "amount", CODES.AmountIsInvalid),
        ("transaction", "order_id", CODES.OrderIdIsTooLong),
        ("transaction.credit_card", "number", ErrorCodes.CreditCard.NumberHasInvalidLength),
        ("transaction.credit_card", "expiration_date", ErrorCodes.CreditCard.ExpirationDateIsRequired),
    ]
    assert result.message.count("\n") == 3
    assert len(result.errors.deep_errors) == 4


def test_a_sale_needs_something_to_charge(gateway):
    result = gateway.transaction.sale({"amount": "10.00"})
    assert errors_of(result) == [("transaction", "base", CODES.CreditCardIsRequired)]
    customer = make_customer(gateway)
    result = try_sale(gateway, customer_id=customer.id)
    assert errors_of(result) == [("transaction", "customer_id", CODES.CustomerDoesNotHaveCreditCard)]


def test_a_card_is_not_charged_for_another_customer(gateway):
    card, other = make_card(gateway), make_customer(gateway)
    result = try_sale(gateway, customer_id=other.id, payment_method_token=card.token)
    assert errors_of(result) == [("transaction", "base", CODES.PaymentMethodDoesNotBelongToCustomer)]
    sell(gateway, customer_id=card.customer_id, payment_method_token=card.token)


def test_a_transaction_is_a_sale_or_a_credit(gateway):
    values = {"amount": "10.00", "payment_method_nonce": "fake-valid-nonce"}
    result = gateway.transaction.create(dict(values))
    assert errors_of(result) == [("transaction", "type", CODES.TypeIsRequired)]
    result = gateway.transaction.create({**values, "type": "gift"})
    assert errors_of(result) == [("transaction", "type", CODES.TypeIsInvalid)]
    credit = succeed(gateway.transaction.credit(dict(values))).transaction
    assert (credit.type, credit.status) == ("credit", "submitted_for_settlement")
    assert credit.authorization_expires_at is None


def test_the_billing_address_can_be_one_of_the_vault(gateway):
    card = make_card(gateway, billing_address={"locality": "Oslo", "postal_code": "20000"})
    plain = make_card(gateway, gateway.customer.find(card.customer_id))
    address = {"billing_address_id": card.billing_address.id}
    sale = sell(gateway, payment_method_token=plain.token, **address)
    assert sale.billing_details.locality == "Oslo"
    assert sale.avs_postal_code_response_code == "N"
    result = try_sale(gateway, payment_method_token=plain.token, billing={"locality": "Rome"}, **address)
    assert errors_of(result) == [("transaction", "base", CODES.BillingAddressConflict)]


@pytest.mark.parametrize(
    ("cvv", "answer"), [("200", "N"), ("201", "U"), ("301", "S"), ("123", "M"), (None, "I")]
)
def test_the_cvv_is_compared(gateway, cvv, answer):
    assert sell(gateway, credit_card={**CARD, "cvv": cvv}).cvv_response_code == answer
    token = make_numbered_card(gateway).token
    sale = sell(gateway, payment_method_token=token, credit_card={"cvv": cvv})
    assert sale.cvv_response_code == answer


@pytest.mark.parametrize(
    ("street", "postal_code", "street_answer", "postal_answer", "error"),
    [
        ("1 Main St", "12345", "M", "M", None),
        ("200 Main St", "20000", "N", "N", None),
        ("201 Main St", "20001", "U", "U", None),
        (None, None, "I", "I", None),
        ("1 Main St", "30000", "M", "M", "E"),
        ("1 Main St", "30001", "M", "M", "S"),
    ],
)
def test_the_address_is_compared(gateway, street, postal_code, street_answer, postal_answer, error):
    sale = sell(gateway, billing={"street_address": street, "postal_code": postal_code})
    assert sale.avs_street_address_response_code == street_answer
    assert sale.avs_postal_code_response_code == postal_answer
    assert sale.avs_error_response_code == error


def test_the_card_of_a_sale_can_be_kept_with_a_new_customer(gateway):
    customer_id, token = unique("customer"), unique("card")
    sale = sell(
        gateway,
        credit_card={**CARD, "token": token},
        customer={"id": customer_id, "first_name": "Dan"},
        billing={"postal_code": "60622"},
        options={"store_in_vault": True, "add_billing_address_to_payment_method": True},
    )
    assert (sale.customer_details.id, sale.credit_card_details.token) == (customer_id, token)
    kept = gateway.payment_method.find(token)
    assert (kept.customer_id, kept.billing_address.postal_code) == (customer_id, "60622")
    assert gateway.customer.find(customer_id).first_name == "Dan"


def test_the_card_of_a_sale_can_be_kept_with_a_customer_that_is_there(gateway):
    customer = make_customer(gateway, first_name="Ann")
    sale = sell(
        gateway,
        customer_id=customer.id,
        payment_method_nonce="fake-valid-nonce",
        options={"store_in_vault_on_success": True},
    )
    assert sale.customer_details.first_name == "Ann"
    (kept,) = gateway.customer.find(customer.id).credit_cards
    assert kept.token == sale.credit_card_details.token


def test_the_card_of_a_declined_sale_is_kept_only_by_store_in_vault(gateway):
    options = {"options": {"store_in_vault_on_success": True}}
    result = try_sale(gateway, "2000.00", payment_method_nonce="fake-valid-nonce", **options)
    assert result.transaction.credit_card_details.token is None
    options = {"options": {"store_in_vault": True}}
    result = try_sale(gateway, "2000.00", payment_method_nonce="fake-valid-nonce", **options)
    assert gateway.payment_method.find(result.transaction.credit_card_details.token)


def test_the_card_of_a_sale_is_not_kept_under_an_id_or_token_in_use(gateway):
    card = make_card(gateway)
    result = try_sale(
        gateway,
        credit_card={**CARD, "token": card.token},
        customer={"id": card.customer_id},
        options={"store_in_vault": True},
    )
    assert errors_of(result) == [
        ("transaction.credit_card", "token", ErrorCodes.CreditCard.TokenIsInUse),
        ("transaction.customer", "id", ErrorCodes.Customer.IdIsInUse),
    ]


def test_an_unknown_transaction_is_not_found(gateway):
    for missing in (
        lambda: gateway.transaction.find("nope"),
        lambda: gateway.transaction.void("nope"),
        lambda: gateway.transaction.refund("nope"),
        lambda: gateway.transaction.submit_for_settlement("nope"),
        lambda: gateway.testing.settle_transaction("nope"),
    ):
        with pytest.raises(NotFoundError):
            missing()
