from datetime import timedelta

import pytest
from braintree import CreditCardVerificationSearch as Search
from braintree import ErrorCodes
from braintree.test.credit_card_numbers import CreditCardNumbers

from .connections import embedded_gateway
from .factories import errors_of, make_card, make_customer, make_numbered_card, succeed, unique

FAILING = CreditCardNumbers.FailsSandboxVerification
VERIFICATION = ErrorCodes.Verification
GOOD = {"number": CreditCardNumbers.Visa, "expiration_date": "11/2031", "cardholder_name": "Zoë Smith"}


def make_verification(gateway, **values):
    return succeed(gateway.verification.create({"credit_card": GOOD, **values})).verification


def test_a_card_can_be_verified_without_being_kept(gateway):
    made = make_verification(gateway, options={"amount": "5.00"})
    found = gateway.verification.find(made.id)
    assert (found.status, found.processor_response_code, found.processor_response_text) == (
        "verified",
        "1000",
        "Approved",
    )
    assert (str(found.amount), found.merchant_account_id) == ("5.00", "sandbox_credit_card")
    assert (found.network_response_code, found.processor_response_type) == ("XX", "approved")
    assert found.credit_card["bin"] == "401288"
    assert found.credit_card["cardholder_name"] == "Zoë Smith"
    assert found.credit_card["token"] is None
    assert found.graphql_id


def test_a_verification_tells_of_its_address(gateway):
    address = {"postal_code": "20000", "street_address": "1 Main St", "country_name": "Chad"}
    made = make_verification(gateway, credit_card={**GOOD, "billing_address": address})
    assert made.billing["country_code_alpha3"] == "TCD"
    assert made.avs_postal_code_response_code == "N"
    assert made.avs_street_address_response_code == "M"
    assert made.cvv_response_code == "I"


def test_a_nonce_is_used_up_by_its_verification(gateway):
    nonce = gateway.payment_method_nonce.create(make_card(gateway).token).payment_method_nonce.nonce
    succeed(gateway.verification.create({"payment_method_nonce": nonce}))
    result = gateway.verification.create({"payment_method_nonce": nonce})
    code = ErrorCodes.CreditCard.PaymentMethodNonceConsumed
    assert errors_of(result) == [("verification.credit_card", "payment_method_nonce", code)]


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"credit_card": {**GOOD, "number": FAILING.Visa}}, "processor_declined", "2000"),
        ({"options": {"amount": "2001.00"}}, "processor_declined", "2001"),
        ({"options": {"amount": "3000.00"}}, "failed", "3000"),
        ({"options": {"amount": "5001.00"}}, "gateway_rejected", None),
    ],
)
def test_a_verification_is_refused_by_card_or_amount(gateway, values, status, code):
    result = gateway.verification.create({"credit_card": GOOD, **values})
    assert errors_of(result) == []
    verification = result.credit_card_verification
    assert (verification.status, verification.processor_response_code) == (status, code)
    assert gateway.verification.find(verification.id).status == status


@pytest.mark.parametrize(
    ("options", "attribute", "code"),
    [
        ({"amount": "-1"}, "amount", VERIFICATION.Options.AmountCannotBeNegative),
        ({"amount": "x"}, "amount", VERIFICATION.Options.AmountFormatIsInvalid),
        ({"amount": "9" * 20}, "amount", VERIFICATION.Options.AmountIsTooLarge),
        (
            {"merchant_account_id": "nope"},
            "merchant_account_id",
            VERIFICATION.Options.MerchantAccountIdIsInvalid,
        ),
        (
            {"merchant_account_id": "suspended_account"},
            "merchant_account_id",
            VERIFICATION.Options.MerchantAccountIsSuspended,
        ),
        ({"account_type": "wrong"}, "account_type", VERIFICATION.Options.AccountTypeIsInvalid),
        ({"account_type": "credit"}, "account_type", VERIFICATION.Options.AccountTypeNotSupported),
    ],
)
def test_wrong_options_are_told_below_the_verification(gateway, options, attribute, code):
    result = gateway.verification.create({"credit_card": GOOD, "options": options})
    assert errors_of(result) == [("verification.options", attribute, code)]


def test_a_wrong_card_is_told_below_the_verification(gateway):
    result = gateway.verification.create({"credit_card": {"number": "411", "expiration_date": "1/31"}})
    code = ErrorCodes.CreditCard.NumberHasInvalidLength
    assert errors_of(result) == [("verification.credit_card", "number", code)]


