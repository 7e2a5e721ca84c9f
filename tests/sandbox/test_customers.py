import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError

from .factories import errors_of, make_card, make_customer, sell, succeed, unique

CODES = ErrorCodes.Customer


def test_a_customer_is_kept_with_all_fields(gateway):
    fields = {
        "first_name": "Zoë",
        "last_name": 'O\'Neil <&> "Sons"',
        "company": "Ünïcode GmbH",
        "email": "zoe@example.com",
        "phone": "419-555-1234",
        "fax": "419-555-1235",
        "website": "https://example.com",
    }
    made = make_customer(gateway, **fields)
    found = gateway.customer.find(made.id)
    for name, value in fields.items():
        assert getattr(found, name) == value
    assert found.merchant_id == "integration_merchant_id"
    assert found.graphql_id
    assert found.created_at == found.updated_at
    assert found.credit_cards == found.addresses == found.payment_methods == []


def test_a_customer_without_an_id_gets_a_number(gateway):
    made = make_customer(gateway)
    assert made.id.isdigit()
    assert len(made.id) >= 6


def test_a_customer_can_have_an_id_of_the_callers_choice(gateway):
    own_id = unique("customer")
    assert make_customer(gateway, id=own_id).id == own_id
    assert gateway.customer.find(own_id).id == own_id


@pytest.mark.parametrize(
    ("own_id", "code"),
    [
        ("a" * 37, CODES.IdIsTooLong),
        ("not valid", CODES.IdIsInvalid),
        ("all", CODES.IdIsNotAllowed),
        ("new", CODES.IdIsNotAllowed),
    ],
)
def test_an_unsuitable_id_is_refused(gateway, own_id, code):
    assert errors_of(gateway.customer.create({"id": own_id})) == [("customer", "id", code)]


def test_an_id_in_use_is_refused(gateway):
    taken = make_customer(gateway).id
    assert errors_of(gateway.customer.create({"id": taken})) == [("customer", "id", CODES.IdIsInUse)]


def test_a_wrong_email_and_an_overlong_name_are_refused_together(gateway):
    result = gateway.customer.create({"email": "@invalid.com", "first_name": "x" * 256})
    assert errors_of(result) == [
        ("customer", "first_name", CODES.FirstNameIsTooLong),
        ("customer", "email", CODES.EmailIsInvalid),
    ]
    assert result.params["customer"]["email"] == "@invalid.com"


def test_a_customer_comes_with_a_card_from_a_nonce(gateway):
    made = make_customer(gateway, payment_method_nonce="fake-valid-mastercard-nonce")
    (card,) = made.credit_cards
    assert card.card_type == "MasterCard"
    assert card.default
    assert gateway.payment_method.find(card.token).customer_id == made.id


def test_a_customer_comes_with_a_card_and_its_address(gateway):
    made = make_customer(
        gateway,
        credit_card={
            "number": "4111 1111 1111 1111",
            "expiration_month": "5",
            "expiration_year": "2099",
            "cvv": "123",
            "billing_address": {"street_address": "1 E Main St", "postal_code": "60622"},
        },
    )
    (card,) = made.credit_cards
    assert card.masked_number == "411111******1111"
    assert card.expiration_date == "05/2099"
    assert card.billing_address.postal_code == "60622"
    assert [address.id for address in made.addresses] == [card.billing_address.id]


def test_errors_of_a_customers_card_are_nested(gateway):
    result = gateway.customer.create(
        {"email": "wrong", "credit_card": {"number": "invalid", "billing_address": {"region": "x" * 256}}}
    )
    assert errors_of(result) == [
        ("customer", "email", CODES.EmailIsInvalid),
        ("customer.credit_card", "number", ErrorCodes.CreditCard.NumberHasInvalidLength),
        ("customer.credit_card", "expiration_date", ErrorCodes.CreditCard.ExpirationDateIsRequired),
        ("customer.credit_card.billing_address", "region", ErrorCodes.Address.RegionIsTooLong),
    ]
    assert "number" not in result.params["customer"]["credit_card"]


def test_a_customer_whose_card_fails_verification_is_not_made(gateway):
    own_id = unique("customer")
    result = gateway.customer.create(
        {
            "id": own_id,
            "payment_method_nonce": "fake-processor-declined-visa-nonce",
            "credit_card": {"options": {"verify_card": True}},
        }
    )
    assert errors_of(result) == []
    assert result.credit_card_verification.status == "processor_declined"
    with pytest.raises(NotFoundError):
        gateway.customer.find(own_id)


def test_a_customer_can_be_changed_and_given_another_id(gateway):
    made = make_customer(gateway, first_name="A", last_name="B", custom_fields={"store_me": "one"})
    card = make_card(gateway, made)
    new_id = unique("customer")
    changed = succeed(
        gateway.customer.update(made.id, {"id": new_id, "first_name": "C", "email": "c@example.com"})
    ).customer
    assert (changed.id, changed.first_name, changed.last_name) == (new_id, "C", "B")
    assert changed.custom_fields == {"store_me": "one"}
    assert gateway.payment_method.find(card.token).customer_id == new_id
    with pytest.raises(NotFoundError):
        gateway.customer.find(made.id)


