import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.credit_card_numbers import CreditCardNumbers

from .factories import errors_of, make_card, make_customer, make_numbered_card, succeed, unique

CODES = ErrorCodes.CreditCard


def test_a_card_is_kept_from_a_nonce_with_what_the_caller_adds(gateway):
    token = unique("card")
    made = make_card(
        gateway,
        nonce="fake-valid-visa-nonce",
        token=token,
        cardholder_name="Zoë Smith",
        billing_address={"street_address": "1 Main St", "postal_code": "12345", "country_name": "Chad"},
    )
    found = gateway.payment_method.find(token)
    assert made.token == found.token == token
    assert (found.bin, found.last_4, found.masked_number) == ("401288", "1881", "401288******1881")
    assert found.cardholder_name == "Zoë Smith"
    assert found.default
    assert found.is_expired is False
    assert found.billing_address.country_name == "Chad"
    assert len(found.unique_number_identifier) == 32
    assert found.graphql_id
    assert "visa" in found.image_url


def test_a_card_is_kept_from_its_number(gateway):
    made = make_numbered_card(gateway, number="5555-5555-5555-4444", expiration_date="1/30")
    assert (made.card_type, made.expiration_date) == ("MasterCard", "01/2030")
    assert gateway.credit_card.find(made.token).token == made.token


def test_a_card_without_a_billing_address_has_none(gateway):
    assert make_card(gateway).billing_address is None


def test_the_same_number_has_the_same_unique_identifier(gateway):
    one, same, other = (make_numbered_card(gateway, number=number) for number in [
        "4111111111111111", "4111 1111 1111 1111", "4012888888881881",
    ])  # fmt: skip
    assert one.unique_number_identifier == same.unique_number_identifier
    assert one.unique_number_identifier != other.unique_number_identifier


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4111111111111111", "Visa"),
        ("5555555555554444", "MasterCard"),
        ("2223000048400011", "MasterCard"),
        ("378282246310005", "American Express"),
        ("6011111111111117", "Discover"),
        ("3530111333300000", "JCB"),
        ("36259600000004", "Diners Club"),
        ("6221261111117766", "Discover"),
        ("6250941006528599", "China UnionPay"),
        (CreditCardNumbers.Maestro, "Maestro"),
        (CreditCardNumbers.Elo, "Elo"),
        (CreditCardNumbers.Hiper, "Hiper"),
        (CreditCardNumbers.Hipercard, "Hipercard"),
        ("9000000000000001", "Unknown"),
    ],
)
def test_the_brand_follows_from_the_number(gateway, number, brand):
    assert make_numbered_card(gateway, number=number).card_type == brand


@pytest.mark.parametrize(
    ("name", "indicator"),
    [
        ("Business", "business"),
        ("Commercial", "commercial"),
        ("Consumer", "consumer"),
        ("Corporate", "corporate"),
        ("Debit", "debit"),
        ("DurbinRegulated", "durbin_regulated"),
        ("Healthcare", "healthcare"),
        ("Payroll", "payroll"),
        ("Prepaid", "prepaid"),
        ("PrepaidReloadable", "prepaid_reloadable"),
        ("Purchase", "purchase"),
    ],
)
def test_the_indicator_numbers_tell_the_kind_of_card(shared_sandbox_gateway, name, indicator):
    number = getattr(CreditCardNumbers.CardTypeIndicators, name)
    card = make_numbered_card(shared_sandbox_gateway, number=number)
    assert getattr(card, indicator) == "Yes"
    assert card.account_type == ("debit" if name == "Debit" else "credit")


