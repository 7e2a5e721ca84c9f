from datetime import date

import pytest
from braintree.exceptions.unexpected_error import UnexpectedError

from .factories import make_customer, make_numbered_card


def tokens_of(collection):
    return [card.token for card in collection.items]


def test_expired_cards_are_listed(gateway):
    expired = make_numbered_card(gateway, expiration_date="01/2015")
    good = make_numbered_card(gateway, expiration_date="01/2090")
    found = gateway.credit_card.expired()
    assert expired.token in found.ids
    assert good.token not in found.ids
    assert expired.token in tokens_of(found)
    assert found.first.is_expired


def test_cards_that_expire_between_two_months_are_listed(gateway):
    customer = make_customer(gateway)
    cards = {
        day: make_numbered_card(gateway, customer, expiration_date=day).token
        for day in ("11/2061", "12/2061", "01/2062", "02/2062")
    }
    found = gateway.credit_card.expiring_between(date(2061, 12, 1), date(2062, 1, 31))
    assert cards["12/2061"] in found.ids
    assert cards["01/2062"] in tokens_of(found)
    assert not {cards["11/2061"], cards["02/2062"]} & set(found.ids)


def test_a_list_of_cards_may_be_empty(gateway):
    assert gateway.credit_card.expiring_between(date(1990, 1, 1), date(1990, 2, 1)).maximum_size == 0


@pytest.mark.parametrize(
    "path",
    [
        "/payment_methods/all/expiring_ids?start=2031&end=122031",
        "/payment_methods/all/expiring_ids",
        "/customers/advanced_search_ids",
        "/verifications/advanced_search_ids",
        "/disputes/advanced_search",
        "/disputes/advanced_search?page=0",
    ],
)
def test_a_search_for_what_there_is_not_cannot_be_read(gateway, path):
    with pytest.raises(UnexpectedError, match="400"):
        gateway.config.http().post(gateway.config.base_merchant_path() + path, {"search": {"nonsense": "x"}})
