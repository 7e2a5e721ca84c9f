from datetime import UTC, datetime, timedelta

import pytest
from braintree import ErrorCodes, TransactionSearch
from braintree.exceptions.authentication_error import AuthenticationError
from braintree.exceptions.not_found_error import NotFoundError

from genbilling.sandbox import BooksError, Merchant, Sandbox, Trait

from .connections import embedded_gateway, http_gateway
from .factories import errors_of, make_card, make_customer, sell, settled_sale, try_sale, unique

CODES = ErrorCodes.Transaction
RULES = {
    "merchant_id": "processing_rules_merchant_id",
    "public_key": "processing_rules_public_key",
    "private_key": "processing_rules_private_key",
}
FRAUD = {
    "merchant_id": "advanced_fraud_integration_merchant_id",
    "public_key": "advanced_fraud_integration_public_key",
    "private_key": "advanced_fraud_integration_private_key",
}
ENTERPRISE = {
    "merchant_id": "fraud_protection_enterprise_integration_merchant_id",
    "public_key": "fraud_protection_enterprise_integration_public_key",
    "private_key": "fraud_protection_enterprise_integration_private_key",
}
EFFORTLESS = {
    "merchant_id": "fraud_protection_effortless_chargeback_protection_merchant_id",
    "public_key": "effortless_chargeback_protection_public_key",
    "private_key": "effortless_chargeback_protection_private_key",
}
DUPLICATES = {
    "merchant_id": "dup_checking_integration_merchant_id",
    "public_key": "dup_checking_integration_public_key",
    "private_key": "dup_checking_integration_private_key",
}
CARD = {"number": "4111111111111111", "expiration_date": "05/2099"}
FRAUD_CARD = {"number": "4000111111111511", "expiration_date": "05/2099"}
RISK_CARD = {"number": "4111130000000003", "expiration_date": "05/2099"}


@pytest.fixture(params=["embedded", "http"])
def gateway_of(request):
    """Return the SDK's gateway of a merchant, by its keys, on each of the two transports in turn."""
    opened = []

    def open_gateway(keys):
        if request.param == "embedded":
            return embedded_gateway(request.getfixturevalue("shared_sandbox"), **keys)
        opened.append(http_gateway(request.getfixturevalue("server").port, **keys))
        return opened[-1].__enter__()

    yield open_gateway
    for gateway in opened:
        gateway.__exit__(None, None, None)


def test_each_merchant_has_books_of_its_own(gateway_of, gateway):
    other = gateway_of(RULES)
    customer = make_customer(other, id=unique("customer"))
    sale = sell(other, order_id=unique("order"), payment_method_token=make_card(other, customer).token)
    with pytest.raises(NotFoundError):
        gateway.customer.find(customer.id)
    with pytest.raises(NotFoundError):
        gateway.transaction.find(sale.id)
    assert gateway.transaction.search(TransactionSearch.order_id == sale.order_id).ids == []
    assert other.transaction.search(TransactionSearch.order_id == sale.order_id).ids == [sale.id]
    result = try_sale(gateway, payment_method_token=sale.credit_card_details.token)
    assert errors_of(result) == [("transaction", "payment_method_token", CODES.PaymentMethodTokenIsInvalid)]
    make_customer(gateway, id=customer.id)
    key = {"api_request_key": unique("key")}
    assert sell(gateway, "1.00", **key).id != sell(other, "2.00", **key).id


def test_a_merchant_is_let_in_by_its_own_keys_only(gateway_of):
    with pytest.raises(AuthenticationError):
        gateway_of({**RULES, "private_key": FRAUD["private_key"]}).customer.create()
    with pytest.raises(AuthenticationError):
        gateway_of({**FRAUD, "merchant_id": "integration_merchant_id"}).customer.create()


def test_the_books_of_all_merchants_outlive_the_sandbox(books):
    made = []
    for _ in range(2):
        with Sandbox(books) as sandbox:
            made += [sell(embedded_gateway(sandbox, **keys)) for keys in ({}, RULES)]
    with Sandbox(books) as sandbox:
        for keys, sales in (({}, made[::2]), (RULES, made[1::2])):
            found = embedded_gateway(sandbox, **keys).transaction.search(TransactionSearch.amount == "10.00")
            assert found.ids == [sale.id for sale in reversed(sales)]
        sandbox.reset()
        for keys in ({}, RULES):
            found = embedded_gateway(sandbox, **keys).transaction.search(TransactionSearch.amount == "10.00")
            assert found.ids == []


def test_books_in_memory_are_each_merchants_own_too():
    with Sandbox(":memory:") as sandbox:
        sale = sell(embedded_gateway(sandbox, **RULES))
        with pytest.raises(NotFoundError):
            embedded_gateway(sandbox).transaction.find(sale.id)


def test_a_sandbox_can_have_merchants_of_ones_own(books):
    shops = [Merchant("one", "1", "1", {"main": "USD"}), Merchant("two", "2", "2", {"euro": "EUR"})]
    with Sandbox(books, merchants=shops) as sandbox:
        for name, key, currency in (("one", "1", "USD"), ("two", "2", "EUR")):
            gateway = embedded_gateway(sandbox, merchant_id=name, public_key=key, private_key=key)
            assert sell(gateway).currency_iso_code == currency
        with pytest.raises(AuthenticationError):
            embedded_gateway(sandbox).customer.create()
    with pytest.raises(BooksError, match="no merchant"):
        Sandbox(books, merchants=[])