def test_the_other_indicator_numbers_tell_country_and_bank(gateway):
    numbers = CreditCardNumbers.CardTypeIndicators
    assert make_numbered_card(gateway, number=numbers.CountryOfIssuance).country_of_issuance == "USA"
    assert make_numbered_card(gateway, number=numbers.IssuingBank).issuing_bank == "NETWORK ONLY"
    assert make_numbered_card(gateway, number=numbers.No).prepaid == "No"
    assert make_numbered_card(gateway, number=numbers.Unknown).prepaid == "Unknown"
    international = make_numbered_card(gateway, number=CreditCardNumbers.VisaInternational)
    assert international.customer_location == "international"


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"number": None}, "number", CODES.NumberIsRequired),
        ({"number": "invalid"}, "number", CODES.NumberHasInvalidLength),
        ({"number": "4" * 20}, "number", CODES.NumberHasInvalidLength),
        ({"number": "4111111111111112"}, "number", CODES.NumberIsInvalid),
        ({"expiration_date": None}, "expiration_date", CODES.ExpirationDateIsRequired),
        ({"expiration_date": "13/2030"}, "expiration_date", CODES.ExpirationDateIsInvalid),
        ({"expiration_date": "nonsense"}, "expiration_date", CODES.ExpirationDateIsInvalid),
        ({"expiration_date": "12/"}, "expiration_date", CODES.ExpirationDateIsInvalid),
        ({"expiration_date": "12/1974"}, "expiration_date", CODES.ExpirationDateYearIsInvalid),
        ({"expiration_date": "12/20300"}, "expiration_date", CODES.ExpirationDateYearIsInvalid),
        (
            {"expiration_date": "12/2030", "expiration_year": "2030"},
            "expiration_date",
            CODES.ExpirationDateConflict,
        ),
        (
            {"expiration_date": None, "expiration_month": "13", "expiration_year": "2030"},
            "expiration_month",
            CODES.ExpirationMonthIsInvalid,
        ),
        (
            {"expiration_date": None, "expiration_month": "12"},
            "expiration_year",
            CODES.ExpirationYearIsInvalid,
        ),
        ({"cvv": "12"}, "cvv", CODES.CvvIsInvalid),
        ({"cvv": "1234"}, "cvv", CODES.CvvIsInvalid),
        ({"cvv": "abc"}, "cvv", CODES.CvvIsInvalid),
        ({"cardholder_name": "x" * 176}, "cardholder_name", CODES.CardholderNameIsTooLong),
        ({"token": "x" * 37}, "token", CODES.TokenIsTooLong),
        ({"token": "not valid"}, "token", CODES.TokenFormatIsInvalid),
        ({"token": "all"}, "token", CODES.TokenIsNotAllowed),
        ({"billing_address_id": "nope"}, "billing_address_id", CODES.BillingAddressIdIsInvalid),
    ],
)
def test_what_is_wrong_with_a_card_is_told(gateway, values, attribute, code):
    customer = make_customer(gateway)
    params = {"customer_id": customer.id, "number": "4111111111111111", "expiration_date": "12/2030"}
    result = gateway.credit_card.create({**params, **values})
    assert errors_of(result) == [("credit_card", attribute, code)]
    assert gateway.customer.find(customer.id).credit_cards == []


def test_a_wrong_billing_address_is_told_below_the_card(gateway):
    customer = make_customer(gateway)
    result = gateway.payment_method.create(
        {
            "customer_id": customer.id,
            "payment_method_nonce": "fake-valid-nonce",
            "billing_address": {"postal_code": "1234567890", "locality": "x" * 256},
        }
    )
    assert errors_of(result) == [
        ("credit_card.billing_address", "locality", ErrorCodes.Address.LocalityIsTooLong),
        ("credit_card.billing_address", "postal_code", ErrorCodes.Address.PostalCodeIsTooLong),
    ]


def test_an_american_express_card_has_four_digits_of_cvv(gateway):
    assert make_numbered_card(gateway, number="378282246310005", cvv="1234").token


def test_a_token_in_use_is_refused(gateway):
    card = make_card(gateway)
    result = gateway.payment_method.create(
        {"customer_id": card.customer_id, "payment_method_nonce": "fake-valid-nonce", "token": card.token}
    )
    assert errors_of(result) == [("credit_card", "token", CODES.TokenIsInUse)]


def test_a_card_needs_a_customer_and_a_payment_method_a_nonce(gateway):
    codes = ErrorCodes.PaymentMethod
    nonce = {"payment_method_nonce": "fake-valid-nonce"}
    result = gateway.payment_method.create(nonce)
    assert errors_of(result) == [("payment_method", "customer_id", codes.CustomerIdIsRequired)]
    result = gateway.payment_method.create({**nonce, "customer_id": "nobody"})
    assert errors_of(result) == [("payment_method", "customer_id", codes.CustomerIdIsInvalid)]
    result = gateway.payment_method.create({"customer_id": make_customer(gateway).id})
    assert errors_of(result) == [("payment_method", "payment_method_nonce", codes.NonceIsRequired)]
    card = {"number": "4111111111111111", "expiration_date": "12/2030"}
    result = gateway.credit_card.create(card)
    assert errors_of(result) == [("credit_card", "customer_id", CODES.CustomerIdIsRequired)]
    result = gateway.credit_card.create({**card, "customer_id": "nobody"})
    assert errors_of(result) == [("credit_card", "customer_id", CODES.CustomerIdIsInvalid)]