@pytest.mark.parametrize("kind", ["credit", "debit"])
def test_a_combined_card_is_verified_as_credit_or_debit(gateway, kind):
    options = {"merchant_account_id": "hiper_brl", "account_type": kind}
    card = {**GOOD, "number": CreditCardNumbers.Hiper}
    made = make_verification(gateway, credit_card=card, options=options)
    assert (made.credit_card["account_type"], made.currency_iso_code) == (kind, "BRL")
    kept = make_numbered_card(
        gateway,
        number=CreditCardNumbers.Hiper,
        options={
            "verify_card": True,
            "verification_merchant_account_id": "hiper_brl",
            "verification_account_type": kind,
        },
    )
    assert kept.verification.credit_card["account_type"] == kind


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("wrong", ErrorCodes.CreditCard.VerificationAccountTypeIsInvald),
        ("credit", ErrorCodes.CreditCard.VerificationAccountTypeNotSupported),
    ],
)
def test_an_account_type_is_refused_where_cards_have_none(gateway, kind, code):
    result = gateway.payment_method.create(
        {
            "customer_id": make_customer(gateway).id,
            "payment_method_nonce": "fake-valid-nonce",
            "options": {"verify_card": True, "verification_account_type": kind},
        }
    )
    assert errors_of(result) == [("credit_card.options", "verification_account_type", code)]


PASS_THRU = {"eci_flag": "05", "cavv": "some-cavv", "three_d_secure_version": "2.2.0", "xid": "some-xid"}


@pytest.mark.parametrize(
    ("change", "attribute", "code"),
    [
        ({"eci_flag": None}, "eci_flag", VERIFICATION.ThreeDSecurePassThru.EciFlagIsRequired),
        ({"eci_flag": "99"}, "eci_flag", VERIFICATION.ThreeDSecurePassThru.EciFlagIsInvalid),
        ({"cavv": None}, "cavv", VERIFICATION.ThreeDSecurePassThru.CavvIsRequired),
        (
            {"three_d_secure_version": "two"},
            "three_d_secure_version",
            VERIFICATION.ThreeDSecurePassThru.ThreeDSecureVersionIsInvalid,
        ),
        (
            {"three_d_secure_version": None},
            "three_d_secure_version",
            VERIFICATION.ThreeDSecurePassThru.ThreeDSecureVersionIsRequired,
        ),
    ],
)
def test_what_is_passed_on_of_3d_secure_has_to_be_whole(gateway, change, attribute, code):
    good = gateway.verification.create({"credit_card": GOOD, "three_d_secure_pass_thru": PASS_THRU})
    assert succeed(good).verification.status == "verified"
    result = gateway.credit_card.create(
        {
            "customer_id": make_customer(gateway).id,
            **GOOD,
            "three_d_secure_pass_thru": {**PASS_THRU, **change},
            "options": {"verify_card": True},
        }
    )
    assert errors_of(result) == [("verification.three_d_secure_pass_thru", attribute, code)]


def test_the_newest_of_several_verifications_is_shown_first(gateway):
    card = make_card(gateway, options={"verify_card": True, "verification_amount": "1.00"})
    options = {"verify_card": True, "verification_amount": "2.00"}
    changed = succeed(gateway.payment_method.update(card.token, {"options": options})).payment_method
    assert str(changed.verification.amount) == "2.00"
    assert len(changed.verifications) == 2
    renamed = succeed(gateway.payment_method.update(card.token, {"token": unique("token")})).payment_method
    assert renamed.verification.id == changed.verification.id
    assert gateway.verification.find(renamed.verification.id).credit_card["token"] == renamed.token


def test_verifications_are_found_by_every_criterion(gateway):
    customer = make_customer(
        gateway,
        email=f"{unique('email')}@example.com",
        credit_card={
            **GOOD,
            "cardholder_name": unique("holder"),
            "billing_address": {"postal_code": "44444"},
            "options": {"verify_card": True},
        },
    )
    (card,) = customer.credit_cards
    verification = card.verification
    own, search = Search.id == verification.id, gateway.verification.search
    fitting = [
        own,
        Search.customer_id == customer.id,
        Search.customer_email == customer.email,
        Search.payment_method_token == card.token,
        Search.billing_postal_code == "44444",
        Search.credit_card_cardholder_name.starts_with("holder"),
        Search.credit_card_expiration_date == "11/2031",
        Search.credit_card_number == CreditCardNumbers.Visa,
        Search.credit_card_card_type == "Visa",
        Search.status == "verified",
        Search.ids.in_list([verification.id]),
        Search.created_at == verification.created_at,
    ]
    found = search(fitting)
    assert [one.id for one in found.items] == [verification.id]
    assert found.first.credit_card["token"] == card.token
    for other in (
        Search.customer_email == "nobody@example.com",
        Search.credit_card_number.starts_with("5105"),
        Search.credit_card_expiration_date != "11/2031",
        Search.credit_card_card_type == "MasterCard",
        Search.status == "processor_declined",
        Search.created_at <= verification.created_at - timedelta(days=1),
    ):
        assert search([own, other]).maximum_size == 0


