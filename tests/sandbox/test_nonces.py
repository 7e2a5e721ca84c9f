import pytest
from braintree import ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.nonces import Nonces

from .factories import errors_of, make_card, make_customer, sell, succeed, try_sale

BRANDS = {
    Nonces.Transactable: "Visa",
    Nonces.TransactableVisa: "Visa",
    Nonces.TransactableAmEx: "American Express",
    Nonces.TransactableMasterCard: "MasterCard",
    Nonces.TransactableDiscover: "Discover",
    Nonces.TransactableDinersClub: "Diners Club",
    Nonces.TransactableJCB: "JCB",
    Nonces.TransactableMaestro: "Maestro",
}
INDICATED = {
    Nonces.TransactableBusiness: ("business", "Yes"),
    Nonces.TransactableCommercial: ("commercial", "Yes"),
    Nonces.TransactableConsumer: ("consumer", "Yes"),
    Nonces.TransactableCorporate: ("corporate", "Yes"),
    Nonces.TransactableCountryOfIssuanceCAD: ("country_of_issuance", "CAN"),
    Nonces.TransactableCountryOfIssuanceUSA: ("country_of_issuance", "USA"),
    Nonces.TransactableDebit: ("debit", "Yes"),
    Nonces.TransactablePinlessDebitVisa: ("debit", "Yes"),
    Nonces.TransactableDurbinRegulated: ("durbin_regulated", "Yes"),
    Nonces.TransactableHealthcare: ("healthcare", "Yes"),
    Nonces.TransactableIssuingBankNetworkOnly: ("issuing_bank", "NETWORK ONLY"),
    Nonces.TransactableNoIndicators: ("prepaid", "No"),
    Nonces.TransactablePayroll: ("payroll", "Yes"),
    Nonces.TransactablePrepaid: ("prepaid", "Yes"),
    Nonces.TransactablePrepaidReloadable: ("prepaid_reloadable", "Yes"),
    Nonces.TransactablePurchase: ("purchase", "Yes"),
    Nonces.TransactableUnknownIndicators: ("prepaid", "Unknown"),
}
REFUSED = {
    Nonces.ProcessorDeclinedAmEx: ("processor_declined", "2000"),
    Nonces.ProcessorDeclinedDiscover: ("processor_declined", "2000"),
    Nonces.ProcessorDeclinedMasterCard: ("processor_declined", "2000"),
    Nonces.ProcessorDeclinedVisa: ("processor_declined", "2000"),
    Nonces.ProcessorFailureJCB: ("failed", "3000"),
    Nonces.GatewayRejectedFraud: ("gateway_rejected", None),
    Nonces.GatewayRejectedRiskThreshold: ("gateway_rejected", None),
}
THREE_D_SECURE = [value for name, value in vars(Nonces).items() if name.startswith("ThreeDSecure")]


@pytest.mark.parametrize(("nonce", "brand"), BRANDS.items())
def test_a_good_nonce_can_be_sold_to_and_kept(gateway, nonce, brand):
    assert sell(gateway, payment_method_nonce=nonce).credit_card_details.card_type == brand
    assert make_card(gateway, nonce=nonce).card_type == brand


@pytest.mark.parametrize(("nonce", "expected"), INDICATED.items())
def test_a_nonce_of_a_special_card_tells_what_is_special(shared_sandbox_gateway, nonce, expected):
    attribute, value = expected
    assert getattr(make_card(shared_sandbox_gateway, nonce=nonce), attribute) == value
    found = shared_sandbox_gateway.payment_method_nonce.find(nonce)
    assert getattr(found.bin_data, attribute) == value


@pytest.mark.parametrize(("nonce", "expected"), REFUSED.items())
def test_a_nonce_of_a_bad_card_is_refused_on_a_sale(gateway, nonce, expected):
    result = try_sale(gateway, payment_method_nonce=nonce)
    assert errors_of(result) == []
    assert (result.transaction.status, result.transaction.processor_response_code) == expected


