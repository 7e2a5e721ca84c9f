"""The text that goes with each validation code."""

from __future__ import annotations

import re

from braintree import ErrorCodes

from . import vault_messages

_ADDRESS = ErrorCodes.Address
_CARD = ErrorCodes.CreditCard
_CUSTOMER = ErrorCodes.Customer
_SALE = ErrorCodes.Transaction

MESSAGES: dict[str, str] = {
    _ADDRESS.CompanyIsTooLong: "Company is too long.",
    _ADDRESS.ExtendedAddressIsTooLong: "Extended address is too long.",
    _ADDRESS.FirstNameIsTooLong: "First name is too long.",
    _ADDRESS.LastNameIsTooLong: "Last name is too long.",
    _ADDRESS.LocalityIsTooLong: "Locality is too long.",
    _ADDRESS.RegionIsTooLong: "Region is too long.",
    _ADDRESS.StreetAddressIsTooLong: "Street address is too long.",
    _CARD.BillingAddressConflict: "Cannot provide both billing_address and billing_address_id attributes.",
    _CARD.BillingAddressIdIsInvalid: "Billing address ID is invalid.",
    _CARD.CardholderNameIsTooLong: "Cardholder name is too long.",
    _CARD.CustomerIdIsInvalid: "Customer ID is invalid.",
    _CARD.CustomerIdIsRequired: "Customer ID is required.",
    _CARD.CvvIsInvalid: "CVV must be 4 digits for American Express and 3 digits for other card types.",
    _CARD.DuplicateCardExists: "Duplicate card exists in the vault.",
    _CARD.DuplicateCardExistsForCustomer: "Duplicate card exists in the vault for the customer.",
    _CARD.ExpirationDateConflict: (
        "Cannot provide expiration_date if you are also providing expiration_month and expiration_year."
    ),
    _CARD.ExpirationDateIsInvalid: "Expiration date is invalid.",
    _CARD.ExpirationDateIsRequired: "Expiration date is required.",
    _CARD.ExpirationDateYearIsInvalid: ("Expiration date year is invalid. It must be between 1975 and 2201."),
    _CARD.ExpirationMonthIsInvalid: "Expiration month is invalid.",
    _CARD.ExpirationYearIsInvalid: "Expiration year is invalid. It must be between 1975 and 2201.",
    _CARD.NumberHasInvalidLength: "Credit card number must be 12-19 digits.",
    _CARD.NumberIsInvalid: "Credit card number is invalid.",
    _CARD.NumberIsRequired: "Credit card number is required.",
    _CARD.PaymentMethodNonceConsumed: "Cannot use a payment_method_nonce more than once.",
    _CARD.PaymentMethodNonceUnknown: "Unknown or expired payment_method_nonce.",
    _CARD.TokenFormatIsInvalid: "Credit card token is invalid (use only letters, numbers, '-', and '_').",
    _CARD.TokenIsInUse: "Credit card token is taken.",
    _CARD.TokenIsNotAllowed: "Credit card token is not an allowed token.",
    _CARD.TokenIsTooLong: "Credit card token is too long (maximum is 36 characters).",
    _CARD.Options.UpdateExistingTokenIsInvalid: "Update existing token is invalid.",
    _CARD.Options.VerificationAmountCannotBeNegative: "Verification amount cannot be negative.",
    _CARD.Options.VerificationAmountFormatIsInvalid: "Verification amount is an invalid format.",
    _CARD.Options.VerificationAmountIsTooLarge: "Verification amount is too large.",
    _CARD.Options.VerificationMerchantAccountIdIsInvalid: "Verification merchant account ID is invalid.",
    _CUSTOMER.CompanyIsTooLong: "Company is too long.",
    _CUSTOMER.EmailIsInvalid: "Email is an invalid format.",
    _CUSTOMER.EmailIsTooLong: "Email is too long.",
    _CUSTOMER.FaxIsTooLong: "Fax is too long.",
    _CUSTOMER.FirstNameIsTooLong: "First name is too long.",
    _CUSTOMER.IdIsInUse: "Customer ID has already been taken.",
    _CUSTOMER.IdIsInvalid: "Customer ID is invalid (use only letters, numbers, '-', and '_').",
    _CUSTOMER.IdIsNotAllowed: "Customer ID is not an allowed ID.",
    _CUSTOMER.IdIsTooLong: "Customer ID is too long (maximum is 36 characters).",
    _CUSTOMER.LastNameIsTooLong: "Last name is too long.",
    _CUSTOMER.PhoneIsTooLong: "Phone is too long.",
    _CUSTOMER.WebsiteIsTooLong: "Website is too long.",
    ErrorCodes.PaymentMethod.CustomerIdIsInvalid: "Customer ID is invalid.",
    ErrorCodes.PaymentMethod.CustomerIdIsRequired: "Customer ID is required.",
    ErrorCodes.PaymentMethod.NonceIsRequired: "Nonce is required.",
    _SALE.AmountCannotBeNegative: "Amount cannot be negative.",
    _SALE.AmountIsInvalid: "Amount is an invalid format.",
    _SALE.AmountIsRequired: "Amount is required.",
    _SALE.AmountIsTooLarge: "Amount is too large.",
    _SALE.AmountMustBeGreaterThanZero: "Amount must be greater than zero.",
    _SALE.ApiRequestKeyCanBeReusedOnlyWithTheSameRequest: (
        "API request key can be reused only with the same request."
    ),
    _SALE.ApiRequestKeyTooLong: "API request key is too long (maximum is 255 characters).",
    _SALE.BillingAddressConflict: "Cannot provide both billing and billing_address_id attributes.",
    _SALE.CannotBeVoided: (
        "Transaction can only be voided if status is authorized, submitted_for_settlement, or - for PayPal -"
        " settlement_pending."
    ),
    _SALE.CannotCloneCredit: "Cannot clone a credit.",
    _SALE.CannotRefundCredit: "Credits cannot be refunded.",
    _SALE.CannotRefundUnlessSettled: "Cannot refund a transaction unless it is settled.",
    _SALE.CannotSimulateTransactionSettlement: (
        "Cannot simulate settlement of a transaction that is not submitted for settlement."
    ),
    _SALE.CannotSubmitForSettlement: "Cannot submit for settlement unless status is authorized.",
    _SALE.CreditCardIsRequired: "Cannot determine payment method.",
    _SALE.CustomerDoesNotHaveCreditCard: "Customer does not have any credit cards.",
    _SALE.CustomerIdIsInvalid: "Customer ID is invalid.",
    _SALE.DiscountAmountCannotBeNegative: "Discount amount cannot be negative.",
    _SALE.DiscountAmountFormatIsInvalid: "Discount amount is an invalid format.",
    _SALE.DiscountAmountIsTooLarge: "Discount amount is too large.",
    _SALE.HasAlreadyBeenRefunded: "Transaction has already been completely refunded.",
    _SALE.MerchantAccountIdIsInvalid: "Merchant account ID is invalid.",
    _SALE.OrderIdIsTooLong: "Order ID is too long.",
    _SALE.PaymentMethodConflict: "Cannot provide more than one payment method.",
    _SALE.PaymentMethodDoesNotBelongToCustomer: "Payment method does not belong to customer.",
    _SALE.PaymentMethodNonceConsumed: "Cannot use a payment_method_nonce more than once.",
    _SALE.PaymentMethodNonceUnknown: "Unknown or expired payment_method_nonce.",
    _SALE.PaymentMethodTokenIsInvalid: "Payment method token is invalid.",
    _SALE.RefundAmountIsTooLarge: "Refund amount is too large.",
    _SALE.RefundAuthHardDeclined: "Refund authorization was hard declined.",
    _SALE.RefundAuthSoftDeclined: "Refund authorization was soft declined.",
    _SALE.SettlementAmountIsTooLarge: "Settlement amount is too large.",
    _SALE.ShippingAmountCannotBeNegative: "Shipping amount cannot be negative.",
    _SALE.ShippingAmountFormatIsInvalid: "Shipping amount is an invalid format.",
    _SALE.ShippingAmountIsTooLarge: "Shipping amount is too large.",
    _SALE.TaxAmountCannotBeNegative: "Tax amount cannot be negative.",
    _SALE.TaxAmountFormatIsInvalid: "Tax amount is an invalid format.",
    _SALE.TaxAmountIsTooLarge: "Tax amount is too large.",
    _SALE.TransactionSourceIsInvalid: "Transaction source is invalid.",
    _SALE.TypeIsInvalid: "Type is invalid.",
    _SALE.TypeIsRequired: "Type is required.",
}


def message_for(code: str) -> str:
    """Return the text of a validation code; where none is listed, the SDK's name of the code in words."""
    return MESSAGES.get(code) or vault_messages.MESSAGES.get(code) or _NAMES.get(code, "Invalid.")


def _names(codes: type) -> dict[str, str]:
    """Return what each code is called, in words: ``TaxAmountIsTooLarge`` is "Tax amount is too large."."""
    found = {}
    for name, value in vars(codes).items():
        if isinstance(value, type):
            found.update(_names(value))
        elif not name.startswith("_"):
            words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[0-9]+", name)
            lower = [word if word.isupper() and len(word) > 1 else word.lower() for word in words]
            found[value] = " ".join(lower).capitalize() + "."
    return found


_NAMES = _names(ErrorCodes)