def test_an_account_in_yen_has_whole_amounts(books):
    with Sandbox(books, merchant=Merchant(accounts={"yen": "JPY"})) as sandbox:
        gateway = embedded_gateway(sandbox)
        sale = settled_sale(gateway, "1000")
        assert (str(sale.amount), sale.currency_iso_code) == ("1000", "JPY")
        assert [str(event.amount) for event in sale.status_history] == ["1000"] * 3
        assert str(gateway.transaction.refund(sale.id, "400").transaction.amount) == "400"
        assert sell(gateway, "1000.00").amount == 1000
        result = try_sale(gateway, "10.50")
        assert errors_of(result) == [("transaction", "amount", CODES.AmountIsInvalid)]


@pytest.mark.parametrize("values", [{}, {"options": {"submit_for_settlement": True}}])
def test_a_suspended_account_takes_no_sale(gateway, values):
    result = try_sale(gateway, merchant_account_id="suspended_account", **values)
    assert errors_of(result) == [("transaction", "merchant_account_id", CODES.MerchantAccountIsSuspended)]


@pytest.mark.parametrize(
    ("billing", "cvv", "reason"),
    [
        ({"street_address": "200 Fake Street"}, None, "avs"),
        ({"postal_code": "20000"}, None, "avs"),
        ({}, "200", "cvv"),
        ({"postal_code": "20000"}, "200", "avs_and_cvv"),
    ],
)
def test_a_wrong_address_or_cvv_is_rejected_where_the_merchant_wants_that(gateway_of, billing, cvv, reason):
    gateway = gateway_of(RULES)
    values = {"credit_card": {**CARD, "cvv": cvv}, "billing": billing}
    result = try_sale(gateway, options={"submit_for_settlement": True}, **values)
    assert errors_of(result) == []
    assert result.message == f"Gateway Rejected: {reason}"
    assert result.transaction.status == "gateway_rejected"
    assert result.transaction.gateway_rejection_reason == reason
    assert result.transaction.processor_response_code == "1000"
    assert result.transaction.processor_authorization_code is None
    skipped = sell(gateway, options={"skip_avs": True, "skip_cvv": True}, **values)
    assert skipped.status == "authorized"
    assert try_sale(gateway, "2000.00", **values).transaction.status == "processor_declined"
    assert sell(gateway_of({}), **values).status == "authorized"


def test_what_was_not_given_or_not_checked_is_not_rejected(gateway_of):
    gateway = gateway_of(RULES)
    sell(gateway, credit_card=CARD)
    sell(gateway, credit_card={**CARD, "cvv": "201"}, billing={"postal_code": "20001"})


@pytest.mark.parametrize("keys", [FRAUD, ENTERPRISE, EFFORTLESS])
@pytest.mark.parametrize(("card", "reason"), [(FRAUD_CARD, "fraud"), (RISK_CARD, "risk_threshold")])
def test_fraud_tools_reject_certain_cards(gateway_of, keys, card, reason):
    result = try_sale(gateway_of(keys), credit_card={**card, "cvv": "333"})
    assert errors_of(result) == []
    assert result.transaction.gateway_rejection_reason == reason
    assert result.transaction.risk_data.decision == "Decline"
    assert result.transaction.processor_response_code is None
    options = {"skip_advanced_fraud_checking": True}
    passed = sell(gateway_of(keys), credit_card=card, options=options)
    assert (passed.status, passed.risk_data) == ("authorized", None)


def test_without_fraud_tools_nobody_judges(gateway):
    sale = sell(gateway, credit_card=FRAUD_CARD)
    assert (sale.status, sale.risk_data) == ("authorized", None)


def test_fraud_tools_tell_what_they_think(gateway_of):
    data = sell(gateway_of(FRAUD), credit_card=CARD, device_data="abc123").risk_data
    assert (data.decision, data.fraud_service_provider) == ("Approve", "kount")
    assert data.id
    assert data.device_data_captured is True
    assert not hasattr(data, "transaction_risk_score")
    data = sell(gateway_of(ENTERPRISE), credit_card=CARD).risk_data
    assert (data.decision, data.fraud_service_provider) == ("Approve", "fraud_protection_enterprise")
    assert data.decision_reasons == []
    assert data.transaction_risk_score
    assert data.device_data_captured is False
    data = sell(gateway_of(EFFORTLESS), credit_card=CARD).risk_data
    assert data.fraud_service_provider == "fraud_protection"
    assert data.liability_shift.responsible_party == "paypal"
    assert data.liability_shift.conditions == ["unauthorized"]


