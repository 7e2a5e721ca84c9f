from decimal import Decimal

import pytest
from braintree import Address, ErrorCodes

from .factories import errors_of, make_card, make_customer, sell, submitted_sale, succeed, try_sale, unique

CODES = ErrorCodes.Transaction
CARD = {"number": "4111111111111111", "expiration_date": "05/2099"}
LODGING = {
    "folio_number": "ABCDEFG",
    "check_in_date": "2014-06-01",
    "check_out_date": "2014-06-05",
    "room_rate": "170.00",
    "room_tax": "30.00",
    "no_show": "false",
    "advanced_deposit": "false",
    "fire_safe": "true",
    "property_phone": "1111111111",
    "additional_charges": [
        {"kind": "telephone", "amount": "50.00"},
        {"kind": "other", "amount": "150.00"},
    ],
}
CRUISE = {
    "travel_package": "flight",
    "departure_date": "2014-07-01",
    "lodging_check_in_date": "2014-07-07",
    "lodging_check_out_date": "2014-07-14",
    "lodging_name": "Royal Caribbean",
}
LEG = {
    "conjunction_ticket": "CJ0001",
    "coupon_number": "1",
    "service_class": "Y",
    "carrier_code": "AA",
    "fare_basis_code": "W",
    "flight_number": "AA100",
    "departure_date": "2018-01-02",
    "departure_airport_code": "MDW",
    "departure_time": "08:00",
    "arrival_airport_code": "ATX",
    "arrival_time": "10:00",
    "stopover_permitted": False,
    "fare_amount": "50.00",
    "fee_amount": "5.00",
    "tax_amount": "10.00",
}
FLIGHT = {
    "passenger_first_name": "John",
    "passenger_middle_initial": "M",
    "issued_date": "2018-01-01",
    "ticket_number": "ticket-number",
    "issuing_carrier_code": "AA",
    "customer_code": "customer-code",
    "fare_amount": "70.00",
    "fee_amount": "10.00",
    "tax_amount": "20.00",
    "restricted_ticket": False,
    "legs": [LEG, LEG],
}


def industry(kind, data, **changes):
    return {"industry": {"industry_type": kind, "data": {**data, **changes}}}


def test_a_sale_can_say_everything_there_is_to_say(gateway):
    sale = sell(
        gateway,
        "100.00",
        order_id="123",
        product_sku="productsku01",
        channel="MyShoppingCartProvider",
        exchange_rate_quote_id="quote-1",
        processing_merchant_category_code="5411",
        credit_card={**CARD, "cardholder_name": "The Cardholder", "cvv": "123"},
        customer={"first_name": "Dan", "phone": "419-555-1234", "website": "http://braintreepayments.com"},
        billing={
            "first_name": "Carl",
            "country_name": "United States of America",
            "country_code_alpha2": "US",
            "country_code_alpha3": "USA",
            "country_code_numeric": "840",
            "phone_number": "312-555-1237",
            "postal_code": "60622",
            "street_address": "123 E Main St",
        },
        shipping={
            "first_name": "Andrew",
            "country_code_alpha2": "MX",
            "phone_number": "312-555-1236",
            "shipping_method": Address.ShippingMethod.Electronic,
        },
        device_data="abc123",
        risk_data={"customer_browser": "IE7", "customer_ip": "192.168.0.1", "customer_tenure": "20"},
        external_vault={"status": "will_vault"},
        sca_exemption="low_value",
        foreign_retailer="true",
        installments={"count": 4},
        shipping_tax_amount="1.20",
        three_d_secure_pass_thru={
            "eci_flag": "02",
            "cavv": "some_cavv",
            "xid": "some_xid",
            "three_d_secure_version": "1.0.2",
            "authentication_response": "Y",
            "directory_response": "Y",
            "cavv_algorithm": "2",
        },
        options={"skip_advanced_fraud_checking": False},
    )
    assert (sale.avs_postal_code_response_code, sale.avs_street_address_response_code) == ("M", "M")
    assert sale.cvv_response_code == "M"
    assert sale.billing_details.country_code_numeric == "840"
    assert (sale.billing_details.phone_number, sale.shipping_details.phone_number) == (
        "312-555-1237",
        "312-555-1236",
    )
    assert (sale.shipping_details.country_name, sale.shipping_details.shipping_method) == (
        "Mexico",
        "electronic",
    )
    assert sale.customer_details.website == "http://braintreepayments.com"
    assert sale.sca_exemption_requested == "low_value"
    assert sale.foreign_retailer is True
    assert sale.installments == {"count": 4}
    assert sale.shipping_tax_amount == Decimal("1.20")
    assert sale.network_transaction_id
    assert sale.processed_with_network_token is False


