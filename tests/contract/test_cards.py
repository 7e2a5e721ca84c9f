from datetime import date, datetime

import pytest
from braintree import CreditCard
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.credit_card_numbers import CreditCardNumbers

from .factories import (
    CARD,
    errors_of,
    eventually,
    make_card,
    make_customer,
    make_numbered_card,
    succeed,
    try_card,
    unique,
)
from .rows import covers

INDICATORS = (
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
)


@covers("POST /payment_methods (credit_card)", "GET /payment_methods/credit_card/TOKEN")
def test_a_card_shows_all_that_an_application_reads(gateway):
    token = unique("Card_1")
    made = make_numbered_card(gateway, token=token, cardholder_name="Zoë Smith", cvv="123")
    for card in (made, gateway.credit_card.find(token)):
        assert (card.token, card.cardholder_name) == (token, "Zoë Smith")
        assert (card.bin, card.last_4, card.masked_number) == ("411111", "1111", "411111******1111")
        assert (card.expiration_month, card.expiration_year) == ("05", "2099")
        assert card.card_type == CreditCard.CardType.Visa
        # The SDK's constant is in small letters, whatever the gateway writes.
        assert card.customer_location.lower() == CreditCard.CustomerLocation.US
        assert (card.default, card.is_expired, card.expired) == (True, False, False)
        assert card.billing_address is None
        assert card.subscriptions == []
        assert type(card.created_at) is type(card.updated_at) is datetime
        assert (type(card.graphql_id), type(card.image_url)) == (str, str)
        assert len(card.unique_number_identifier) == 32
        for name in INDICATORS:
            assert type(getattr(card, name)) is str, name


@covers("POST /payment_methods (payment_method)", "GET /payment_methods/any/TOKEN")
def test_a_card_is_kept_from_a_nonce_with_what_the_caller_adds(gateway):
    token = unique("card")
    made = make_card(
        gateway,
        nonce="fake-valid-visa-nonce",
        token=token,
        cardholder_name="Ann Lee",
        billing_address={"street_address": "1 Main St", "postal_code": "12345"},
    )
    for card in (made, gateway.payment_method.find(token)):
        assert (card.token, card.masked_number) == (token, "401288******1881")
        assert (card.cardholder_name, card.billing_address.postal_code) == ("Ann Lee", "12345")


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        (CreditCardNumbers.Visa, "Visa"),
        (CreditCardNumbers.MasterCard, "MasterCard"),
        ("2223000048400011", "MasterCard"),
        ("378282246310005", "American Express"),
        (CreditCardNumbers.Discover, "Discover"),
        ("3530111333300000", "JCB"),
        ("36259600000004", "Diners Club"),
        (CreditCardNumbers.Maestro, "Maestro"),
    ],
)
def test_the_brand_and_the_mask_follow_from_the_number(gateway, number, brand):
    card = make_numbered_card(gateway, number=number)
    assert card.card_type == brand
    assert (card.bin, card.last_4) == (number[:6], number[-4:])


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
def test_some_numbers_tell_the_kind_of_card(gateway, name, indicator):
    number = getattr(CreditCardNumbers.CardTypeIndicators, name)
    assert getattr(make_numbered_card(gateway, number=number), indicator) == "Yes"


def test_some_numbers_tell_country_and_bank_or_nothing(gateway):
    numbers = CreditCardNumbers.CardTypeIndicators
    assert make_numbered_card(gateway, number=numbers.CountryOfIssuance).country_of_issuance == "USA"
    assert make_numbered_card(gateway, number=numbers.IssuingBank).issuing_bank == "NETWORK ONLY"
    assert make_numbered_card(gateway, number=numbers.No).prepaid == "No"
    assert make_numbered_card(gateway, number=numbers.Unknown).prepaid == "Unknown"


def test_the_same_number_has_the_same_unique_identifier(gateway):
    one, same = make_numbered_card(gateway), make_numbered_card(gateway, number="4111-1111-1111-1111")
    other = make_numbered_card(gateway, number=CreditCardNumbers.Visa)
    assert one.unique_number_identifier == same.unique_number_identifier != other.unique_number_identifier


@pytest.mark.parametrize("given", ["5/2031", "05/31", "05/2031"])
def test_an_expiry_date_may_be_written_in_several_ways(gateway, given):
    assert make_numbered_card(gateway, expiration_date=given).expiration_date == "05/2031"


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"number": None}, "number", "81714"),
        ({"number": "invalid"}, "number", "81716"),
        ({"number": "4" * 20}, "number", "81716"),
        ({"number": "4111111111111112"}, "number", "81715"),
        ({"expiration_date": None}, "expiration_date", "81709"),
        ({"expiration_date": "13/2030"}, "expiration_date", "81710"),
        ({"expiration_date": "nonsense"}, "expiration_date", "81710"),
        ({"expiration_date": "12/1974"}, "expiration_date", "81711"),
        ({"cvv": "12"}, "cvv", "81707"),
        ({"cardholder_name": "x" * 176}, "cardholder_name", "81723"),
        ({"token": "x" * 37}, "token", "91720"),
        ({"token": "not valid"}, "token", "91718"),
        ({"token": "all"}, "token", "91721"),
    ],
)
@covers("81716", "81715", "81710")
def test_what_is_wrong_with_a_card_is_told(gateway, values, attribute, code):
    customer = make_customer(gateway)
    result = try_card(gateway, customer, **values)
    assert errors_of(result) == [("credit_card", attribute, code)]
    assert "number" not in result.params["credit_card"]
    assert gateway.customer.find(customer.id).credit_cards == []


