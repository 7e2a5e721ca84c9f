from datetime import datetime
from decimal import Decimal

import pytest

from .factories import CARD, errors_of, make_card, make_customer, sell, submitted_sale, try_sale, unique
from .rows import covers

TYPES = {
    "id": str,
    "graphql_id": str,
    "status": str,
    "type": str,
    "amount": Decimal,
    "currency_iso_code": str,
    "merchant_account_id": str,
    "order_id": str,
    "created_at": datetime,
    "updated_at": datetime,
    "authorization_expires_at": datetime,
    "processor_response_code": str,
    "processor_response_text": str,
    "processor_response_type": str,
    "processor_authorization_code": str,
    "network_transaction_id": str,
    "network_response_code": str,
    "avs_postal_code_response_code": str,
    "avs_street_address_response_code": str,
    "cvv_response_code": str,
    "payment_instrument_type": str,
    "recurring": bool,
    "retried": bool,
    "tax_exempt": bool,
    "is_disbursed": bool,
    "refund_ids": list,
    "partial_settlement_transaction_ids": list,
    "retry_ids": list,
    "status_history": list,
    "disputes": list,
    "add_ons": list,
    "discounts": list,
}
EMPTY = (
    "gateway_rejection_reason",
    "additional_processor_response",
    "refund_id",
    "refunded_transaction_id",
    "authorized_transaction_id",
    "settlement_batch_id",
    "acquirer_reference_number",
    "avs_error_response_code",
    "channel",
    "purchase_order_number",
    "tax_amount",
    "discount_amount",
    "shipping_amount",
    "three_d_secure_info",
    "merchant_advice_code",
)


@covers("POST /transactions", "GET /transactions/ID")
def test_a_sale_shows_all_that_an_application_reads(gateway):
    sale = sell(gateway, "10.50")
    for shown in (sale, gateway.transaction.find(sale.id)):
        for name, kind in TYPES.items():
            assert type(getattr(shown, name)) is kind, name
        for name in EMPTY:
            assert getattr(shown, name) is None, name
        assert (shown.id, shown.type, shown.status) == (sale.id, "sale", "authorized")
        assert (shown.amount, shown.order_id) == (Decimal("10.50"), sale.order_id)
        assert (shown.processor_response_code, shown.processor_response_text) == ("1000", "Approved")
        assert shown.processor_response_type == "approved"
        assert shown.payment_instrument_type == "credit_card"
        assert shown.created_at.tzinfo is None
        assert shown.created_at.microsecond == 0
        assert shown.created_at < shown.authorization_expires_at
        assert shown.vault_customer is shown.vault_credit_card is None


def test_the_objects_of_a_sale_are_there_though_nothing_is_in_them(gateway):
    sale = sell(gateway)
    assert sale.customer_details.id is None
    assert sale.credit_card_details.token is None
    assert sale.billing_details.id is sale.billing_details.postal_code is None
    assert sale.shipping_details.id is sale.shipping_details.postal_code is None
    assert sale.descriptor.name is None
    assert sale.disbursement_details.disbursement_date is None
    assert not sale.custom_fields


def test_the_history_of_a_sale_tells_status_amount_and_time(gateway):
    sale = submitted_sale(gateway)
    first, second = gateway.transaction.find(sale.id).status_history
    assert (first.status, second.status) == ("authorized", "submitted_for_settlement")
    assert (first.amount, second.amount) == (Decimal("10.00"), Decimal("10.00"))
    assert first.timestamp <= second.timestamp
    assert first.transaction_source


def test_a_sale_charges_a_card_of_the_vault(gateway):
    customer = make_customer(gateway, first_name="Ann", last_name="Lee", email="ann@example.com")
    card = make_card(gateway, customer, cardholder_name="Ann Lee", billing_address={"postal_code": "12345"})
    sale = sell(gateway, payment_method_token=card.token)
    assert (sale.customer_details.id, sale.customer_details.email) == (customer.id, "ann@example.com")
    assert sale.credit_card_details.token == card.token
    assert sale.credit_card_details.cardholder_name == "Ann Lee"
    assert sale.billing_details.postal_code == "12345"
    assert (sale.vault_customer.id, sale.vault_credit_card.token) == (customer.id, card.token)


def test_a_sale_to_a_customer_charges_the_default_card(gateway):
    customer = make_customer(gateway)
    make_card(gateway, customer)
    default = make_card(gateway, customer, options={"make_default": True})
    assert sell(gateway, customer_id=customer.id).credit_card_details.token == default.token


def test_a_sale_by_number_shows_the_card_masked(gateway):
    card = sell(gateway, credit_card={**CARD, "cardholder_name": "A B"}).credit_card_details
    assert (card.bin, card.last_4, card.card_type) == ("411111", "1111", "Visa")
    assert card.masked_number.startswith("411111")
    assert card.masked_number.endswith("1111")
    assert len(card.masked_number) == 16
    assert "*" in card.masked_number
    assert (card.expiration_month, card.expiration_year) == ("05", "2099")
    assert (card.expiration_date, card.cardholder_name) == ("05/2099", "A B")


def test_an_expired_card_is_charged_all_the_same(gateway):
    sale = sell(gateway, credit_card={**CARD, "expiration_date": "05/2010"})
    assert sale.credit_card_details.expiration_date == "05/2010"