def test_a_transfer_says_from_whom_to_whom(gateway):
    address = {"street_address": "1 Main St", "locality": "Sao Paulo", "country_code_alpha2": "BR"}
    person = {"first_name": "Alice", "last_name": "Silva", "tax_id": "12345678900", "address": address}
    sale = sell(
        gateway,
        transfer={"type": "wallet_transfer", "sender": person, "receiver": {**person, "first_name": "Bob"}},
        payment_facilitator={
            "payment_facilitator_id": "98765432109",
            "sub_merchant": {"reference_number": "123456789012345", "address": address},
        },
    )
    assert sale.account_funding_transaction is True
    assert (sale.transfer.type, sale.transfer.sender.first_name) == ("wallet_transfer", "Alice")
    assert sale.transfer.receiver.first_name == "Bob"
    assert sale.payment_facilitator.payment_facilitator_id == "98765432109"
    assert sell(gateway).account_funding_transaction is False


@pytest.mark.parametrize(("value", "shown"), [("true", True), ("false", False), (None, None)])
def test_a_retailer_says_whether_it_is_foreign(gateway, value, shown):
    assert sell(gateway, foreign_retailer=value).foreign_retailer is shown


@pytest.mark.parametrize("source", ["estimated", "installment", "installment_first", "merchant"])
def test_the_source_can_be_one_of_several(gateway, source):
    assert sell(gateway, transaction_source=source).recurring is False


def test_avs_and_cvv_can_be_skipped(gateway):
    values = {"billing": {"postal_code": "20000", "street_address": "200 Main"}}
    values["credit_card"] = {**CARD, "cvv": "200"}
    sale = sell(gateway, options={"skip_cvv": True}, **values)
    assert (sale.cvv_response_code, sale.avs_postal_code_response_code) == ("B", "N")
    sale = sell(gateway, options={"skip_avs": True}, **values)
    assert (sale.cvv_response_code, sale.avs_postal_code_response_code) == ("N", "B")
    assert (sale.avs_street_address_response_code, sale.avs_error_response_code) == ("B", None)


@pytest.mark.parametrize("vaulted", [{"status": "vaulted"}, {"status": "will_vault"}])
def test_a_card_may_be_in_another_vault(gateway, vaulted):
    sell(gateway, external_vault=vaulted, credit_card=CARD)
    known = {"status": "vaulted", "previous_network_transaction_id": "123456789012345"}
    sell(gateway, external_vault=known, credit_card=CARD)


def test_a_number_may_be_one_that_the_network_issued(gateway):
    attributes = {"cryptogram": "/wAAAAwAcb8AlGUF/1JQgAAAAAA=", "ecommerce_indicator": "05"}
    sale = sell(gateway, credit_card={**CARD, "network_tokenization_attributes": attributes})
    assert sale.processed_with_network_token is True
    attributes = {"ecommerce_indicator": "05"}
    result = try_sale(gateway, credit_card={**CARD, "network_tokenization_attributes": attributes})
    code = ErrorCodes.CreditCard.NetworkTokenizationAttributeCryptogramIsRequired
    assert errors_of(result) == [("transaction.credit_card", "network_tokenization_attributes", code)]


@pytest.mark.parametrize(
    "values",
    [
        industry("lodging", LODGING),
        industry("travel_cruise", CRUISE),
        industry("travel_flight", FLIGHT),
    ],
)
def test_a_sale_can_have_data_of_an_industry(gateway, values):
    sale = sell(gateway, **values)
    succeed(gateway.transaction.submit_for_settlement(sale.id, None, values))


