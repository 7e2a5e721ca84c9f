from datetime import timedelta

from braintree import CustomerSearch as Search

from .factories import eventually, make_customer, unique
from .rows import covers

CUSTOMER = ("first_name", "last_name", "company", "email", "phone", "fax", "website")
ADDRESS = ("first_name", "last_name", "street_address", "extended_address", "locality", "region")


def searchable_customer(gateway):
    return make_customer(
        gateway,
        **{name: unique(name) for name in CUSTOMER if name not in ("email", "website")},
        email=f"{unique('mail')}@example.com",
        website=f"https://{unique('site')}.example.com",
        credit_card={
            "number": "5105105105105100",
            "expiration_date": "05/2031",
            "cardholder_name": unique("holder"),
            "billing_address": {
                **{name: unique(name) for name in ADDRESS},
                "postal_code": "60622",
                "country_name": "United States of America",
            },
        },
    )


@covers("POST /customers/advanced_search_ids", "POST /customers/advanced_search")
def test_a_customer_is_found_by_everything_it_has(gateway):
    customer = searchable_customer(gateway)
    (card,), (address,) = customer.credit_cards, customer.addresses
    own, hour = Search.id == customer.id, timedelta(hours=1)

    def search(*terms):
        return [found.id for found in gateway.customer.search([own, *terms]).items]

    assert eventually(gateway, search, bool) == [customer.id]
    fitting = [
        *(getattr(Search, name) == getattr(customer, name) for name in CUSTOMER),
        *(getattr(Search, f"address_{name}") == getattr(address, name) for name in ADDRESS),
        Search.address_postal_code == "60622",
        Search.address_country_name == "United States of America",
        Search.cardholder_name == card.cardholder_name,
        Search.credit_card_number == "5105105105105100",
        Search.credit_card_number.starts_with("510510"),
        Search.credit_card_number.ends_with("5100"),
        Search.credit_card_expiration_date == "05/2031",
        Search.payment_method_token == card.token,
        Search.payment_method_token_with_duplicates == card.token,
        Search.ids.in_list([customer.id]),
        Search.created_at >= customer.created_at - hour,
        Search.created_at.between(customer.created_at - hour, customer.created_at + hour),
    ]
    for term in fitting:
        assert search(term) == [customer.id], term.name
    assert search(*fitting) == [customer.id]
    for term in (
        *(getattr(Search, name) == "another" for name in CUSTOMER),
        *(getattr(Search, f"address_{name}") == "another" for name in ADDRESS),
        Search.credit_card_number.starts_with("4111"),
        Search.credit_card_expiration_date == "06/2031",
        Search.created_at <= customer.created_at - hour,
    ):
        assert search(term) == [], term.name


def test_a_text_is_compared_in_five_ways(gateway):
    customer = make_customer(gateway, company=unique("Company"))
    own, company = Search.id == customer.id, customer.company

    def search(*terms):
        return gateway.customer.search([own, *terms]).ids

    assert eventually(gateway, search, bool) == [customer.id]
    for term in (
        Search.company == company,
        Search.company != "another",
        Search.company.starts_with(company[:10]),
        Search.company.ends_with(company[-5:]),
        Search.company.contains(company[4:14]),
    ):
        assert search(term) == [customer.id]
    assert search(Search.company != company) == search(Search.company.contains("another")) == []


def test_a_search_without_a_result_is_empty(gateway):
    found = gateway.customer.search(Search.company == unique("nobody"))
    assert (found.maximum_size, list(found.items)) == (0, [])