@pytest.mark.parametrize(
    ("values", "code"),
    [({}, "91704"), ({"customer_id": "nobody"}, "91705")],
)
def test_a_card_needs_a_customer(gateway, values, code):
    result = gateway.credit_card.create({**CARD, **values})
    assert errors_of(result) == [("credit_card", "customer_id", code)]


@covers("91719")
def test_a_token_in_use_is_refused(gateway):
    card = make_card(gateway)
    customer = gateway.customer.find(card.customer_id)
    assert errors_of(try_card(gateway, customer, token=card.token)) == [("credit_card", "token", "91719")]
    other = make_card(gateway)
    result = gateway.payment_method.update(other.token, {"token": card.token})
    assert errors_of(result) == [("credit_card", "token", "91719")]


@covers("81724", "81763")
def test_a_duplicate_is_refused_where_the_caller_asks_for_that(gateway):
    card = make_numbered_card(gateway)
    customer = gateway.customer.find(card.customer_id)
    anywhere = {"fail_on_duplicate_payment_method": True}
    own = {"fail_on_duplicate_payment_method_for_customer": True}
    assert errors_of(try_card(gateway, options=anywhere)) == [("credit_card", "number", "81724")]
    assert errors_of(try_card(gateway, customer, options=own)) == [("credit_card", "number", "81763")]
    succeed(try_card(gateway, options=own))
    succeed(try_card(gateway, customer))


@pytest.mark.parametrize("name", ["payment_method", "credit_card"])
@covers("PUT /payment_methods/any/TOKEN", "PUT /payment_methods/credit_card/TOKEN")
def test_a_card_can_be_changed(gateway, name):
    card, token = make_card(gateway, cardholder_name="Old"), unique("card")
    result = getattr(gateway, name).update(
        card.token, {"token": token, "number": CreditCardNumbers.MasterCard, "expiration_date": "06/2031"}
    )
    changed = getattr(succeed(result), name)
    assert (changed.token, changed.card_type, changed.expiration_date) == (token, "MasterCard", "06/2031")
    assert (changed.cardholder_name, changed.last_4) == ("Old", "4444")
    with pytest.raises(NotFoundError):
        gateway.payment_method.find(card.token)


def test_a_change_can_make_a_card_the_default(gateway):
    customer = make_customer(gateway)
    first, second = make_card(gateway, customer), make_card(gateway, customer)
    succeed(gateway.payment_method.update(second.token, {"options": {"make_default": True}}))
    assert gateway.payment_method.find(second.token).default
    assert not gateway.payment_method.find(first.token).default


def test_a_billing_address_can_be_replaced_or_changed_in_place(gateway):
    card = make_card(gateway, billing_address={"street_address": "1 Old St", "locality": "Oslo"})
    new = {"street_address": "2 New St", "options": {"update_existing": True}}
    changed = succeed(gateway.payment_method.update(card.token, {"billing_address": new})).payment_method
    assert changed.billing_address.id == card.billing_address.id
    assert (changed.billing_address.street_address, changed.billing_address.locality) == ("2 New St", "Oslo")
    another = {"street_address": "3 Other St"}
    moved = succeed(gateway.payment_method.update(card.token, {"billing_address": another})).payment_method
    assert moved.billing_address.id != card.billing_address.id
    assert moved.billing_address.locality is None


@pytest.mark.parametrize("name", ["payment_method", "credit_card"])
@covers("DELETE /payment_methods/any/TOKEN", "DELETE /payment_methods/credit_card/TOKEN")
def test_a_deleted_card_is_gone(gateway, name):
    card = make_card(gateway)
    assert getattr(gateway, name).delete(card.token).is_success
    for missing in (
        lambda: getattr(gateway, name).find(card.token),
        lambda: getattr(gateway, name).update(card.token, {"cardholder_name": "A"}),
        lambda: getattr(gateway, name).delete(card.token),
    ):
        with pytest.raises(NotFoundError):
            missing()


@covers("POST /payment_methods/all/expired_ids", "POST /payment_methods/all/expired")
def test_expired_cards_are_listed(gateway):
    expired = make_numbered_card(gateway, expiration_date="01/2015")
    good = make_numbered_card(gateway, expiration_date="01/2090")
    assert expired.is_expired
    found = eventually(gateway, gateway.credit_card.expired, lambda cards: expired.token in cards.ids)
    assert expired.token in found.ids
    assert good.token not in found.ids
    assert found.first.is_expired


@covers("POST /payment_methods/all/expiring_ids", "POST /payment_methods/all/expiring")
def test_cards_that_expire_between_two_months_are_listed(gateway):
    customer = make_customer(gateway)
    tokens = {
        day: make_numbered_card(gateway, customer, expiration_date=day).token
        for day in ("11/2061", "12/2061", "01/2062", "02/2062")
    }
    within = {tokens["12/2061"], tokens["01/2062"]}

    def look():
        return gateway.credit_card.expiring_between(date(2061, 12, 1), date(2062, 1, 31))

    found = eventually(gateway, look, lambda cards: within <= {*cards.ids})
    assert {*tokens.values()} & {*found.ids} == within
    assert found.first.expiration_date in ("12/2061", "01/2062")
