import base64
import json
import re
from http.client import HTTPConnection

import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError

from .browsers import Browser, token_of
from .factories import errors_of, make_card, make_customer, sell, succeed, try_sale, unique

VISA = {"number": "4111111111111111", "expirationDate": "11/2099", "cvv": "123"}
DECLINED = {"number": "4000111111111115", "expiration_month": "11", "expiration_year": "2099"}


def test_a_client_token_is_base64_of_json_and_tells_where_to_go(gateway):
    token = json.loads(base64.b64decode(gateway.client_token.generate()))
    assert token["version"] == 2
    assert token["merchantId"] == "integration_merchant_id"
    assert token["merchantAccountId"] == "sandbox_credit_card"
    assert token["environment"] == "development"
    assert token["clientApiUrl"].endswith("/merchants/integration_merchant_id/client_api")
    assert token["configUrl"].endswith("/merchants/integration_merchant_id/client_api/v1/configuration")
    assert {"authorizationFingerprint", "assetsUrl", "authUrl", "challenges", "creditCards"} <= set(token)


def test_the_version_of_a_client_token_can_be_chosen(gateway):
    assert json.loads(gateway.client_token.generate({"version": 1}))["version"] == 1
    assert json.loads(base64.b64decode(gateway.client_token.generate({"version": 3})))["version"] == 3


def test_a_client_token_names_the_merchant_account_asked_for(gateway):
    account = "sandbox_credit_card_non_default"
    assert token_of(gateway, merchant_account_id=account)["merchantAccountId"] == account


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"customer_id": "nobody"}, "Customer specified by customer_id does not exist"),
        (
            {"merchant_account_id": "nope"},
            "Merchant account specified by merchant_account_id does not exist",
        ),
        ({"version": 9}, "Client token version is not supported"),
        ({"proxy_merchant_id": "nobody"}, "Proxy merchant specified by proxy_merchant_id does not exist"),
        (
            {"domains": ["example"]},
            "Client token domains must be valid domain names (RFC 1035), e.g. example.com",
        ),
        (
            {"domains": [f"example{number}.com" for number in range(6)]},
            "Cannot specify more than 5 client token domains",
        ),
        (
            {"customer_id": None, "options": {"make_default": True}},
            "Specifying make_default requires a customer id",
        ),
    ],
)
def test_a_client_token_that_cannot_be_is_refused(gateway, params, text):
    # A copy: the SDK adds the version to what it is given.
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        gateway.client_token.generate({**params})


def test_a_client_token_is_for_some_domains(gateway):
    assert token_of(gateway, domains=["example.com", "shop.example.co.uk"])["authorizationFingerprint"]


def test_a_browser_needs_a_fingerprint_that_is_still_good(gateway):
    browser = Browser.of(gateway)
    assert browser.get("payment_methods.json")[0] == 200
    assert browser.get("configuration")[1]["merchantId"] == "integration_merchant_id"
    browser.fingerprint = browser.fingerprint[:-2] + "xx"
    assert browser.get("payment_methods.json")[0] == 403
    browser.fingerprint = ""
    assert browser.add(VISA)[0] == 403


def test_a_card_becomes_a_nonce_for_one_sale(gateway):
    status, answer = Browser.of(gateway).add(VISA)
    (card,) = answer["creditCards"]
    assert status == 202
    assert card["details"]["lastTwo"] == "11"
    assert card["details"]["cardType"] == "Visa"
    found = gateway.payment_method_nonce.find(card["nonce"])
    assert (found.details["bin"], found.consumed) == ("411111", False)
    sale = sell(gateway, payment_method_nonce=card["nonce"])
    assert sale.credit_card_details.last_4 == "1111"
    assert sale.cvv_response_code == "M"
    result = try_sale(gateway, payment_method_nonce=card["nonce"])
    code = ErrorCodes.Transaction.PaymentMethodNonceConsumed
    assert errors_of(result) == [("transaction", "payment_method_nonce", code)]


def test_a_nonce_brings_its_address_and_cvv_into_the_vault(gateway):
    card = {**VISA, "cvv": "200", "billingAddress": {"postalCode": "20000", "countryCodeAlpha2": "US"}}
    nonce = Browser.of(gateway).add(card)[1]["creditCards"][0]["nonce"]
    kept = make_card(gateway, nonce=nonce, options={"verify_card": True})
    assert kept.billing_address.country_name == "United States of America"
    assert kept.verification.cvv_response_code == "N"
    assert kept.verification.avs_postal_code_response_code == "N"
    result = gateway.payment_method.create(
        {"customer_id": make_customer(gateway).id, "payment_method_nonce": nonce}
    )
    code = ErrorCodes.CreditCard.PaymentMethodNonceConsumed
    assert errors_of(result) == [("credit_card", "payment_method_nonce", code)]


def test_what_is_wrong_with_a_card_is_told_to_the_browser(gateway):
    status, answer = Browser.of(gateway).add({"number": "4111111111111112", "expirationDate": "13/2099"})
    assert status == 422
    assert answer["error"]["message"] == "Credit card is invalid"
    ((section),) = answer["fieldErrors"]
    assert section["field"] == "creditCard"
    assert [(error["field"], error["code"]) for error in section["fieldErrors"]] == [
        ("number", "81715"),
        ("expirationDate", "81710"),
    ]


def test_a_customers_browser_keeps_the_card_in_the_vault(gateway):
    customer = make_customer(gateway)
    browser = Browser.of(gateway, customer_id=customer.id)
    status, answer = browser.add(VISA)
    assert status == 201
    (kept,) = gateway.customer.find(customer.id).credit_cards
    assert gateway.credit_card.from_nonce(answer["creditCards"][0]["nonce"]).token == kept.token
    status, answer = browser.get("payment_methods.json")
    assert [card["details"]["lastTwo"] for card in answer["paymentMethods"]] == ["11"]
    assert answer["paymentMethods"][0]["default"] is True
    sell(gateway, payment_method_nonce=answer["paymentMethods"][0]["nonce"])


