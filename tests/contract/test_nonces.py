import pytest
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.nonces import Nonces

from .browser import Browser
from .factories import CARD, errors_of, make_card, make_customer, sell, succeed, try_sale
from .rows import covers


def nonce_of(gateway, card):
    return succeed(gateway.payment_method_nonce.create(card.token)).payment_method_nonce.nonce


def try_to_keep(gateway, nonce, **values):
    customer = make_customer(gateway)
    return gateway.payment_method.create(
        {"customer_id": customer.id, "payment_method_nonce": nonce, **values}
    )


@pytest.mark.parametrize(
    ("nonce", "brand"),
    [
        (Nonces.Transactable, "Visa"),
        (Nonces.TransactableVisa, "Visa"),
        (Nonces.TransactableMasterCard, "MasterCard"),
        (Nonces.TransactableAmEx, "American Express"),
        (Nonces.TransactableDiscover, "Discover"),
        (Nonces.TransactableJCB, "JCB"),
    ],
)
def test_a_test_nonce_stands_for_a_card(gateway, nonce, brand):
    assert sell(gateway, payment_method_nonce=nonce).credit_card_details.card_type == brand
    assert make_card(gateway, nonce=nonce).card_type == brand


@pytest.mark.parametrize(
    ("nonce", "expected"),
    [
        (Nonces.Consumed, ("credit_card", "payment_method_nonce", "91731")),
        ("no-such-nonce", ("credit_card", "payment_method_nonce", "91732")),
        (Nonces.LuhnInvalid, ("credit_card", "number", "81715")),
    ],
)
@covers("91731", "91732", "81715")
def test_a_card_is_not_kept_from_a_bad_nonce(gateway, nonce, expected):
    assert errors_of(try_to_keep(gateway, nonce)) == [expected]


@covers("POST /payment_methods/TOKEN/nonces", "GET /payment_method_nonces/NONCE", "91564")
def test_a_card_in_the_vault_gives_a_nonce_for_one_sale(gateway):
    card = make_card(gateway)
    nonce = nonce_of(gateway, card)
    found = gateway.payment_method_nonce.find(nonce)
    assert (found.nonce, found.type, found.default) == (nonce, "CreditCard", True)
    assert (found.details["bin"], found.details["last_two"]) == (card.bin, card.last_4[-2:])
    assert found.three_d_secure_info is None
    assert sell(gateway, payment_method_nonce=nonce).credit_card_details.token == card.token
    result = try_sale(gateway, payment_method_nonce=nonce)
    assert errors_of(result) == [("transaction", "payment_method_nonce", "91564")]


@covers("GET /payment_methods/from_nonce/NONCE")
def test_a_nonce_leads_to_its_card_once(gateway):
    card = make_card(gateway)
    nonce = nonce_of(gateway, card)
    assert gateway.credit_card.from_nonce(nonce).token == card.token
    with pytest.raises(NotFoundError):
        gateway.credit_card.from_nonce(nonce)


def test_what_is_not_there_gives_no_nonce_and_no_card(gateway):
    for missing in (
        lambda: gateway.payment_method_nonce.create("nosuchtoken"),
        lambda: gateway.payment_method_nonce.find("no-such-nonce"),
        lambda: gateway.credit_card.from_nonce("no-such-nonce"),
    ):
        with pytest.raises(NotFoundError):
            missing()


def test_an_authenticated_nonce_tells_how_that_went(gateway):
    nonce = Nonces.ThreeDSecureVisaFullAuthentication
    info = gateway.payment_method_nonce.find(nonce).three_d_secure_info
    assert (info.status, info.enrolled) == ("authenticate_successful", "Y")
    assert info.liability_shifted is info.liability_shift_possible is True


@covers("POST /client_api/v1/payment_methods/credit_cards")
def test_a_browser_turns_a_card_into_a_nonce(gateway):
    status, answer = Browser(gateway).add(
        {"number": CARD["number"], "expirationDate": "11/2099", "cvv": "123"}
    )
    assert status in (201, 202)
    sale = sell(gateway, payment_method_nonce=answer["creditCards"][0]["nonce"])
    assert (sale.credit_card_details.last_4, sale.cvv_response_code) == ("1111", "M")


def test_a_browser_is_told_what_is_wrong_with_a_card(gateway):
    status, answer = Browser(gateway).add({"number": "4111111111111112", "expirationDate": "13/2099"})
    assert status == 422
    told = {error["code"] for field in answer["fieldErrors"] for error in field["fieldErrors"]}
    assert told == {"81715", "81710"}


@covers("GET /client_api/v1/payment_methods.json", "91566")
def test_a_card_that_is_only_shown_to_a_browser_has_a_locked_nonce(gateway):
    browser = Browser(gateway)
    card = {"number": CARD["number"], "expirationDate": "11/2099", "cvv": "123"}
    assert browser.add(card, share=True)[0] == 201
    status, answer = browser.cards()
    assert status == 200
    locked = answer["creditCards"][0]["nonce"]
    result = try_sale(gateway, payment_method_nonce=locked)
    assert errors_of(result) == [("transaction", "payment_method_nonce", "91566")]


def test_a_fingerprint_that_was_changed_is_not_let_in(gateway):
    browser = Browser(gateway)
    browser.fingerprint = f"{browser.fingerprint[:-4]}xxxx"
    assert browser.cards()[0] in (401, 403)