@pytest.mark.parametrize(("nonce", "expected"), REFUSED.items())
def test_a_nonce_of_a_bad_card_fails_verification_and_is_kept_without(gateway, nonce, expected):
    customer = make_customer(gateway)
    params = {"customer_id": customer.id, "payment_method_nonce": nonce}
    result = gateway.payment_method.create({**params, "options": {"verify_card": True}})
    assert errors_of(result) == []
    verification = result.credit_card_verification
    assert (verification.status, verification.processor_response_code) == expected
    assert gateway.customer.find(customer.id).credit_cards == []
    succeed(gateway.payment_method.create(params))


def test_the_reason_of_a_gateway_rejection_is_told(gateway):
    result = try_sale(gateway, payment_method_nonce=Nonces.GatewayRejectedFraud)
    assert result.transaction.gateway_rejection_reason == "fraud"
    assert result.message == "Gateway Rejected: fraud"
    result = try_sale(gateway, payment_method_nonce=Nonces.GatewayRejectedRiskThreshold)
    assert result.transaction.gateway_rejection_reason == "risk_threshold"


@pytest.mark.parametrize(
    ("nonce", "sale_error", "card_error"),
    [
        (
            Nonces.Consumed,
            ("transaction", "payment_method_nonce", ErrorCodes.Transaction.PaymentMethodNonceConsumed),
            ("credit_card", "payment_method_nonce", ErrorCodes.CreditCard.PaymentMethodNonceConsumed),
        ),
        (
            "no-such-nonce",
            ("transaction", "payment_method_nonce", ErrorCodes.Transaction.PaymentMethodNonceUnknown),
            ("credit_card", "payment_method_nonce", ErrorCodes.CreditCard.PaymentMethodNonceUnknown),
        ),
        (
            Nonces.LuhnInvalid,
            ("transaction.credit_card", "number", ErrorCodes.CreditCard.NumberIsInvalid),
            ("credit_card", "number", ErrorCodes.CreditCard.NumberIsInvalid),
        ),
    ],
)
def test_a_nonce_that_cannot_be_used_is_refused(gateway, nonce, sale_error, card_error):
    assert errors_of(try_sale(gateway, payment_method_nonce=nonce)) == [sale_error]
    params = {"customer_id": make_customer(gateway).id, "payment_method_nonce": nonce}
    assert errors_of(gateway.payment_method.create(params)) == [card_error]
    with pytest.raises(NotFoundError):
        gateway.payment_method_nonce.find(nonce)
    with pytest.raises(NotFoundError):
        gateway.credit_card.from_nonce(nonce)


@pytest.mark.parametrize("nonce", THREE_D_SECURE)
def test_an_authenticated_nonce_tells_how_that_went(shared_sandbox_gateway, nonce):
    info = shared_sandbox_gateway.payment_method_nonce.find(nonce).three_d_secure_info
    assert info.status
    sale = sell(shared_sandbox_gateway, payment_method_nonce=nonce)
    assert sale.three_d_secure_info.status == info.status
    assert sale.three_d_secure_info.liability_shifted == info.liability_shifted


def test_full_authentication_shifts_the_liability_and_a_failed_one_does_not(gateway):
    find = gateway.payment_method_nonce.find
    assert find(Nonces.ThreeDSecureVisaFullAuthentication).three_d_secure_info.liability_shifted is True
    assert find(Nonces.ThreeDSecureVisaFailedAuthentication).three_d_secure_info.liability_shifted is False


def test_a_nonce_tells_about_its_card(gateway):
    found = gateway.payment_method_nonce.find("fake-valid-visa-nonce")
    assert found.type == "CreditCard"
    assert found.details["bin"] == "401288"
    assert found.details["last_two"] == "81"
    assert found.details["card_type"] == "Visa"
    assert found.three_d_secure_info is None
    assert found.consumed is False
    assert found.default is False


def test_a_card_in_the_vault_gives_a_nonce_for_one_sale(gateway):
    card = make_card(gateway)
    made = succeed(gateway.payment_method_nonce.create(card.token)).payment_method_nonce
    assert gateway.payment_method_nonce.find(made.nonce).default is True
    sale = sell(gateway, payment_method_nonce=made.nonce)
    assert sale.credit_card_details.token == card.token
    assert sale.customer_details.id == card.customer_id
    result = try_sale(gateway, payment_method_nonce=made.nonce)
    code = ErrorCodes.Transaction.PaymentMethodNonceConsumed
    assert errors_of(result) == [("transaction", "payment_method_nonce", code)]


