import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.credit_card_numbers import CreditCardNumbers

from .factories import errors_of, make_card, make_customer, make_numbered_card, sell, succeed

OPTIONS = ErrorCodes.CreditCard.Options
FAILING = CreditCardNumbers.FailsSandboxVerification


def test_a_verification_can_be_found_whichever_way_it_went(gateway):
    good = make_card(gateway, options={"verify_card": True}).verification
    assert gateway.verification.find(good.id).status == "verified"
    result = gateway.customer.create(
        {
            "payment_method_nonce": "fake-gateway-rejected-fraud-nonce",
            "credit_card": {"options": {"verify_card": True}},
        }
    )
    bad = gateway.verification.find(result.credit_card_verification.id)
    assert (bad.status, bad.gateway_rejection_reason) == ("gateway_rejected", "fraud")
    with pytest.raises(NotFoundError):
        gateway.verification.find("nope")


def test_a_good_card_is_verified_for_nothing_unless_an_amount_is_given(gateway):
    card = make_card(gateway, options={"verify_card": True})
    assert card.verification.status == "verified"
    assert str(card.verification.amount) == "0.00"
    assert card.verification.processor_response_code == "1000"
    assert card.verification.currency_iso_code == "USD"
    assert card.verification.graphql_id
    card = make_card(gateway, options={"verify_card": True, "verification_amount": "1.02"})
    assert str(card.verification.amount) == "1.02"
    assert str(gateway.payment_method.find(card.token).verification.amount) == "1.02"


@pytest.mark.parametrize("number", [FAILING.AmEx, FAILING.Discover, FAILING.MasterCard, FAILING.Visa])
def test_the_failing_numbers_are_refused_with_the_verification(gateway, number):
    customer = make_customer(gateway)
    params = {"customer_id": customer.id, "number": number, "expiration_date": "12/2030"}
    result = gateway.credit_card.create({**params, "options": {"verify_card": True}})
    assert errors_of(result) == []
    assert result.message == "Do Not Honor"
    assert result.transaction is None
    verification = result.credit_card_verification
    assert verification.status == "processor_declined"
    assert verification.processor_response_code == "2000"
    assert verification.processor_response_text == "Do Not Honor"
    assert verification.processor_response_type == "soft_declined"
    assert verification.credit_card["last_4"] == number[-4:]
    assert gateway.customer.find(customer.id).credit_cards == []


def test_a_failing_number_can_be_kept_without_verification_and_sold_to(gateway):
    card = make_numbered_card(gateway, number=FAILING.MasterCard)
    assert not hasattr(card, "verification")
    sell(gateway, payment_method_token=card.token)


def test_a_failed_verification_changes_nothing_on_a_card(gateway):
    card = make_card(gateway, nonce="fake-valid-visa-nonce")
    result = gateway.payment_method.update(
        card.token, {"number": FAILING.Visa, "cardholder_name": "New", "options": {"verify_card": True}}
    )
    assert result.credit_card_verification.status == "processor_declined"
    found = gateway.payment_method.find(card.token)
    assert (found.last_4, found.cardholder_name) == ("1881", None)


def test_a_card_that_was_kept_unverified_can_be_verified_later(gateway):
    bad, good = make_numbered_card(gateway, number=FAILING.Visa), make_card(gateway)
    verify = {"options": {"verify_card": True}}
    result = gateway.payment_method.update(bad.token, verify)
    assert result.credit_card_verification.processor_response_code == "2000"
    changed = succeed(gateway.payment_method.update(good.token, verify)).payment_method
    assert changed.verification.status == "verified"


def test_the_last_verification_stays_when_the_card_is_changed_without_one(gateway):
    card = make_card(gateway, options={"verify_card": True})
    changed = succeed(gateway.payment_method.update(card.token, {"cardholder_name": "A"})).payment_method
    assert changed.verification.id == card.verification.id


def test_a_verification_compares_address_and_cvv(gateway):
    card = make_numbered_card(
        gateway,
        cvv="200",
        billing_address={"street_address": "201 Main St", "postal_code": "20000"},
        options={"verify_card": True},
    )
    assert card.verification.cvv_response_code == "N"
    assert card.verification.avs_street_address_response_code == "U"
    assert card.verification.avs_postal_code_response_code == "N"


def test_a_verification_uses_the_address_that_the_card_shares(gateway):
    card = make_card(gateway, billing_address={"postal_code": "20001"})
    other = make_card(
        gateway,
        gateway.customer.find(card.customer_id),
        billing_address_id=card.billing_address.id,
        options={"verify_card": True},
    )
    assert other.verification.avs_postal_code_response_code == "U"


@pytest.mark.parametrize(
    ("options", "attribute", "code"),
    [
        ({"verification_amount": "-1"}, "verification_amount", OPTIONS.VerificationAmountCannotBeNegative),
        ({"verification_amount": "x"}, "verification_amount", OPTIONS.VerificationAmountFormatIsInvalid),
        ({"verification_amount": "9" * 20}, "verification_amount", OPTIONS.VerificationAmountIsTooLarge),
        (
            {"verification_merchant_account_id": "nope"},
            "verification_merchant_account_id",
            OPTIONS.VerificationMerchantAccountIdIsInvalid,
        ),
    ],
)
def test_wrong_options_of_a_verification_are_refused(gateway, options, attribute, code):
    result = gateway.payment_method.create(
        {
            "customer_id": make_customer(gateway).id,
            "payment_method_nonce": "fake-valid-nonce",
            "options": {"verify_card": True, **options},
        }
    )
    assert errors_of(result) == [("credit_card.options", attribute, code)]