def test_a_failed_verification_is_found_by_the_customer_that_was_not_made(gateway):
    own_id, email = unique("customer"), f"{unique('email')}@example.com"
    card = {**GOOD, "number": FAILING.Visa, "options": {"verify_card": True}}
    result = gateway.customer.create({"id": own_id, "email": email, "credit_card": card})
    verification = result.credit_card_verification
    for query in (Search.customer_id == own_id, Search.customer_email == email):
        assert gateway.verification.search(query).ids == [verification.id]


def gateway_of(sandbox, merchant, prefix):
    keys = {"public_key": f"{prefix}_public_key", "private_key": f"{prefix}_private_key"}
    return embedded_gateway(sandbox, merchant_id=merchant, **keys)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ({"cvv": "200"}, "cvv"),
        ({"billing_address": {"postal_code": "20000"}}, "avs"),
        ({"cvv": "200", "billing_address": {"postal_code": "20000"}}, "avs_and_cvv"),
    ],
)
def test_a_merchants_rules_reject_cards_whose_cvv_or_address_is_wrong(shared_sandbox, card, reason):
    gateway = gateway_of(shared_sandbox, "processing_rules_merchant_id", "processing_rules")
    params = {"customer_id": make_customer(gateway).id, **GOOD, **card, "options": {"verify_card": True}}
    result = gateway.credit_card.create(params)
    assert result.message == f"Gateway Rejected: {reason}"
    verification = result.credit_card_verification
    assert (verification.status, verification.gateway_rejection_reason) == ("gateway_rejected", reason)


def test_a_fraud_service_judges_verifications_too(shared_sandbox):
    prefix = "advanced_fraud_integration"
    gateway = gateway_of(shared_sandbox, f"{prefix}_merchant_id", prefix)
    good = make_verification(gateway)
    assert (good.risk_data.decision, good.risk_data.fraud_service_provider) == ("Approve", "kount")
    card = {**GOOD, "number": "4000111111111511"}
    bad = gateway.verification.create({"credit_card": card}).credit_card_verification
    assert (bad.gateway_rejection_reason, bad.risk_data.decision) == ("fraud", "Decline")
    unjudged = make_numbered_card(
        gateway, options={"verify_card": True, "skip_advanced_fraud_checking": True}
    )
    assert unjudged.verification.risk_data is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("authentication_response", VERIFICATION.ThreeDSecurePassThru.AuthenticationResponseIsInvalid),
        ("directory_response", VERIFICATION.ThreeDSecurePassThru.DirectoryResponseIsInvalid),
        ("cavv_algorithm", VERIFICATION.ThreeDSecurePassThru.CavvAlgorithmIsInvalid),
    ],
)
def test_the_answers_of_3d_secure_are_letters_that_it_knows(gateway, name, code):
    passed_on = {**PASS_THRU, name: "X"}
    result = gateway.verification.create({"credit_card": GOOD, "three_d_secure_pass_thru": passed_on})
    assert errors_of(result) == [("verification.three_d_secure_pass_thru", name, code)]


@pytest.mark.parametrize(
    ("status", "link", "attribute", "code"),
    [
        (
            "will_vault",
            "abc",
            "status",
            VERIFICATION.ExternalVault.StatusWithPreviousMastercardTransactionLinkIdIsInvalid,
        ),
        (
            "vaulted",
            "not valid",
            "previous_mastercard_transaction_link_id",
            VERIFICATION.ExternalVault.PreviousMastercardTransactionLinkIdIsInvalid,
        ),
    ],
)
def test_a_vault_elsewhere_must_not_contradict_itself(gateway, status, link, attribute, code):
    vault = {"status": status, "previous_mastercard_transaction_link_id": link}
    result = gateway.verification.create({"credit_card": GOOD, "external_vault": vault})
    assert errors_of(result) == [("verification.external_vault", attribute, code)]
    make_verification(gateway, external_vault={"status": "vaulted"}, intended_transaction_source="moto")


def test_a_verification_tells_how_the_cardholder_was_authenticated(gateway):
    nonce = "fake-three-d-secure-visa-full-authentication-nonce"
    info = make_card(gateway, nonce=nonce, options={"verify_card": True}).verification.three_d_secure_info
    assert (info.status, info.liability_shifted, info.liability_shift_possible, info.enrolled) == (
        "authenticate_successful",
        True,
        True,
        "Y",
    )
    assert (info.cavv, info.xid, info.eci_flag, info.three_d_secure_version) == (
        "cavv_value",
        "xid_value",
        "05",
        "1.0.2",
    )