@pytest.mark.parametrize(
    ("values", "path", "attribute", "code"),
    [
        ({"channel": "x" * 256}, "", "channel", CODES.ChannelIsTooLong),
        (
            {"exchange_rate_quote_id": "x" * 4001},
            "",
            "exchange_rate_quote_id",
            CODES.ExchangeRateQuoteIdIsTooLong,
        ),
        ({"product_sku": "product$ku!"}, "", "product_sku", CODES.ProductSkuIsInvalid),
        ({"sca_exemption": "invalid"}, "", "sca_exemption", CODES.ScaExemptionInvalid),
        *(
            (
                {"processing_merchant_category_code": given},
                "",
                "processing_merchant_category_code",
                CODES.ProcessingMerchantCategoryCodeIsInvalid,
            )
            for given in ("541", "54111", "54A1")
        ),
        (
            {"purchase_order_number": "a" * 18},
            "",
            "purchase_order_number",
            CODES.PurchaseOrderNumberIsTooLong,
        ),
        ({"purchase_order_number": "ßå∂"}, "", "purchase_order_number", CODES.PurchaseOrderNumberIsInvalid),
        ({"tax_amount": "2147483648"}, "", "tax_amount", CODES.TaxAmountIsTooLarge),
        ({"shipping_amount": "x"}, "", "shipping_amount", CODES.ShippingAmountFormatIsInvalid),
        ({"shipping_amount": "-1"}, "", "shipping_amount", CODES.ShippingAmountCannotBeNegative),
        ({"shipping_amount": "2147483648"}, "", "shipping_amount", CODES.ShippingAmountIsTooLarge),
        ({"discount_amount": "x"}, "", "discount_amount", CODES.DiscountAmountFormatIsInvalid),
        ({"discount_amount": "-1"}, "", "discount_amount", CODES.DiscountAmountCannotBeNegative),
        (
            {"ships_from_postal_code": "12345678901"},
            "",
            "ships_from_postal_code",
            CODES.ShipsFromPostalCodeIsTooLong,
        ),
        (
            {"ships_from_postal_code": "1$345"},
            "",
            "ships_from_postal_code",
            CODES.ShipsFromPostalCodeInvalidCharacters,
        ),
        ({"ships_from_postal_code": "--"}, "", "ships_from_postal_code", CODES.ShipsFromPostalCodeIsInvalid),
        (
            {"shipping": {"shipping_method": "urgent"}},
            ".shipping",
            "shipping_method",
            CODES.ShippingMethodIsInvalid,
        ),
        (
            {"shipping": {"phone_number": "122-555-1236-123456"}},
            ".shipping",
            "phone_number",
            CODES.ShippingPhoneNumberIsInvalid,
        ),
        (
            {"billing": {"phone_number": "122-555-1237-123456"}},
            ".billing",
            "phone_number",
            CODES.BillingPhoneNumberIsInvalid,
        ),
        ({"shipping_address_id": "x"}, "", "shipping_address_id", CODES.ShippingAddressDoesntMatchCustomer),
        (
            {"billing": {"country_name": "zzzzzz"}},
            ".billing",
            "country_name",
            ErrorCodes.Address.CountryNameIsNotAccepted,
        ),
        (
            {"descriptor": {"name": "badcompanyname12*badproduct12"}},
            ".descriptor",
            "name",
            ErrorCodes.Descriptor.NameFormatIsInvalid,
        ),
        (
            {"descriptor": {"phone": "%bad4445555"}},
            ".descriptor",
            "phone",
            ErrorCodes.Descriptor.PhoneFormatIsInvalid,
        ),
        (
            {"descriptor": {"url": "12345678901234"}},
            ".descriptor",
            "url",
            ErrorCodes.Descriptor.UrlFormatIsInvalid,
        ),
        ({"custom_fields": {"invalid_key": "x"}}, "", "custom_fields", CODES.CustomFieldIsInvalid),
        ({"custom_fields": {"store_me": "x" * 256}}, "", "custom_fields", CODES.CustomFieldIsTooLong),
        (
            {"risk_data": {"customer_device_id": "x" * 256}},
            ".risk_data",
            "customer_device_id",
            ErrorCodes.RiskData.CustomerDeviceIdIsTooLong,
        ),
        (
            {"risk_data": {"customer_tenure": "2" * 256}},
            ".risk_data",
            "customer_tenure",
            ErrorCodes.RiskData.CustomerTenureIsTooLong,
        ),
        *(
            ({"risk_data": {"customer_location_zip": given}}, ".risk_data", "customer_location_zip", code)
            for given, code in (
                ("912$4", ErrorCodes.RiskData.CustomerLocationZipInvalidCharacters),
                ("1234567890123", ErrorCodes.RiskData.CustomerLocationZipIsTooLong),
                ("---", ErrorCodes.RiskData.CustomerLocationZipIsInvalid),
            )
        ),
        *(
            ({"external_vault": given}, ".external_vault", attribute, code)
            for given, attribute, code in (
                ({"status": "bad value"}, "status", CODES.ExternalVault.StatusIsInvalid),
                (
                    {"status": "will_vault", "previous_network_transaction_id": "123456789012345"},
                    "status",
                    CODES.ExternalVault.StatusWithPreviousNetworkTransactionIdIsInvalid,
                ),
                (
                    {"status": "vaulted", "previous_network_transaction_id": "bad value"},
                    "previous_network_transaction_id",
                    CODES.ExternalVault.PreviousNetworkTransactionIdIsInvalid,
                ),
                (
                    {"status": "will_vault", "previous_mastercard_transaction_link_id": "link-1"},
                    "status",
                    "915278",
                ),
                (
                    {"status": "vaulted", "previous_mastercard_transaction_link_id": "bad value"},
                    "previous_mastercard_transaction_link_id",
                    "915279",
                ),
            )
        ),
        *(
            (
                {"three_d_secure_pass_thru": {"eci_flag": "02", "cavv": "c", **given}},
                ".three_d_secure_pass_thru",
                next(iter(given)),
                code,
            )
            for given, code in (
                ({"eci_flag": ""}, CODES.ThreeDSecureEciFlagIsRequired),
                ({"eci_flag": "bad_eci_flag"}, CODES.ThreeDSecureEciFlagIsInvalid),
                ({"cavv": ""}, CODES.ThreeDSecureCavvIsRequired),
                ({"authentication_response": "asdf"}, CODES.ThreeDSecureAuthenticationResponseIsInvalid),
                ({"directory_response": "asdf"}, CODES.ThreeDSecureDirectoryResponseIsInvalid),
                ({"cavv_algorithm": "asdf"}, CODES.ThreeDSecureCavvAlgorithmIsInvalid),
            )
        ),
    ],
)
def test_what_is_wrong_with_a_detail_is_told(shared_sandbox_gateway, values, path, attribute, code):
    result = try_sale(shared_sandbox_gateway, **values)
    assert errors_of(result) == [(f"transaction{path}", attribute, code)]


