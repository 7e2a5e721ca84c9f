from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from braintree import CreditCardVerificationSearch as Search
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.credit_card_numbers import CreditCardNumbers

from .factories import (
    CARD,
    errors_of,
    eventually,
    make_card,
    make_customer,
    make_numbered_card,
    sell,
    try_card,
    unique,
)
from .rows import covers

FAILING = CreditCardNumbers.FailsSandboxVerification
VERIFY = {"options": {"verify_card": True}}


def verify(gateway, options=None, **card):
    return gateway.verification.create({"credit_card": {**CARD, **card}, "options": options or {}})


@covers("POST /verifications", "GET /verifications/ID")
def test_a_card_can_be_verified_without_being_kept(gateway):
    made = verify(gateway, {"amount": "5.00"}, cardholder_name="Zoë Smith").verification
    for shown in (made, gateway.verification.find(made.id)):
        assert (shown.status, shown.amount) == ("verified", Decimal("5.00"))
        assert (shown.processor_response_code, shown.processor_response_text) == ("1000", "Approved")
        assert shown.processor_response_type == "approved"
        assert shown.gateway_rejection_reason is shown.avs_error_response_code is None
        assert (shown.avs_postal_code_response_code, shown.cvv_response_code) == ("I", "I")
        assert (shown.credit_card["bin"], shown.credit_card["last_4"]) == ("411111", "1111")
        assert shown.credit_card["cardholder_name"] == "Zoë Smith"
        assert type(shown.created_at) is type(shown.updated_at) is datetime
        assert type(shown.graphql_id) is type(shown.merchant_account_id) is str
    with pytest.raises(NotFoundError):
        gateway.verification.find("nosuchid")


def test_a_card_is_verified_when_it_is_kept_if_the_caller_asks(gateway):
    verification = make_card(gateway, **VERIFY).verification
    assert (verification.status, verification.amount) == ("verified", Decimal("0.00"))
    assert gateway.verification.find(verification.id).status == "verified"
    assert not hasattr(make_card(gateway), "verification")


@pytest.mark.parametrize("number", [FAILING.AmEx, FAILING.Discover, FAILING.MasterCard, FAILING.Visa])
def test_some_numbers_fail_verification_and_are_not_kept(gateway, number):
    customer = make_customer(gateway)
    result = try_card(gateway, customer, number=number, **VERIFY)
    verification = result.credit_card_verification
    assert errors_of(result) == []
    assert result.message == "Do Not Honor"
    assert result.transaction is None
    assert (verification.status, verification.processor_response_code) == ("processor_declined", "2000")
    assert verification.processor_response_type == "soft_declined"
    assert verification.gateway_rejection_reason is None
    assert verification.credit_card["last_4"] == number[-4:]
    assert gateway.customer.find(customer.id).credit_cards == []


def test_a_number_that_fails_verification_can_be_kept_and_charged_without_one(gateway):
    card = make_numbered_card(gateway, number=FAILING.MasterCard)
    assert sell(gateway, payment_method_token=card.token).status == "authorized"


def test_a_failed_verification_leaves_a_card_as_it_was(gateway):
    card = make_card(gateway, nonce="fake-valid-visa-nonce")
    result = gateway.payment_method.update(card.token, {"number": FAILING.Visa, **VERIFY})
    assert result.credit_card_verification.status == "processor_declined"
    assert gateway.payment_method.find(card.token).last_4 == card.last_4


def test_a_rejected_verification_tells_the_reason(gateway):
    customer = make_customer(gateway)
    nonce = "fake-gateway-rejected-fraud-nonce"
    values = {"customer_id": customer.id, "payment_method_nonce": nonce, **VERIFY}
    verification = gateway.payment_method.create(values).credit_card_verification
    assert (verification.status, verification.gateway_rejection_reason) == ("gateway_rejected", "fraud")


@pytest.mark.parametrize(("amount", "code"), [("-1", "94201"), ("x", "94202"), ("999999999999.00", "94207")])
def test_a_wrong_amount_of_a_verification_is_told(gateway, amount, code):
    result = verify(gateway, {"amount": amount})
    assert [found for *_, found in errors_of(result)] == [code]
    assert errors_of(result)[0][:2] == ("verification.options", "amount")


def test_a_wrong_card_is_told_below_the_verification(gateway):
    result = verify(gateway, number="411")
    assert errors_of(result) == [("verification.credit_card", "number", "81716")]


@covers("POST /verifications/advanced_search_ids", "POST /verifications/advanced_search")
def test_verifications_are_found_by_every_criterion(gateway):
    customer = make_customer(
        gateway,
        email=f"{unique('email')}@example.com",
        credit_card={
            **CARD,
            "cardholder_name": unique("holder"),
            "billing_address": {"postal_code": "44444"},
            **VERIFY,
        },
    )
    (card,) = customer.credit_cards
    own = Search.id == card.verification.id

    def search(*query):
        return [found.id for found in gateway.verification.search([own, *query]).items]

    assert eventually(gateway, search, bool) == [card.verification.id]
    for query in (
        Search.ids.in_list([card.verification.id]),
        Search.customer_id == customer.id,
        Search.customer_email == customer.email,
        Search.payment_method_token == card.token,
        Search.billing_postal_code == "44444",
        Search.credit_card_cardholder_name.contains("holder"),
        Search.credit_card_expiration_date == "05/2099",
        Search.credit_card_number == CARD["number"],
        Search.credit_card_number.starts_with("411111"),
        Search.credit_card_number.ends_with("1111"),
        Search.credit_card_card_type == "Visa",
        Search.status == "verified",
        Search.created_at == card.verification.created_at,
    ):
        assert search(query) == [card.verification.id]
    for query in (
        Search.customer_id == "nobody",
        Search.status == "processor_declined",
        Search.credit_card_card_type == "MasterCard",
        Search.credit_card_number.starts_with("5105"),
        Search.created_at <= card.verification.created_at - timedelta(days=1),
    ):
        assert search(query) == []