def test_a_sale_shows_what_it_was_given(gateway):
    sale = sell(
        gateway,
        channel="Shop",
        purchase_order_number="po-1",
        tax_amount="1.50",
        shipping_amount="2.00",
        discount_amount="0.50",
        ships_from_postal_code="60601",
        customer={"first_name": "Zoë", "last_name": "O'Neil <&>", "email": "zoe@example.com"},
        billing={"first_name": "Carl", "street_address": "1 E Main St", "country_code_alpha2": "US"},
        shipping={"company": "Ünïcode GmbH", "postal_code": "60103"},
    )
    assert (sale.channel, sale.purchase_order_number) == ("Shop", "po-1")
    assert (sale.tax_amount, sale.shipping_amount) == (Decimal("1.50"), Decimal("2.00"))
    assert (sale.discount_amount, sale.ships_from_postal_code) == (Decimal("0.50"), "60601")
    assert (sale.customer_details.first_name, sale.customer_details.last_name) == ("Zoë", "O'Neil <&>")
    assert (sale.billing_details.first_name, sale.billing_details.street_address) == ("Carl", "1 E Main St")
    assert sale.billing_details.country_name == "United States of America"
    assert (sale.shipping_details.company, sale.shipping_details.postal_code) == ("Ünïcode GmbH", "60103")


def test_a_sale_can_go_to_another_merchant_account(gateway, other_account):
    assert sell(gateway, merchant_account_id=other_account).merchant_account_id == other_account


def test_a_sale_keeps_a_custom_field(gateway, custom_field):
    sale = sell(gateway, custom_fields={custom_field: "a value"})
    assert gateway.transaction.find(sale.id).custom_fields == {custom_field: "a value"}
    result = try_sale(gateway, custom_fields={unique("unheard"): "x"})
    assert [code for *_, code in errors_of(result)] == ["91526"]


def test_the_card_of_a_sale_can_be_kept(gateway):
    customer_id, token = unique("customer"), unique("card")
    sale = sell(
        gateway,
        credit_card={**CARD, "token": token},
        customer={"id": customer_id, "first_name": "Dan"},
        options={"store_in_vault": True},
    )
    assert (sale.customer_details.id, sale.credit_card_details.token) == (customer_id, token)
    assert gateway.payment_method.find(token).customer_id == customer_id


def test_the_card_of_a_declined_sale_is_not_kept_where_success_was_asked_for(gateway):
    options = {"store_in_vault_on_success": True}
    sale = try_sale(gateway, "2000.00", options=options).transaction
    assert sale.credit_card_details.token is None
    assert sell(gateway, options=options).credit_card_details.token


@pytest.mark.parametrize(
    ("source", "recurring"),
    [("recurring_first", True), ("recurring", True), ("unscheduled", False), ("moto", False)],
)
def test_the_source_of_a_sale_tells_whether_it_is_recurring(gateway, source, recurring):
    assert sell(gateway, transaction_source=source).recurring is recurring


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (None, "81502"),
        ("", "81502"),
        ("-1.00", "81501"),
        ("abc", "81503"),
        ("1.001", "81503"),
        ("0.00", "81531"),
        ("99999999999.00", "81528"),
    ],
)
@covers("81501", "81502", "81503", "81528", "81531")
def test_a_wrong_amount_is_refused(gateway, amount, code):
    result = try_sale(gateway, amount)
    assert errors_of(result) == [("transaction", "amount", code)]
    assert result.transaction is None
    assert result.params["transaction"]["amount"] == (amount or None)


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"order_id": "x" * 256}, "order_id", "91501"),
        ({"merchant_account_id": "no_such_account"}, "merchant_account_id", "91513"),
        ({"transaction_source": "no_such_source"}, "transaction_source", "915133"),
        ({"payment_method_token": "nosuchtoken"}, "payment_method_token", "91518"),
        ({"customer_id": "no-such-customer"}, "customer_id", "91510"),
        ({"payment_method_nonce": "no-such-nonce"}, "payment_method_nonce", "91565"),
        ({"payment_method_nonce": "fake-consumed-nonce"}, "payment_method_nonce", "91564"),
    ],
)
@covers("91501", "91513", "915133", "91518", "91510", "91565", "91564")
def test_what_is_wrong_with_a_sale_is_told_where_it_is(gateway, values, attribute, code):
    assert errors_of(try_sale(gateway, **values)) == [("transaction", attribute, code)]


@covers("91511")
def test_a_customer_without_a_card_cannot_be_charged(gateway):
    result = try_sale(gateway, customer_id=make_customer(gateway).id)
    assert errors_of(result) == [("transaction", "customer_id", "91511")]


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"number": "4111111111111112"}, "number", "81715"),
        ({"number": "411"}, "number", "81716"),
        ({"expiration_date": "13/2030"}, "expiration_date", "81710"),
    ],
)
@covers("81715", "81716", "81710")
def test_a_wrong_card_is_told_below_the_sale(gateway, values, attribute, code):
    result = try_sale(gateway, credit_card={**CARD, **values})
    assert errors_of(result) == [("transaction.credit_card", attribute, code)]


@covers("91524")
def test_a_transaction_needs_a_type(gateway):
    values = {"amount": "10.00", "payment_method_nonce": "fake-valid-nonce"}
    result = gateway.transaction.create(dict(values))
    assert errors_of(result) == [("transaction", "type", "91524")]