INDUSTRY = CODES.Industry


@pytest.mark.parametrize(
    ("values", "path", "attribute", "code"),
    [
        (industry("unknown", LODGING), "", "industry_type", INDUSTRY.IndustryTypeIsInvalid),
        (industry("lodging", {}), "", "industry_type", INDUSTRY.Lodging.EmptyData),
        (industry("travel_cruise", {}), "", "industry_type", INDUSTRY.TravelCruise.EmptyData),
        (industry("travel_flight", {}), "", "industry_type", INDUSTRY.TravelFlight.EmptyData),
        *(
            (industry("lodging", LODGING, **{name: given}), "", name, code)
            for name, given, code in (
                ("folio_number", "foo bar", INDUSTRY.Lodging.FolioNumberIsInvalid),
                ("check_in_date", "x", INDUSTRY.Lodging.CheckInDateIsInvalid),
                ("check_out_date", "x", INDUSTRY.Lodging.CheckOutDateIsInvalid),
                ("check_out_date", "2014-05-31", INDUSTRY.Lodging.CheckOutDateMustFollowCheckInDate),
                ("room_rate", "x", INDUSTRY.Lodging.RoomRateFormatIsInvalid),
                ("room_tax", "-1", INDUSTRY.Lodging.RoomTaxMustBeGreaterThanZero),
                ("no_show", "maybe", INDUSTRY.Lodging.NoShowIndicatorIsInvalid),
                ("property_phone", "x", INDUSTRY.Lodging.PropertyPhoneIsInvalid),
            )
        ),
        *(
            (
                industry("lodging", LODGING, additional_charges=[charge]),
                ".additional_charges.index_0",
                attribute,
                code,
            )
            for charge, attribute, code in (
                ({"kind": "unknown", "amount": "20.00"}, "kind", INDUSTRY.AdditionalCharge.KindIsInvalid),
                ({"kind": "laundry"}, "amount", INDUSTRY.AdditionalCharge.AmountIsRequired),
                (
                    {"kind": "laundry", "amount": "0"},
                    "amount",
                    INDUSTRY.AdditionalCharge.AmountMustBeGreaterThanZero,
                ),
            )
        ),
        (
            industry("travel_cruise", CRUISE, travel_package="onboard"),
            "",
            "travel_package",
            INDUSTRY.TravelCruise.TravelPackageIsInvalid,
        ),
        (
            industry("travel_cruise", CRUISE, departure_date="x"),
            "",
            "departure_date",
            INDUSTRY.TravelCruise.DepartureDateIsInvalid,
        ),
        (
            industry("travel_flight", FLIGHT, fare_amount="-1.23"),
            "",
            "fare_amount",
            INDUSTRY.TravelFlight.FareAmountCannotBeNegative,
        ),
        (
            industry("travel_flight", FLIGHT, restricted_ticket=None),
            "",
            "restricted_ticket",
            INDUSTRY.TravelFlight.RestrictedTicketIsRequired,
        ),
        (
            industry("travel_flight", FLIGHT, legs=[LEG] * 21),
            "",
            "legs",
            INDUSTRY.TravelFlight.TooManyLegs,
        ),
        *(
            (industry("travel_flight", FLIGHT, legs=[{**LEG, name: given}]), ".legs.index_0", name, code)
            for name, given, code in (
                ("fare_amount", "-1.23", INDUSTRY.Leg.TravelFlight.FareAmountCannotBeNegative),
                ("carrier_code", "AAAAA", INDUSTRY.Leg.TravelFlight.CarrierCodeIsTooLong),
                ("arrival_time", "25:00", INDUSTRY.Leg.TravelFlight.ArrivalTimeFormatIsInvalid),
            )
        ),
    ],
)
def test_what_is_wrong_with_the_data_of_an_industry_is_told(
    shared_sandbox_gateway, values, path, attribute, code
):
    result = try_sale(shared_sandbox_gateway, **values)
    assert errors_of(result) == [(f"transaction.industry{path}", attribute, code)]


