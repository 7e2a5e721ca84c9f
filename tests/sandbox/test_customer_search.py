from datetime import timedelta

import pytest
from braintree import CustomerSearch

from .factories import make_card, make_customer, make_numbered_card, succeed, unique


def ids_of(collection):
    return [customer.id for customer in collection.items]


@pytest.fixture
def customer(gateway):
    """A customer whose every field can be searched for."""
    return make_customer(
        gateway,
        first_name=unique("first"),
        last_name=unique("last"),
        company=unique("company"),
        email=f"{unique('email')}@example.com",
        phone=unique("phone"),
        fax=unique("fax"),
        website=f"https://{unique('site')}.example.com",
        credit_card={
            "number": "5105105105105100",
            "expiration_date": "05/2031",
            "cardholder_name": unique("holder"),
            "token": unique("token"),
            "billing_address": {
                "first_name": unique("first"),
                "last_name": unique("last"),
                "street_address": unique("street"),
                "extended_address": unique("suite"),
                "locality": unique("town"),
                "region": unique("region"),
                "postal_code": "60622",
                "country_name": "United States of America",
            },
        },
    )


OWN = ("first_name", "last_name", "company", "email", "phone", "fax", "website", "id")
ADDRESS = ("first_name", "last_name", "street_address", "extended_address", "locality", "region")


@pytest.mark.parametrize("name", OWN)
def test_a_customer_is_found_by_each_field_of_its_own(gateway, customer, name):
    value, term = getattr(customer, name), getattr(CustomerSearch, name)
    for query in (
        term == value,
        term.starts_with(value[:-1]),
        term.ends_with(value[1:]),
        term.contains(value[1:-1]),
    ):
        assert ids_of(gateway.customer.search(query)) == [customer.id]
    assert ids_of(gateway.customer.search([term != value, CustomerSearch.id == customer.id])) == []


@pytest.mark.parametrize("name", ADDRESS)
def test_a_customer_is_found_by_its_addresses(gateway, customer, name):
    value = getattr(customer.addresses[0], name)
    term = getattr(CustomerSearch, f"address_{name}")
    assert ids_of(gateway.customer.search(term == value)) == [customer.id]


def test_all_criteria_have_to_hold(gateway, customer):
    card, own = customer.credit_cards[0], CustomerSearch.id == customer.id
    fitting = [
        own,
        CustomerSearch.address_postal_code == "60622",
        CustomerSearch.address_country_name == "United States of America",
        CustomerSearch.cardholder_name == card.cardholder_name,
        CustomerSearch.credit_card_expiration_date == "05/2031",
        CustomerSearch.credit_card_number == "5105105105105100",
        CustomerSearch.payment_method_token == card.token,
        CustomerSearch.created_at == customer.created_at,
    ]
    assert ids_of(gateway.customer.search(fitting)) == [customer.id]
    for other in (
        CustomerSearch.address_postal_code == "60623",
        CustomerSearch.credit_card_expiration_date == "06/2031",
        CustomerSearch.credit_card_number == "4111111111111111",
        CustomerSearch.paypal_account_email == "a@example.com",
        CustomerSearch.created_at >= customer.created_at + timedelta(days=1),
    ):
        assert ids_of(gateway.customer.search([*fitting[:1], other])) == []


def test_a_customer_is_found_by_parts_of_the_number_of_its_card(gateway, customer):
    own, number = CustomerSearch.id == customer.id, CustomerSearch.credit_card_number
    for query in (number.starts_with("510510"), number.ends_with("5100"), number.contains("0510")):
        assert ids_of(gateway.customer.search([own, query])) == [customer.id]
    assert ids_of(gateway.customer.search([own, number.contains("7777")])) == []


def test_customers_are_found_by_the_time_they_were_made(gateway, customer):
    own, made_at = CustomerSearch.id == customer.id, CustomerSearch.created_at
    hour = timedelta(hours=1)
    for query in (
        made_at.between(customer.created_at - hour, customer.created_at + hour),
        made_at <= customer.created_at + hour,
        made_at >= customer.created_at - hour,
    ):
        assert ids_of(gateway.customer.search([own, query])) == [customer.id]


def test_customers_with_the_same_card_are_found_by_its_token(gateway):
    number = "4217651111111119"
    one = make_numbered_card(gateway, number=number)
    same = make_numbered_card(gateway, number=number)
    other = make_card(gateway)
    query = CustomerSearch.payment_method_token_with_duplicates == one.token
    found = ids_of(gateway.customer.search(query))
    assert {one.customer_id, same.customer_id} <= set(found)
    assert other.customer_id not in found


def test_many_customers_are_found_page_by_page_newest_first(shared_sandbox_gateway):
    gateway, company = shared_sandbox_gateway, unique("company")
    made = [make_customer(gateway, company=company).id for _ in range(60)]
    found = gateway.customer.search(CustomerSearch.company == company)
    assert found.maximum_size == 60
    assert ids_of(found) == made[::-1]
    assert found.first.id == made[-1]
    assert ids_of(gateway.customer.search(CustomerSearch.ids.in_list(made[:3]))) == made[2::-1]


def test_all_customers_are_listed(gateway):
    made = make_customer(gateway)
    everybody = gateway.customer.all()
    assert everybody.first.id in everybody.ids
    assert made.id in everybody.ids


def test_a_filter_leaves_out_what_belongs_to_a_customer(gateway, customer):
    succeed(gateway.customer.update(customer.id, {"custom_fields": {"store_me": "one"}}))
    bare = gateway.customer.find(customer.id, association_filter_id="customernoassociations")
    assert (bare.id, bare.credit_cards, bare.addresses, len(bare.custom_fields)) == (customer.id, [], [], 0)
    top = gateway.customer.find(customer.id, association_filter_id="customertoplevelassociations")
    assert (len(top.credit_cards), len(top.addresses), len(top.custom_fields)) == (1, 1, 1)
    assert top.credit_cards[0].subscriptions == []