def test_the_first_card_is_the_default_until_another_is_chosen(gateway):
    customer = make_customer(gateway)
    first, second = make_card(gateway, customer), make_card(gateway, customer)
    assert (first.default, second.default) == (True, False)
    third = make_card(gateway, customer, options={"make_default": True})
    cards = gateway.customer.find(customer.id).credit_cards
    assert [card.token for card in cards if card.default] == [third.token]


def test_when_the_default_card_is_deleted_the_newest_takes_its_place(gateway):
    customer = make_customer(gateway)
    first, _, third = (make_card(gateway, customer) for _ in range(3))
    gateway.payment_method.delete(first.token)
    cards = gateway.customer.find(customer.id).credit_cards
    assert [card.token for card in cards if card.default] == [third.token]
    gateway.payment_method.delete(cards[0].token)
    assert gateway.payment_method.find(third.token).default


def test_a_deleted_card_is_gone(gateway):
    one, other = make_card(gateway), make_card(gateway)
    assert gateway.payment_method.delete(one.token, {"revoke_all_grants": False}).is_success
    assert gateway.credit_card.delete(other.token).is_success
    for missing in (
        lambda: gateway.payment_method.find(one.token),
        lambda: gateway.payment_method.update(one.token, {"cardholder_name": "A"}),
        lambda: gateway.payment_method.delete(one.token),
        lambda: gateway.credit_card.find(other.token),
        lambda: gateway.payment_method_nonce.create(other.token),
    ):
        with pytest.raises(NotFoundError):
            missing()


def test_a_duplicate_is_refused_where_the_caller_asks_for_that(gateway):
    number = "4500600000000061"
    first = make_numbered_card(gateway, number=number)
    params = {"number": number, "expiration_date": "12/2030"}
    anywhere = {"options": {"fail_on_duplicate_payment_method": True}}
    for_customer = {"options": {"fail_on_duplicate_payment_method_for_customer": True}}
    result = gateway.credit_card.create({**params, **anywhere, "customer_id": make_customer(gateway).id})
    assert errors_of(result) == [("credit_card", "number", CODES.DuplicateCardExists)]
    result = gateway.credit_card.create({**params, **for_customer, "customer_id": first.customer_id})
    assert errors_of(result) == [("credit_card", "number", CODES.DuplicateCardExistsForCustomer)]
    make_numbered_card(gateway, number=number, **for_customer)


def test_a_card_can_be_changed(gateway):
    card = make_card(gateway, nonce="fake-valid-visa-nonce", cardholder_name="Old")
    token = unique("card")
    changed = succeed(
        gateway.payment_method.update(
            card.token,
            {
                "token": token,
                "cardholder_name": "New",
                "number": "378282246310005",
                "expiration_date": "05/2031",
            },
        )
    ).payment_method
    assert (changed.token, changed.cardholder_name, changed.expiration_date) == (token, "New", "05/2031")
    assert (changed.card_type, changed.last_4) == ("American Express", "0005")
    assert changed.unique_number_identifier != card.unique_number_identifier
    with pytest.raises(NotFoundError):
        gateway.payment_method.find(card.token)


def test_a_change_without_a_number_keeps_number_and_expiry(gateway):
    card = make_card(gateway)
    changed = succeed(gateway.credit_card.update(card.token, {"token": card.token, "cvv": "123"})).credit_card
    assert changed.masked_number == card.masked_number
    assert changed.expiration_date == card.expiration_date


def test_a_change_of_the_month_or_the_year_keeps_the_other(gateway):
    card = make_numbered_card(gateway, expiration_date="05/2030")
    changed = succeed(gateway.credit_card.update(card.token, {"expiration_month": "07"})).credit_card
    assert changed.expiration_date == "07/2030"
    changed = succeed(gateway.payment_method.update(card.token, {"expiration_year": "2031"})).payment_method
    assert changed.expiration_date == "07/2031"


def test_an_expired_card_can_be_replaced_from_a_nonce(gateway):
    card = make_numbered_card(gateway, expiration_date="01/2020")
    assert card.is_expired
    result = gateway.payment_method.update(card.token, {"payment_method_nonce": "fake-valid-discover-nonce"})
    assert succeed(result).payment_method.card_type == "Discover"
    assert not gateway.payment_method.find(card.token).is_expired


