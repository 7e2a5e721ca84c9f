import re

import pytest

from .browser import Browser, decoded_token
from .factories import CARD, make_customer
from .rows import covers


@covers("POST /client_token")
def test_a_client_token_tells_where_a_browser_may_go(gateway):
    token, merchant = decoded_token(gateway), gateway.config.merchant_id
    assert (token["version"], token["merchantId"]) == (2, merchant)
    assert token["clientApiUrl"].endswith(f"/merchants/{merchant}/client_api")
    assert token["configUrl"].endswith(f"/merchants/{merchant}/client_api/v1/configuration")
    for name in ("authorizationFingerprint", "environment", "assetsUrl", "authUrl"):
        assert type(token[name]) is str


def test_a_client_token_for_a_customer_is_another_one(gateway):
    customer = make_customer(gateway)
    anybody, somebody = decoded_token(gateway), decoded_token(gateway, customer_id=customer.id)
    assert anybody["authorizationFingerprint"] != somebody["authorizationFingerprint"]


def test_a_client_token_names_the_merchant_account_asked_for(gateway, other_account):
    assert decoded_token(gateway, merchant_account_id=other_account)["merchantAccountId"] == other_account


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"customer_id": "no-such-customer"}, "Customer specified by customer_id does not exist"),
        ({"domains": ["example"]}, "Client token domains must be valid domain names"),
        (
            {"domains": [f"example{number}.com" for number in range(6)]},
            "Cannot specify more than 5 client token domains",
        ),
    ],
)
def test_a_client_token_that_cannot_be_is_refused(gateway, params, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        gateway.client_token.generate(dict(params))


def test_a_customers_browser_keeps_its_card_in_the_vault(gateway):
    customer = make_customer(gateway)
    browser = Browser(gateway, customer_id=customer.id)
    browser.shared = {}
    assert browser.add({"number": CARD["number"], "expirationDate": "11/2099"})[0] == 201
    (card,) = gateway.customer.find(customer.id).credit_cards
    assert (card.last_4, card.expiration_date) == ("1111", "11/2099")
