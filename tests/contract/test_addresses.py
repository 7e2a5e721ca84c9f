from datetime import datetime

import pytest
from braintree.exceptions.not_found_error import NotFoundError

from .factories import errors_of, make_card, make_customer, succeed
from .rows import covers

FIELDS = {
    "first_name": "Zoë",
    "last_name": "Smith",
    "company": "Smith & Sons",
    "street_address": "1 E Main St",
    "extended_address": "Suite 200",
    "locality": "Chicago",
    "region": "Illinois",
    "postal_code": "60622",
}
COUNTRY = {
    "country_name": "United States of America",
    "country_code_alpha2": "US",
    "country_code_alpha3": "USA",
    "country_code_numeric": "840",
}


def try_address(gateway, **values):
    return gateway.address.create({"customer_id": make_customer(gateway).id, **values})


def make_address(gateway, **values):
    return succeed(try_address(gateway, **values)).address


@covers("POST /customers/ID/addresses", "GET /customers/ID/addresses/ID")
def test_an_address_is_kept_with_all_fields(gateway):
    made = make_address(gateway, **FIELDS, country_code_alpha2="US")
    for shown in (made, gateway.address.find(made.customer_id, made.id)):
        for name, value in {**FIELDS, **COUNTRY}.items():
            assert getattr(shown, name) == value
        assert type(shown.created_at) is type(shown.updated_at) is datetime
    assert [found.id for found in gateway.customer.find(made.customer_id).addresses] == [made.id]


@pytest.mark.parametrize("name", COUNTRY)
def test_a_country_named_in_one_way_is_known_in_all(gateway, name):
    made = make_address(gateway, **{name: COUNTRY[name]})
    assert {field: getattr(made, field) for field in COUNTRY} == COUNTRY


@covers("PUT /customers/ID/addresses/ID")
def test_a_change_touches_what_it_names(gateway):
    made = make_address(gateway, street_address="1 Old St", locality="Oslo")
    changed = gateway.address.update(made.customer_id, made.id, {"street_address": "2 New St"})
    assert succeed(changed).address.id == made.id
    assert (changed.address.street_address, changed.address.locality) == ("2 New St", "Oslo")


@covers("DELETE /customers/ID/addresses/ID")
def test_a_deleted_address_is_gone(gateway):
    made = make_address(gateway, **FIELDS)
    assert gateway.address.delete(made.customer_id, made.id).is_success
    for missing in (
        lambda: gateway.address.find(made.customer_id, made.id),
        lambda: gateway.address.update(made.customer_id, made.id, {"locality": "Rome"}),
        lambda: gateway.address.delete(made.customer_id, made.id),
    ):
        with pytest.raises(NotFoundError):
            missing()


def test_an_address_needs_a_customer_that_is_there(gateway):
    with pytest.raises(NotFoundError):
        gateway.address.create({"customer_id": "no-such-customer", **FIELDS})
    with pytest.raises(NotFoundError):
        gateway.address.find(make_customer(gateway).id, make_address(gateway, **FIELDS).id)


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({}, "base", "81801"),
        ({"country_name": "Atlantis"}, "country_name", "91803"),
        ({"country_code_alpha2": "zz"}, "country_code_alpha2", "91814"),
        ({"country_code_alpha3": "zzz"}, "country_code_alpha3", "91816"),
        ({"country_code_numeric": "000"}, "country_code_numeric", "91817"),
        ({"country_name": "Chad", "country_code_alpha2": "US"}, "base", "91815"),
        ({"postal_code": "1234567890"}, "postal_code", "81809"),
        ({"postal_code": "12345$"}, "postal_code", "81813"),
        ({"first_name": "x" * 256}, "first_name", "81805"),
        ({"last_name": "x" * 256}, "last_name", "81806"),
        ({"company": "x" * 256}, "company", "81802"),
        ({"street_address": "x" * 256}, "street_address", "81812"),
        ({"extended_address": "x" * 256}, "extended_address", "81804"),
        ({"locality": "x" * 256}, "locality", "81807"),
        ({"region": "x" * 256}, "region", "81810"),
    ],
)
def test_what_is_wrong_with_an_address_is_told(gateway, values, attribute, code):
    assert errors_of(try_address(gateway, **values)) == [("address", attribute, code)]


def test_a_card_can_use_an_address_that_is_there(gateway):
    made = make_address(gateway, **FIELDS)
    customer = gateway.customer.find(made.customer_id)
    card = make_card(gateway, customer, billing_address_id=made.id)
    assert card.billing_address.id == made.id
    gateway.address.delete(made.customer_id, made.id)
    assert gateway.payment_method.find(card.token).billing_address is None
