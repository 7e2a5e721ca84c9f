import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError

from .factories import errors_of, make_card, make_customer, succeed

CODES = ErrorCodes.Address
USA = {
    "country_name": "United States of America",
    "country_code_alpha2": "US",
    "country_code_alpha3": "USA",
    "country_code_numeric": "840",
}


def make_address(gateway, customer=None, **values):
    customer = customer or make_customer(gateway)
    return succeed(gateway.address.create({"customer_id": customer.id, **values})).address


def refused_address(gateway, **values):
    return errors_of(gateway.address.create({"customer_id": make_customer(gateway).id, **values}))


def test_an_address_is_kept_with_all_fields(gateway):
    fields = {
        "first_name": "Zoë",
        "last_name": "Smith",
        "company": "Smith & Sons",
        "street_address": "1 E Main St",
        "extended_address": "Suite 200",
        "locality": "Chicago",
        "region": "Illinois",
        "postal_code": "60622-1234",
        "phone_number": "312-123-4567",
        **USA,
    }
    made = make_address(gateway, **fields)
    found = gateway.address.find(made.customer_id, made.id)
    for name, value in fields.items():
        assert getattr(found, name) == value
    assert found.created_at == found.updated_at
    assert found.international_phone is None


def test_an_address_has_an_international_phone_number(gateway):
    phone = {"country_code": "1", "national_number": "3121234567"}
    made = make_address(gateway, international_phone=phone)
    assert gateway.address.find(made.customer_id, made.id).international_phone == phone


@pytest.mark.parametrize("name", USA)
def test_a_country_named_in_one_way_is_known_in_all(gateway, name):
    made = make_address(gateway, **{name: USA[name]})
    assert {field: getattr(made, field) for field in USA} == USA


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"country_name": "Atlantis"}, "country_name", CODES.CountryNameIsNotAccepted),
        ({"country_code_alpha2": "zz"}, "country_code_alpha2", CODES.CountryCodeAlpha2IsNotAccepted),
        ({"country_code_alpha3": "zzz"}, "country_code_alpha3", CODES.CountryCodeAlpha3IsNotAccepted),
        ({"country_code_numeric": "000"}, "country_code_numeric", CODES.CountryCodeNumericIsNotAccepted),
        ({"country_name": "Chad", "country_code_alpha2": "US"}, "base", CODES.InconsistentCountry),
        ({"first_name": "x" * 256}, "first_name", CODES.FirstNameIsTooLong),
        ({"last_name": "x" * 256}, "last_name", CODES.LastNameIsTooLong),
        ({"company": "x" * 256}, "company", CODES.CompanyIsTooLong),
        ({"street_address": "x" * 256}, "street_address", CODES.StreetAddressIsTooLong),
        ({"extended_address": "x" * 256}, "extended_address", CODES.ExtendedAddressIsTooLong),
        ({"locality": "x" * 256}, "locality", CODES.LocalityIsTooLong),
        ({"region": "x" * 256}, "region", CODES.RegionIsTooLong),
        ({"postal_code": "1234567890"}, "postal_code", CODES.PostalCodeIsTooLong),
        ({"postal_code": "12345$"}, "postal_code", CODES.PostalCodeInvalidCharacters),
        ({}, "base", CODES.CannotBeBlank),
        ({"first_name": None}, "base", CODES.CannotBeBlank),
    ],
)
def test_what_is_wrong_with_an_address_is_told(gateway, values, attribute, code):
    assert refused_address(gateway, **values) == [("address", attribute, code)]


def test_every_wrong_code_of_a_country_is_told(gateway):
    errors = refused_address(
        gateway,
        country_name="zzzzzz",
        country_code_alpha2="zz",
        country_code_alpha3="zzz",
        country_code_numeric="zz",
    )
    assert [attribute for _, attribute, _ in errors] == list(USA)


def test_an_address_is_changed_in_what_the_change_mentions(gateway):
    made = make_address(gateway, street_address="1 Old St", locality="Oslo", country_name="Norway")
    changed = succeed(
        gateway.address.update(made.customer_id, made.id, {"street_address": "2 New St", "locality": None})
    ).address
    assert (changed.street_address, changed.locality, changed.country_code_alpha2) == ("2 New St", None, "NO")
    moved = succeed(gateway.address.update(made.customer_id, made.id, {"country_code_alpha2": "US"})).address
    assert moved.country_name == USA["country_name"]


def test_a_wrong_change_of_an_address_changes_nothing(gateway):
    made = make_address(gateway, locality="Oslo")
    result = gateway.address.update(made.customer_id, made.id, {"locality": "Rome", "country_name": "zz"})
    assert errors_of(result) == [("address", "country_name", CODES.CountryNameIsNotAccepted)]
    assert gateway.address.find(made.customer_id, made.id).locality == "Oslo"
    result = gateway.address.update(made.customer_id, made.id, {"locality": None})
    assert errors_of(result) == [("address", "base", CODES.CannotBeBlank)]


def test_a_deleted_address_is_gone_and_its_card_has_none(gateway):
    card = make_card(gateway, billing_address={"locality": "Oslo"})
    address = card.billing_address
    assert gateway.address.delete(card.customer_id, address.id).is_success
    assert gateway.payment_method.find(card.token).billing_address is None
    for missing in (
        lambda: gateway.address.find(card.customer_id, address.id),
        lambda: gateway.address.update(card.customer_id, address.id, {"locality": "Rome"}),
        lambda: gateway.address.delete(card.customer_id, address.id),
        lambda: gateway.address.create({"customer_id": "nobody", "locality": "Oslo"}),
    ):
        with pytest.raises(NotFoundError):
            missing()


def test_an_address_is_found_with_its_own_customer_only(gateway):
    made, other = make_address(gateway, locality="Oslo"), make_customer(gateway)
    with pytest.raises(NotFoundError):
        gateway.address.find(other.id, made.id)


def test_a_customer_has_fifty_addresses_at_most(shared_sandbox_gateway):
    gateway = shared_sandbox_gateway
    customer = make_customer(gateway)
    for number in range(50):
        make_address(gateway, customer, street_address=f"{number} Main St")
    result = gateway.address.create({"customer_id": customer.id, "locality": "Oslo"})
    assert errors_of(result) == [("address", "base", CODES.TooManyAddressesPerCustomer)]
    result = gateway.payment_method.create(
        {
            "customer_id": customer.id,
            "payment_method_nonce": "fake-valid-nonce",
            "billing_address": {"locality": "Oslo"},
        }
    )
    assert errors_of(result) == [("credit_card.billing_address", "base", CODES.TooManyAddressesPerCustomer)]
    assert len(gateway.customer.find(customer.id).addresses) == 50


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("first_name", CODES.FirstNameIsInvalid),
        ("last_name", CODES.LastNameIsInvalid),
        ("company", CODES.CompanyIsInvalid),
        ("street_address", CODES.StreetAddressIsInvalid),
        ("extended_address", CODES.ExtendedAddressIsInvalid),
        ("locality", CODES.LocalityIsInvalid),
        ("region", CODES.RegionIsInvalid),
        ("postal_code", CODES.PostalCodeIsInvalid),
    ],
)
def test_what_is_no_text_is_no_part_of_an_address(gateway, name, code):
    path = f"{gateway.config.base_merchant_path()}/customers/{make_customer(gateway).id}/addresses"
    # Below the SDK's own look at the names.
    answer = gateway.config.http().post(path, {"address": {name: {"a": "b"}}})
    (error,) = answer["api_error_response"]["errors"]["address"]["errors"]
    assert (error["attribute"], error["code"]) == (name, code)
