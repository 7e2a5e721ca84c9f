import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.authentication_ids import AuthenticationIds
from braintree.test.nonces import Nonces

from .factories import errors_of, sell, try_sale

CODES = ErrorCodes.Transaction
CARD = {"number": "4111111111111111", "expiration_date": "05/2099"}
REQUIRED = {"options": {"three_d_secure": {"required": True}}}
IDS = [value for name, value in vars(AuthenticationIds).items() if name.startswith("ThreeDSecure")]


def authenticate(gateway, number="4111111111111111"):
    return gateway.testing.create_3ds_verification(
        "three_d_secure_merchant_account",
        {"number": number, "expiration_month": "05", "expiration_year": "2099"},
    )


@pytest.mark.parametrize("authentication_id", IDS)
def test_a_test_id_tells_how_the_authentication_went(shared_sandbox_gateway, authentication_id):
    sale = sell(shared_sandbox_gateway, three_d_secure_authentication_id=authentication_id, credit_card=CARD)
    assert sale.three_d_secure_info.status


def test_a_cardholder_can_be_authenticated_for_a_sale(gateway):
    sale = sell(gateway, three_d_secure_authentication_id=authenticate(gateway), credit_card=CARD)
    info = sale.three_d_secure_info
    assert (info.status, info.liability_shifted) == ("authenticate_successful", True)
    with pytest.raises(NotFoundError):
        gateway.testing.create_3ds_verification("no_such_account", {"number": "4111111111111111"})


def test_a_sale_that_must_be_authenticated_and_is_not_is_rejected(gateway):
    result = try_sale(gateway, **REQUIRED)
    assert errors_of(result) == []
    assert result.transaction.status == "gateway_rejected"
    assert result.transaction.gateway_rejection_reason == "three_d_secure"
    failed = try_sale(gateway, payment_method_nonce=Nonces.ThreeDSecureVisaFailedAuthentication, **REQUIRED)
    assert failed.transaction.gateway_rejection_reason == "three_d_secure"
    sell(gateway, payment_method_nonce=Nonces.ThreeDSecureVisaFullAuthentication, **REQUIRED)
    sell(gateway, three_d_secure_authentication_id=authenticate(gateway), credit_card=CARD, **REQUIRED)
    sell(gateway, three_d_secure_pass_thru={"eci_flag": "05", "cavv": "some_cavv"}, **REQUIRED)


def test_a_card_becomes_a_nonce_whose_holder_has_been_authenticated(gateway):
    def create_nonce(number, account="three_d_secure_merchant_account"):
        path = f"{gateway.config.base_merchant_path()}/three_d_secure/create_nonce/{account}"
        card = {"number": number, "expiration_month": "12", "expiration_year": "2099"}
        return gateway.config.http().post(path, {"credit_card": card})

    nonce = create_nonce("4111111111111111")["payment_method_nonce"]["nonce"]
    found = gateway.payment_method_nonce.find(nonce)
    assert found.details["last_four"] == "1111"
    assert found.three_d_secure_info.status == "authenticate_successful"
    named = {"three_d_secure_authentication_id": authenticate(gateway)}
    result = try_sale(gateway, payment_method_nonce=nonce, **named)
    code = CODES.ThreeDSecureAuthenticationIdDoesntMatchNonceThreeDSecureAuthentication
    assert errors_of(result) == [("transaction", "three_d_secure_authentication_id", code)]
    assert sell(gateway, payment_method_nonce=nonce, **REQUIRED).three_d_secure_info.liability_shifted
    with pytest.raises(NotFoundError):
        create_nonce("4111111111111111", account="no_such_account")
    assert create_nonce("4111111111111112")["api_error_response"]["errors"]["credit_card"]["errors"]


def test_an_authentication_must_be_there_and_of_that_card(gateway):
    named = "three_d_secure_authentication_id"
    for values, attribute, code in (
        ({named: "foo"}, named, CODES.ThreeDSecureAuthenticationIdIsInvalid),
        ({named: None}, named, CODES.ThreeDSecureAuthenticationIdIsInvalid),
        (
            {named: authenticate(gateway, "5105105105105100")},
            named,
            CODES.ThreeDSecureTransactionPaymentMethodDoesntMatchThreeDSecureAuthenticationPaymentMethod,
        ),
        (
            {
                named: authenticate(gateway),
                "three_d_secure_pass_thru": {"eci_flag": "05", "cavv": "some_cavv"},
            },
            named,
            CODES.ThreeDSecureAuthenticationIdWithThreeDSecurePassThruIsInvalid,
        ),
    ):
        result = try_sale(gateway, credit_card=CARD, **values)
        assert errors_of(result) == [("transaction", attribute, code)]
    result = try_sale(
        gateway,
        payment_method_nonce=Nonces.ThreeDSecureVisaFullAuthentication,
        three_d_secure_authentication_id=AuthenticationIds.ThreeDSecureVisaFailedAuthentication,
    )
    code = CODES.ThreeDSecureAuthenticationIdDoesntMatchNonceThreeDSecureAuthentication
    assert errors_of(result) == [("transaction", named, code)]


@pytest.mark.parametrize("token", [None, "foo"])
@pytest.mark.filterwarnings("ignore:three_d_secure_token is deprecated:DeprecationWarning")
def test_the_tokens_of_old_are_known_no_more(gateway, token):
    result = try_sale(gateway, credit_card=CARD, three_d_secure_token=token)
    code = CODES.ThreeDSecureTokenIsInvalid
    assert errors_of(result) == [("transaction", "three_d_secure_token", code)]