def test_a_list_that_is_none_is_refused(gateway):
    data = {"restricted_ticket": "false", "legs": "x"}
    values = {"line_items": "x", "industry": {"industry_type": "travel_flight", "data": data}}
    path = f"{gateway.config.base_merchant_path()}/transactions"
    answer = gateway.config.http().post(path, {"transaction": {"type": "sale", "amount": "1.00", **values}})
    found = answer["api_error_response"]["errors"]["transaction"]
    assert found["industry"]["errors"][0]["code"] == INDUSTRY.TravelFlight.LegsExpected
    assert CODES.LineItemsExpected in [error["code"] for error in found["errors"]]


def test_nothing_can_be_shared_with_a_merchant_that_is_not_there(gateway):
    for name, code in (
        ("shared_payment_method_token", CODES.PaymentMethodTokenIsInvalid),
        ("shared_payment_method_nonce", CODES.PaymentMethodNonceUnknown),
        ("shared_customer_id", CODES.CustomerIdIsInvalid),
    ):
        assert errors_of(try_sale(gateway, **{name: "x"})) == [("transaction", name, code)]


def test_a_sale_can_be_shipped_to_an_address_of_the_vault(gateway):
    customer = make_customer(gateway)
    card = make_card(gateway, customer)
    address = succeed(
        gateway.address.create({"customer_id": customer.id, "street_address": "1 Elm St", "region": "IL"})
    ).address
    sale = sell(gateway, payment_method_token=card.token, shipping_address_id=address.id)
    assert (sale.shipping_details.id, sale.shipping_details.street_address) == (address.id, "1 Elm St")