def test_a_duplicate_is_rejected_where_the_merchant_wants_that(gateway_of):
    gateway, order = gateway_of(DUPLICATES), unique("order")
    card = make_card(gateway)
    values = {"payment_method_token": card.token, "order_id": order}
    sell(gateway, **values)
    result = try_sale(gateway, **values)
    assert errors_of(result) == []
    assert result.transaction.gateway_rejection_reason == "duplicate"
    sell(gateway, "10.01", **values)
    sell(gateway, **{**values, "order_id": unique("order")})
    sell(gateway, **values, api_request_key=unique("key"))
    other_card = make_card(gateway, nonce="fake-valid-mastercard-nonce")
    sell(gateway, **{**values, "payment_method_token": other_card.token})
    usual = gateway_of({})
    values["payment_method_token"] = make_card(usual).token
    assert sell(usual, **values).id != sell(usual, **values).id


def test_a_sale_that_came_to_nothing_is_not_repeated_but_tried_again(gateway_of):
    gateway, values = gateway_of(DUPLICATES), {"order_id": unique("order")}
    gateway.transaction.void(sell(gateway, **values).id)
    sell(gateway, **values)
    values = {"order_id": unique("order"), "payment_method_nonce": "fake-valid-jcb-nonce"}
    for _ in range(2):
        assert try_sale(gateway, "2001.00", **values).transaction.status == "processor_declined"


def test_a_duplicate_is_one_within_the_window_only(books):
    time = [datetime(2026, 1, 31, 12, tzinfo=UTC)]
    shop = Merchant(rejects_duplicates=True, duplicate_window=timedelta(seconds=30))
    with Sandbox(books, merchant=shop, now=lambda: time[0]) as sandbox:
        gateway = embedded_gateway(sandbox)
        sell(gateway)
        time[0] += timedelta(seconds=30)
        assert try_sale(gateway).transaction.gateway_rejection_reason == "duplicate"
        time[0] += timedelta(seconds=1)
        sell(gateway)


def test_a_card_that_is_declined_again_and_again_is_not_tried_any_more(books):
    with Sandbox(books, merchant=Merchant(decline_limit=3)) as sandbox:
        gateway = embedded_gateway(sandbox)
        for _ in range(3):
            assert try_sale(gateway, "2000.00").transaction.status == "processor_declined"
        result = try_sale(gateway, "10.00")
        assert result.transaction.gateway_rejection_reason == "excessive_retry"
        sell(gateway, payment_method_nonce="fake-valid-mastercard-nonce")


def test_a_debit_card_can_go_over_a_debit_network(gateway):
    nonce = {"payment_method_nonce": "fake-pinless-debit-visa-nonce"}
    account = {"merchant_account_id": "pinless_debit"}
    submit = {"submit_for_settlement": True}
    sale = sell(gateway, **nonce, **account, options=submit)
    assert sale.debit_network == "STAR"
    found = gateway.transaction.search(
        TransactionSearch.id == sale.id, TransactionSearch.debit_network == "STAR"
    )
    assert found.ids == [sale.id]
    as_credit = {**submit, "credit_card": {"process_debit_as_credit": True}}
    assert sell(gateway, **nonce, **account, options=as_credit).debit_network is None
    assert sell(gateway, **nonce, **account).debit_network is None
    assert sell(gateway, **nonce, options=submit).debit_network is None


def test_one_may_say_which_side_of_a_card_is_charged(gateway):
    account = {"merchant_account_id": "card_processor_brl"}
    for kind in ("credit", "debit"):
        options = {"submit_for_settlement": True, "credit_card": {"account_type": kind}}
        sale = sell(gateway, **account, options=options)
        assert (sale.credit_card_details.account_type, sale.currency_iso_code) == (kind, "BRL")
    codes = CODES.Options.CreditCard
    for values, kind, code in (
        (account, "wrong", codes.AccountTypeIsInvalid),
        (account, "debit", codes.AccountTypeDebitDoesNotSupportAuths),
        ({}, "credit", codes.AccountTypeNotSupported),
    ):
        result = try_sale(gateway, **values, options={"credit_card": {"account_type": kind}})
        assert errors_of(result) == [("transaction.options.credit_card", "account_type", code)]


def test_some_accounts_want_to_know_the_tax(gateway):
    account = {"merchant_account_id": "aib_swe_ma"}
    assert sell(gateway, **account, tax_amount="1.00").currency_iso_code == "SEK"
    code = CODES.TaxAmountIsRequiredForAibSwedish
    assert errors_of(try_sale(gateway, **account)) == [("transaction", "tax_amount", code)]


def test_some_accounts_take_no_authentication_from_elsewhere(gateway):
    account = {"merchant_account_id": "heartland_ma"}
    sell(gateway, **account)
    proof = {"three_d_secure_pass_thru": {"eci_flag": "02", "cavv": "some_cavv"}}
    code = CODES.ThreeDSecureMerchantAccountDoesNotSupportCardType
    assert errors_of(try_sale(gateway, **account, **proof)) == [("transaction", "merchant_account_id", code)]


def test_the_traits_of_an_account_are_named():
    assert Merchant().has(Trait.SUSPENDED, "suspended_account")
    assert not Merchant().has(Trait.SUSPENDED, "sandbox_credit_card")
    assert {trait for traits in Merchant().traits.values() for trait in traits} == set(Trait.ALL)