def test_a_change_refuses_what_creation_refuses(gateway):
    made, other = make_customer(gateway), make_customer(gateway)
    result = gateway.customer.update(made.id, {"id": other.id, "email": "wrong"})
    assert errors_of(result) == [
        ("customer", "id", CODES.IdIsInUse),
        ("customer", "email", CODES.EmailIsInvalid),
    ]


def test_a_change_can_add_a_card(gateway):
    made = make_customer(gateway, payment_method_nonce="fake-valid-visa-nonce")
    changed = succeed(
        gateway.customer.update(
            made.id,
            {
                "payment_method_nonce": "fake-valid-amex-nonce",
                "credit_card": {"options": {"make_default": True}},
            },
        )
    ).customer
    assert {card.card_type: card.default for card in changed.credit_cards} == {
        "Visa": False,
        "American Express": True,
    }


def test_a_change_with_a_card_that_fails_verification_changes_nothing(gateway):
    made = make_customer(gateway, first_name="Before")
    result = gateway.customer.update(
        made.id,
        {
            "first_name": "After",
            "payment_method_nonce": "fake-processor-declined-visa-nonce",
            "credit_card": {"options": {"verify_card": True}},
        },
    )
    assert result.credit_card_verification.processor_response_code == "2000"
    found = gateway.customer.find(made.id)
    assert (found.first_name, found.credit_cards) == ("Before", [])


def test_a_change_can_change_a_card_that_is_there(gateway):
    made = make_customer(gateway, payment_method_nonce="fake-valid-visa-nonce")
    token = made.credit_cards[0].token
    options = {"update_existing_token": token}
    changed = succeed(
        gateway.customer.update(made.id, {"credit_card": {"cardholder_name": "New", "options": options}})
    ).customer
    assert [(card.token, card.cardholder_name) for card in changed.credit_cards] == [(token, "New")]


def test_a_change_of_a_card_that_fails_verification_is_refused(gateway):
    made = make_customer(gateway, payment_method_nonce="fake-valid-visa-nonce")
    card = {
        "number": "4000111111111115",
        "options": {"update_existing_token": made.credit_cards[0].token, "verify_card": True},
    }
    result = gateway.customer.update(made.id, {"credit_card": card})
    assert result.credit_card_verification.status == "processor_declined"
    assert gateway.customer.find(made.id).credit_cards[0].last_4 == "1881"


def test_a_change_cannot_reach_the_card_of_another_customer(gateway):
    made, card = make_customer(gateway), make_card(gateway)
    options = {"update_existing_token": card.token}
    result = gateway.customer.update(made.id, {"credit_card": {"options": options}})
    code = ErrorCodes.CreditCard.Options.UpdateExistingTokenIsInvalid
    assert errors_of(result) == [("customer.credit_card.options", "update_existing_token", code)]
    result = gateway.customer.update(made.id, {"default_payment_method_token": card.token})
    assert [attribute for _, attribute, _ in errors_of(result)] == ["default_payment_method_token"]


def test_a_change_can_choose_the_default_card(gateway):
    made = make_customer(gateway)
    cards = [make_card(gateway, made) for _ in range(3)]
    changed = succeed(
        gateway.customer.update(made.id, {"default_payment_method_token": cards[1].token})
    ).customer
    assert [card.token for card in changed.credit_cards if card.default] == [cards[1].token]


def test_a_deleted_customer_is_gone_with_its_cards_but_its_sales_stay(gateway):
    made = make_customer(gateway, payment_method_nonce="fake-valid-nonce")
    token = made.credit_cards[0].token
    sale = sell(gateway, payment_method_token=token)
    assert gateway.customer.delete(made.id).is_success
    for missing in (
        lambda: gateway.customer.find(made.id),
        lambda: gateway.customer.update(made.id, {"first_name": "A"}),
        lambda: gateway.customer.delete(made.id),
        lambda: gateway.payment_method.find(token),
    ):
        with pytest.raises(NotFoundError):
            missing()
    assert gateway.transaction.find(sale.id).customer_details.id == made.id


def test_custom_fields_have_to_be_registered(gateway):
    made = make_customer(gateway, custom_fields={"store_me": "one"})
    assert gateway.customer.find(made.id).custom_fields == {"store_me": "one"}
    cleared = succeed(gateway.customer.update(made.id, {"custom_fields": {"store_me": None}})).customer
    assert len(cleared.custom_fields) == 0
    result = gateway.customer.create({"custom_fields": {"unheard_of": "x"}})
    assert errors_of(result) == [("customer", "custom_fields", CODES.CustomFieldIsInvalid)]
    result = gateway.customer.update(made.id, {"custom_fields": {"store_me": "x" * 256}})
    assert errors_of(result) == [("customer", "custom_fields", CODES.CustomFieldIsTooLong)]