def test_a_wrong_change_is_refused(gateway):
    card, other = make_card(gateway), make_card(gateway)
    result = gateway.payment_method.update(
        card.token, {"token": other.token, "number": "invalid", "expiration_date": "99/99"}
    )
    assert errors_of(result) == [
        ("credit_card", "number", CODES.NumberHasInvalidLength),
        ("credit_card", "expiration_date", CODES.ExpirationDateIsInvalid),
        ("credit_card", "token", CODES.TokenIsInUse),
    ]
    result = gateway.payment_method.update(card.token, {"payment_method_nonce": "no-such-nonce"})
    assert errors_of(result) == [("credit_card", "payment_method_nonce", CODES.PaymentMethodNonceUnknown)]


def test_a_change_can_make_a_card_the_default(gateway):
    customer = make_customer(gateway)
    first, second = make_card(gateway, customer), make_card(gateway, customer)
    succeed(gateway.payment_method.update(second.token, {"options": {"make_default": True}}))
    assert gateway.payment_method.find(second.token).default
    assert not gateway.payment_method.find(first.token).default


def test_a_new_billing_address_is_a_new_address_of_the_customer(gateway):
    card = make_card(gateway, billing_address={"street_address": "1 Old St", "locality": "Oslo"})
    changed = succeed(
        gateway.payment_method.update(card.token, {"billing_address": {"street_address": "2 New St"}})
    ).payment_method
    assert changed.billing_address.street_address == "2 New St"
    assert changed.billing_address.locality is None
    assert len(gateway.customer.find(card.customer_id).addresses) == 2


def test_a_billing_address_can_be_changed_in_place(gateway):
    card = make_card(gateway, billing_address={"street_address": "1 Old St", "locality": "Oslo"})
    address = {"street_address": "2 New St", "options": {"update_existing": True}}
    changed = succeed(gateway.payment_method.update(card.token, {"billing_address": address})).payment_method
    assert changed.billing_address.id == card.billing_address.id
    assert changed.billing_address.street_address == "2 New St"
    assert changed.billing_address.locality == "Oslo"


def test_two_cards_can_share_an_address(gateway):
    card = make_card(gateway, billing_address={"locality": "Oslo"})
    customer = gateway.customer.find(card.customer_id)
    other = make_card(gateway, customer, billing_address_id=card.billing_address.id)
    assert other.billing_address.locality == "Oslo"
    result = gateway.payment_method.update(
        other.token, {"billing_address_id": card.billing_address.id, "billing_address": {"locality": "Rome"}}
    )
    assert errors_of(result) == [("credit_card", "base", CODES.BillingAddressConflict)]


def test_a_change_can_refuse_to_make_a_duplicate(gateway):
    customer = make_customer(gateway)
    make_numbered_card(gateway, customer, number="4012000033330026")
    other = make_numbered_card(gateway, customer, number="4111111111111111")
    unique_only = {"options": {"fail_on_duplicate_payment_method_for_customer": True}}
    result = gateway.payment_method.update(other.token, {"number": "4012000033330026", **unique_only})
    assert errors_of(result) == [("credit_card", "number", CODES.DuplicateCardExistsForCustomer)]
    # The card itself is no duplicate of itself.
    succeed(gateway.payment_method.update(other.token, {"number": "4111111111111111", **unique_only}))


def test_a_card_tells_all_that_the_sdk_reads(gateway):
    card = make_card(gateway)
    shown = gateway.credit_card.find(card.token)
    for name in [
        "business",
        "commercial",
        "consumer",
        "corporate",
        "country_of_issuance",
        "debit",
        "durbin_regulated",
        "healthcare",
        "issuing_bank",
        "payroll",
        "prepaid",
        "prepaid_reloadable",
        "product_id",
        "purchase",
    ]:
        assert getattr(shown, name) == "Unknown"
    assert (shown.customer_location, shown.is_network_tokenized, shown.account_type) == (
        "us",
        False,
        "credit",
    )
    assert (shown.subscriptions, shown.verifications) == ([], [])


def test_a_card_can_be_kept_with_all_options_at_once(gateway):
    card = make_card(
        gateway,
        device_data='{"device_session_id": "abc"}',
        options={
            "verify_card": True,
            "verification_amount": "1.00",
            "verification_merchant_account_id": "sandbox_credit_card_non_default",
            "make_default": True,
            "skip_advanced_fraud_checking": True,
            "fail_on_duplicate_payment_method_for_customer": True,
        },
    )
    assert card.verification.merchant_account_id == "sandbox_credit_card_non_default"
    result = gateway.payment_method.update(
        card.token, {"options": {"verify_card": True, "verification_amount": "2004.00"}}
    )
    verification = result.credit_card_verification
    assert (verification.processor_response_code, verification.processor_response_type) == (
        "2004",
        "hard_declined",
    )
