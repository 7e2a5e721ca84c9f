from decimal import Decimal

import pytest
from braintree import ErrorCodes

from .factories import errors_of, sell, settled_sale, submitted_sale, succeed, unique

CODES = ErrorCodes.Transaction
ADJUSTING = {
    "merchant_account_id": "fake_first_data_merchant_account",
    "credit_card": {"number": "5105105105105100", "expiration_date": "05/2099"},
}


def test_the_details_of_a_submitted_sale_can_be_changed(gateway):
    sale = submitted_sale(gateway, "10.00", order_id="old", descriptor={"name": "abc*old", "url": "a.com"})
    order_id = unique("order")
    changed = succeed(
        gateway.transaction.update_details(
            sale.id,
            {
                "amount": "9.00",
                "order_id": order_id,
                "descriptor": {"name": "123*123456789012345678", "phone": "3334445555"},
            },
        )
    ).transaction
    assert (changed.amount, changed.order_id) == (Decimal("9.00"), order_id)
    assert (changed.descriptor.name, changed.descriptor.phone, changed.descriptor.url) == (
        "123*123456789012345678",
        "3334445555",
        "a.com",
    )
    assert changed.status == "submitted_for_settlement"
    assert len(changed.status_history) == 2
    raised = gateway.transaction.update_details(sale.id, {"amount": "10.00"})
    assert succeed(raised).transaction.amount == Decimal("10.00")
    assert succeed(gateway.transaction.update_details(sale.id)).transaction.order_id == order_id


@pytest.mark.parametrize(
    ("values", "path", "attribute", "code"),
    [
        ({"amount": "10.01"}, "transaction", "amount", CODES.SettlementAmountIsTooLarge),
        ({"amount": "0"}, "transaction", "amount", CODES.AmountMustBeGreaterThanZero),
        ({"amount": "x"}, "transaction", "amount", CODES.AmountIsInvalid),
        ({"order_id": "x" * 256}, "transaction", "order_id", CODES.OrderIdIsTooLong),
        (
            {"descriptor": {"name": "invalid name"}},
            "transaction.descriptor",
            "name",
            ErrorCodes.Descriptor.NameFormatIsInvalid,
        ),
    ],
)
def test_what_is_wrong_with_a_change_is_told(gateway, values, path, attribute, code):
    sale = submitted_sale(gateway, "10.00")
    assert errors_of(gateway.transaction.update_details(sale.id, values)) == [(path, attribute, code)]


def test_only_a_submitted_sale_can_be_changed(gateway):
    code = CODES.CannotUpdateTransactionDetailsNotSubmittedForSettlement
    for sale in (sell(gateway), settled_sale(gateway)):
        result = gateway.transaction.update_details(sale.id, {"order_id": "new"})
        assert errors_of(result) == [("transaction", "base", code)]


def test_some_merchant_accounts_do_not_let_details_be_changed(gateway):
    sale = submitted_sale(gateway, merchant_account_id="fake_amex_direct_usd")
    result = gateway.transaction.update_details(sale.id, {"order_id": "new"})
    code = CODES.ProcessorDoesNotSupportUpdatingTransactionDetails
    assert errors_of(result) == [("transaction", "base", code)]


def test_an_authorization_can_be_raised_and_lowered(gateway):
    sale = sell(gateway, "75.50", **ADJUSTING)
    raised = succeed(gateway.transaction.adjust_authorization(sale.id, "85.50")).transaction
    assert (raised.amount, raised.status) == (Decimal("85.50"), "authorized")
    lowered = succeed(gateway.transaction.adjust_authorization(sale.id, "65.50")).transaction
    assert lowered.amount == Decimal("65.50")
    first, second = lowered.authorization_adjustments
    assert (first.amount, first.success) == (Decimal("10.00"), True)
    assert (first.processor_response_code, first.processor_response_text) == ("1000", "Approved")
    assert first.timestamp == raised.updated_at
    assert second.amount == Decimal("20.00")
    submitted = gateway.transaction.submit_for_settlement(sale.id, "65.50")
    assert succeed(submitted).transaction.amount == Decimal("65.50")
    result = gateway.transaction.update_details(sale.id, {"amount": "65.51"})
    assert errors_of(result) == [("transaction", "amount", CODES.SettlementAmountIsTooLarge)]


def test_what_was_raised_can_be_settled_whole(gateway):
    sale = sell(gateway, "75.50", **ADJUSTING)
    succeed(gateway.transaction.adjust_authorization(sale.id, "85.50"))
    succeed(gateway.transaction.submit_for_settlement(sale.id, "70.00"))
    raised = gateway.transaction.update_details(sale.id, {"amount": "85.50"})
    assert succeed(raised).transaction.amount == Decimal("85.50")


@pytest.mark.parametrize(
    ("amount", "path", "attribute", "code"),
    [
        ("0.0", "authorization_adjustment", "amount", CODES.AmountMustBeGreaterThanZero),
        ("-1", "authorization_adjustment", "amount", CODES.AmountCannotBeNegative),
        ("x", "authorization_adjustment", "amount", CODES.AmountIsInvalid),
        ("9" * 12, "authorization_adjustment", "amount", CODES.AmountIsTooLarge),
        ("75.50", "authorization_adjustment", "base", CODES.NoNetAmountToPerformAuthAdjustment),
    ],
)
def test_a_wrong_amount_does_not_adjust(gateway, amount, path, attribute, code):
    sale = sell(gateway, "75.50", **ADJUSTING)
    result = gateway.transaction.adjust_authorization(sale.id, amount)
    assert errors_of(result) == [(path, attribute, code)]
    assert (result.transaction.id, result.transaction.amount) == (sale.id, Decimal("75.50"))


def test_not_every_authorization_can_be_adjusted(gateway):
    visa = {**ADJUSTING, "credit_card": {"number": "4012888888881881", "expiration_date": "05/2099"}}
    for values, amount, code in (
        ({}, "85.50", CODES.ProcessorDoesNotSupportAuthAdjustment),
        (visa, "85.50", CODES.ProcessorDoesNotSupportIncrementalAuth),
        (visa, "65.50", CODES.ProcessorDoesNotSupportPartialAuthReversal),
        (
            {**ADJUSTING, "options": {"submit_for_settlement": True}},
            "85.50",
            CODES.TransactionMustBeInStateAuthorized,
        ),
        (
            {**ADJUSTING, "transaction_source": "recurring"},
            "85.50",
            CODES.TransactionIsNotEligibleForAdjustment,
        ),
    ):
        sale = sell(gateway, "75.50", **values)
        result = gateway.transaction.adjust_authorization(sale.id, amount)
        assert errors_of(result) == [("transaction", "base", code)]


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("2001.00", CODES.FailedAuthAdjustmentAllowRetry),
        ("2015.00", CODES.FailedAuthAdjustmentHardDecline),
    ],
)
def test_the_bank_may_decline_an_adjustment(gateway, amount, code):
    sale = sell(gateway, "75.50", **ADJUSTING)
    result = gateway.transaction.adjust_authorization(sale.id, amount)
    assert errors_of(result) == [("transaction", "base", code)]
    assert (result.transaction.amount, result.transaction.status) == (Decimal("75.50"), "authorized")
    (adjustment,) = gateway.transaction.find(sale.id).authorization_adjustments
    assert (adjustment.success, adjustment.processor_response_code) == (False, amount[:4])