def test_card_and_addresses_of_a_sale_can_be_kept_together(gateway):
    sale = sell(
        gateway,
        credit_card=CARD,
        billing={"first_name": "Carl", "postal_code": "60622"},
        shipping={"first_name": "Andrew", "postal_code": "60103"},
        options={
            "store_in_vault": True,
            "add_billing_address_to_payment_method": True,
            "store_shipping_address_in_vault": True,
        },
    )
    assert sale.vault_credit_card.billing_address.id == sale.billing_details.id
    assert sale.vault_billing_address.first_name == "Carl"
    billing, shipping = sale.vault_customer.addresses
    assert (billing.id, shipping.id) == (sale.billing_details.id, sale.shipping_details.id)
    assert shipping.first_name == "Andrew"


def test_addresses_are_kept_only_on_request(gateway):
    address = {"first_name": "Carl"}
    sale = sell(
        gateway, credit_card=CARD, billing=address, shipping=address, options={"store_in_vault": True}
    )
    assert sale.vault_customer.addresses == []
    assert sale.billing_details.id is sale.shipping_details.id is None


def test_a_submission_can_say_more_of_the_purchase(gateway):
    sale = sell(gateway, "10.00", tax_amount="1.00")
    item = {"quantity": "1", "name": "Late", "kind": "debit", "unit_amount": "9", "total_amount": "9"}
    submitted = succeed(
        gateway.transaction.submit_for_settlement(
            sale.id,
            "9.00",
            {
                "purchase_order_number": "ponumber",
                "tax_exempt": True,
                "discount_amount": "12.33",
                "shipping_amount": "5.00",
                "ships_from_postal_code": "90210",
                "line_items": [item],
            },
        )
    ).transaction
    assert (submitted.tax_amount, submitted.tax_exempt) == (Decimal("1.00"), True)
    assert (submitted.discount_amount, submitted.shipping_amount) == (Decimal("12.33"), Decimal("5.00"))
    assert (submitted.purchase_order_number, submitted.ships_from_postal_code) == ("ponumber", "90210")
    assert [item.name for item in submitted.line_items] == ["Late"]


@pytest.mark.parametrize(
    ("values", "path", "attribute", "code"),
    [
        (
            {"descriptor": {"url": "12345678901234"}},
            ".descriptor",
            "url",
            ErrorCodes.Descriptor.UrlFormatIsInvalid,
        ),
        ({"tax_amount": "-1"}, "", "tax_amount", CODES.TaxAmountCannotBeNegative),
        ({"order_id": "x" * 256}, "", "order_id", CODES.OrderIdIsTooLong),
        (
            {"line_items": [{"name": "A"}]},
            ".line_items.index_0",
            "kind",
            CODES.LineItem.KindIsRequired,
        ),
    ],
)
def test_what_is_wrong_with_a_submission_is_told(gateway, values, path, attribute, code):
    sale = sell(gateway)
    result = gateway.transaction.submit_for_settlement(sale.id, None, values)
    assert (f"transaction{path}", attribute, code) in errors_of(result)
    assert gateway.transaction.find(sale.id).status == "authorized"


def test_a_nonce_that_is_no_card_is_not_accepted(gateway):
    result = try_sale(gateway, payment_method_nonce="fake-paypal-one-time-nonce")
    code = CODES.PaymentInstrumentTypeIsNotAccepted
    assert errors_of(result) == [("transaction", "payment_method_nonce", code)]


def test_several_wrong_details_are_told_together(gateway):
    result = try_sale(
        gateway,
        channel="x" * 256,
        descriptor={"url": "12345678901234"},
        line_items=[{"kind": "x"}],
        order_id=unique("order").ljust(256, "x"),
    )
    found = errors_of(result)
    assert len(found) == 8
    assert result.transaction is None
    submitted_sale(gateway)