def test_a_browser_may_ask_for_a_nonce_alone(gateway):
    customer = make_customer(gateway)
    browser = Browser.of(gateway, customer_id=customer.id)
    assert browser.add({**VISA, "options": {"validate": False}})[0] == 202
    assert gateway.customer.find(customer.id).credit_cards == []


def test_the_options_of_a_client_token_hold_for_its_cards(gateway):
    customer = make_customer(gateway)
    verifying = Browser.of(gateway, customer_id=customer.id, options={"verify_card": True})
    assert verifying.add(DECLINED)[0] == 422
    assert Browser.of(gateway, customer_id=customer.id).add(VISA)[0] == 201
    unique = {"fail_on_duplicate_payment_method_for_customer": True}
    status, answer = Browser.of(gateway, customer_id=customer.id, options=unique).add(VISA)
    assert (status, answer["fieldErrors"][0]["fieldErrors"][0]["code"]) == (422, "81763")
    anywhere = {"fail_on_duplicate_payment_method": True}
    assert Browser.of(gateway, customer_id=customer.id, options=anywhere).add(VISA)[0] == 422
    default = Browser.of(gateway, customer_id=customer.id, options={"make_default": True})
    assert default.add({**VISA, "number": "4005519200000004"})[0] == 201
    cards = gateway.customer.find(customer.id).credit_cards
    assert [card.bin for card in cards if card.default] == ["400551"]


def test_a_shared_card_is_shown_with_a_locked_nonce(gateway):
    browser = Browser.of(gateway)
    status, answer = browser.add(VISA, share=True)
    assert status == 201
    assert make_card(gateway, nonce=answer["creditCards"][0]["nonce"]).last_4 == "1111"
    locked = browser.get("payment_methods.json")[1]["creditCards"][0]["nonce"]
    with pytest.raises(NotFoundError):
        gateway.credit_card.from_nonce(locked)
    result = gateway.credit_card.create(
        {"customer_id": make_customer(gateway).id, "payment_method_nonce": locked}
    )
    code = ErrorCodes.CreditCard.PaymentMethodNonceLocked
    assert errors_of(result) == [("credit_card", "payment_method_nonce", code)]


def test_a_browser_may_send_a_form_or_only_load_scripts(gateway):
    browser = Browser.of(gateway)
    form = "credit_card[number]=4111111111111111&credit_card[expiration_date]=11/2099"
    assert browser.send("POST", "payment_methods/credit_cards", form)[0] == 202
    status, text = browser.send_raw(
        "GET", f"payment_methods/credit_cards?_method=POST&callback=done.x&{form}"
    )
    assert status == 200
    assert text.startswith("done.x(")
    assert json.loads(text[len("done.x(") : -1])["status"] == 202
    status, answer = browser.send("GET", "payment_methods/credit_cards?callback=alert(1)//")
    assert (status, "error" in answer) == (404, True)


def test_nonsense_from_a_browser_gets_an_answer(gateway):
    browser = Browser.of(gateway)
    for body in ("{", "[]", "\x00", "a[b][c][d]=1&a=2", '{"credit_card": []}', '{"creditCard": "x"}'):
        assert browser.send("POST", "payment_methods/credit_cards", body)[0] in (403, 422)
    assert browser.send("DELETE", "payment_methods/credit_cards", "")[0] in (403, 404, 501)


def test_the_nonce_of_a_browser_can_be_verified(gateway):
    nonce = Browser.of(gateway).add({**VISA, "cvv": "200"})[1]["creditCards"][0]["nonce"]
    made = succeed(gateway.verification.create({"payment_method_nonce": nonce})).verification
    assert made.cvv_response_code == "N"


def test_a_page_of_another_address_may_use_the_client_api(server):
    path = "/merchants/integration_merchant_id/client_api/v1/payment_methods/credit_cards"
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    for verb, url, status in (("OPTIONS", path, 204), ("POST", path, 403), ("OPTIONS", "/merchants/x", 405)):
        connection.request(verb, url)
        answer = connection.getresponse()
        assert answer.status == status
        answer.read()
        if status != 405:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
    connection.close()


def test_a_card_that_a_browser_kept_is_not_kept_twice(gateway):
    customer = make_customer(gateway)
    browser = Browser.of(gateway, customer_id=customer.id)
    card = {**VISA, "billing_address": {"street_address": "123 Abc Way"}}
    nonce = browser.add(card)[1]["creditCards"][0]["nonce"]
    kept = make_card(
        gateway,
        customer,
        nonce=nonce,
        billing_address={"street_address": "456 Xyz Way"},
        options={"verify_card": True, "make_default": True},
    )
    assert kept.billing_address.street_address == "123 Abc Way"
    assert kept.verification.status == "verified"
    assert [one.token for one in gateway.customer.find(customer.id).credit_cards] == [kept.token]
    nonce = browser.get("payment_methods.json")[1]["creditCards"][0]["nonce"]
    own = make_card(gateway, customer, nonce=nonce, token=unique("token"))
    assert own.token != kept.token


def test_a_card_that_a_browser_kept_is_refused_if_it_fails_verification(gateway):
    customer = make_customer(gateway)
    nonce = Browser.of(gateway, customer_id=customer.id).add(DECLINED)[1]["creditCards"][0]["nonce"]
    params = {"customer_id": customer.id, "payment_method_nonce": nonce, "options": {"verify_card": True}}
    result = gateway.payment_method.create(params)
    assert result.credit_card_verification.processor_response_code == "2000"