def test_a_customer_may_bring_what_only_matters_elsewhere(gateway):
    made = make_customer(
        gateway,
        device_data='{"device_session_id": "abc"}',
        risk_data={"customer_browser": "IE5", "customer_ip": "192.0.2.1"},
        tax_identifiers=[{"country_code": "US", "identifier": "123456789"}],
        international_phone={"country_code": "1", "national_number": "3121234567"},
    )
    found = gateway.customer.find(made.id)
    assert found.international_phone == {"country_code": "1", "national_number": "3121234567"}


@pytest.mark.parametrize(
    ("values", "path", "attribute", "code"),
    [
        *(
            ({name: "x" * 256}, "customer", name, code)
            for name, code in (
                ("first_name", CODES.FirstNameIsTooLong),
                ("last_name", CODES.LastNameIsTooLong),
                ("company", CODES.CompanyIsTooLong),
                ("phone", CODES.PhoneIsTooLong),
                ("fax", CODES.FaxIsTooLong),
            )
        ),
        ({"email": "a@" + "x" * 255}, "customer", "email", CODES.EmailIsTooLong),
        ({"website": "x." * 128}, "customer", "website", CODES.WebsiteIsTooLong),
        ({"website": "not a site"}, "customer", "website", CODES.WebsiteIsInvalid),
        (
            {"international_phone": {"country_code": "abc", "national_number": "3121234567"}},
            "customer.international_phone",
            "country_code",
            CODES.InternationalPhoneCountryCodeIsInvalid,
        ),
        (
            {"international_phone": {"country_code": "1", "national_number": "x"}},
            "customer.international_phone",
            "national_number",
            CODES.InternationalPhoneNationalNumberIsInvalid,
        ),
    ],
)
def test_what_is_wrong_with_a_customer_is_told(gateway, values, path, attribute, code):
    assert errors_of(gateway.customer.create(values)) == [(path, attribute, code)]


def test_a_duplicate_card_of_a_customer_is_told_below_the_customer(gateway):
    card = {"number": "4012000077777777", "expiration_date": "05/2032"}
    made = make_customer(gateway, credit_card=card)
    anywhere = {**card, "options": {"fail_on_duplicate_payment_method": True}}
    code = ErrorCodes.CreditCard.DuplicateCardExists
    assert errors_of(gateway.customer.create({"credit_card": anywhere})) == [
        ("customer.credit_card", "number", code)
    ]
    own = {**card, "options": {"fail_on_duplicate_payment_method_for_customer": True}}
    code = ErrorCodes.CreditCard.DuplicateCardExistsForCustomer
    assert errors_of(gateway.customer.update(made.id, {"credit_card": own})) == [
        ("customer.credit_card", "number", code)
    ]
    make_customer(gateway, credit_card=own)


def test_a_change_of_a_card_can_change_its_address_in_place(gateway):
    made = make_customer(
        gateway,
        credit_card={
            "number": "4111111111111111",
            "expiration_date": "05/2032",
            "billing_address": {"locality": "Oslo", "region": "East"},
        },
    )
    token = made.credit_cards[0].token
    card = {
        "expiration_date": "06/2033",
        "billing_address": {"locality": "Rome", "options": {"update_existing": True}},
        "options": {"update_existing_token": token, "make_default": True},
    }
    changed = succeed(gateway.customer.update(made.id, {"credit_card": card})).customer
    (kept,) = changed.credit_cards
    assert kept.expiration_date == "06/2033"
    assert (kept.billing_address.locality, kept.billing_address.region) == ("Rome", "East")
    assert len(changed.addresses) == 1


def test_a_new_card_of_a_customer_can_use_an_address_that_is_there(gateway):
    made = make_customer(gateway)
    address = gateway.address.create({"customer_id": made.id, "locality": "Oslo"}).address
    card = {"number": "4111111111111111", "expiration_date": "05/2032", "billing_address_id": address.id}
    changed = succeed(gateway.customer.update(made.id, {"credit_card": card})).customer
    assert changed.credit_cards[0].billing_address.id == address.id


def test_an_expired_card_of_a_customer_can_be_replaced_by_a_nonce(gateway):
    made = make_customer(gateway, credit_card={"number": "4111111111111111", "expiration_date": "05/2012"})
    options = {"update_existing_token": made.credit_cards[0].token}
    change = {"payment_method_nonce": "fake-valid-mastercard-nonce", "credit_card": {"options": options}}
    (kept,) = succeed(gateway.customer.update(made.id, change)).customer.credit_cards
    assert (kept.token, kept.card_type) == (made.credit_cards[0].token, "MasterCard")


def test_a_customer_cannot_take_the_card_of_another_by_a_nonce(gateway):
    card = make_card(gateway)
    nonce = gateway.payment_method_nonce.create(card.token).payment_method_nonce.nonce
    code = CODES.VaultedPaymentInstrumentNonceBelongsToDifferentCustomer
    for result in (
        gateway.customer.create({"payment_method_nonce": nonce}),
        gateway.customer.update(make_customer(gateway).id, {"payment_method_nonce": nonce}),
    ):
        assert errors_of(result) == [("customer", "payment_method_nonce", code)]
    succeed(gateway.customer.update(card.customer_id, {"payment_method_nonce": nonce}))