def test_a_nonce_gives_its_card_in_the_vault_once(gateway):
    card = make_card(gateway)
    nonce = gateway.payment_method_nonce.create(card.token).payment_method_nonce.nonce
    assert gateway.payment_method_nonce.find(nonce).consumed is False
    assert gateway.credit_card.from_nonce(nonce).token == card.token
    assert gateway.payment_method_nonce.find(nonce).consumed is True
    with pytest.raises(NotFoundError):
        gateway.credit_card.from_nonce(nonce)


def test_a_nonce_can_tell_of_the_law_that_a_card_is_under(gateway):
    params = {"payment_method_nonce": {"authentication_insight": True}}
    made = gateway.payment_method_nonce.create(make_card(gateway).token, params).payment_method_nonce
    assert made.authentication_insight["regulation_environment"] == "unregulated"


@pytest.mark.parametrize(
    ("nonce", "path", "code"),
    [
        (Nonces.PayPalBillingAgreement, "paypal_account", "82904"),
        (Nonces.ApplePayVisa, "apple_pay_card", ErrorCodes.ApplePay.ApplePayCardsAreNotAccepted),
        (Nonces.AndroidPayCard, "android_pay_card", ErrorCodes.AndroidPay.AndroidPayCardsAreNotAccepted),
        (Nonces.VenmoAccount, "credit_card", ErrorCodes.CreditCard.PaymentMethodNonceCardTypeIsNotAccepted),
    ],
)
def test_a_nonce_of_something_else_than_a_card_is_not_accepted(gateway, nonce, path, code):
    customer = make_customer(gateway)
    params = {"customer_id": customer.id, "payment_method_nonce": nonce}
    ((found_path, _, found_code),) = errors_of(gateway.payment_method.create(params))
    assert (found_path, found_code) == (path, code)
    result = gateway.payment_method.update(make_card(gateway).token, {"payment_method_nonce": nonce})
    assert [code for *_, code in errors_of(result)] == [
        ErrorCodes.CreditCard.CannotUpdateCardUsingPaymentMethodNonce
    ]


@pytest.mark.parametrize("nonce", sorted(value for name, value in vars(Nonces).items() if name[0] != "_"))
def test_every_test_nonce_of_the_sdk_gets_an_answer(shared_sandbox_gateway, nonce):
    gateway = shared_sandbox_gateway
    params = {"customer_id": make_customer(gateway).id, "payment_method_nonce": nonce}
    assert gateway.payment_method.create(params) is not None
    assert try_sale(gateway, payment_method_nonce=nonce) is not None


def test_a_sale_that_is_refused_as_wrong_leaves_its_nonce(gateway):
    nonce = gateway.payment_method_nonce.create(make_card(gateway).token).payment_method_nonce.nonce
    errors_of(try_sale(gateway, amount="wrong", payment_method_nonce=nonce))
    sell(gateway, payment_method_nonce=nonce)


def test_a_nonce_of_a_card_in_the_vault_can_be_kept_once(gateway):
    card = make_card(gateway)
    nonce = gateway.payment_method_nonce.create(card.token).payment_method_nonce.nonce
    customer = gateway.customer.find(card.customer_id)
    assert make_card(gateway, customer, nonce=nonce).last_4 == card.last_4
    result = gateway.payment_method.update(card.token, {"payment_method_nonce": nonce})
    code = ErrorCodes.CreditCard.PaymentMethodNonceConsumed
    assert errors_of(result) == [("credit_card", "payment_method_nonce", code)]


def test_the_nonce_of_a_deleted_card_is_unknown(gateway):
    card = make_card(gateway)
    nonce = gateway.payment_method_nonce.create(card.token).payment_method_nonce.nonce
    gateway.payment_method.delete(card.token)
    code = ErrorCodes.Transaction.PaymentMethodNonceUnknown
    result = try_sale(gateway, payment_method_nonce=nonce)
    assert errors_of(result) == [("transaction", "payment_method_nonce", code)]
