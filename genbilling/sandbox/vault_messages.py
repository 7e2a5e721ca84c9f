"""The texts of the validation codes of addresses, cards, client tokens, disputes and the like."""

from __future__ import annotations

from braintree import ErrorCodes

_ADDRESS = ErrorCodes.Address
_CARD = ErrorCodes.CreditCard
_CLIENT = ErrorCodes.ClientToken
_CUSTOMER = ErrorCodes.Customer
_DISPUTE = ErrorCodes.Dispute
_VERIFICATION = ErrorCodes.Verification
_OPTIONS = _VERIFICATION.Options
_PASS_THRU = _VERIFICATION.ThreeDSecurePassThru

MESSAGES: dict[str, str] = {
    _ADDRESS.CannotBeBlank: "Addresses must have at least one field filled in.",
    _ADDRESS.CountryCodeAlpha2IsNotAccepted: "Country code (alpha2) is not an accepted country.",
    _ADDRESS.CountryCodeAlpha3IsNotAccepted: "Country code (alpha3) is not an accepted country.",
    _ADDRESS.CountryCodeNumericIsNotAccepted: "Country code (numeric) is not an accepted country.",
    _ADDRESS.CountryNameIsNotAccepted: "Country name is not an accepted country.",
    _ADDRESS.InconsistentCountry: "Provided country information is inconsistent.",
    _ADDRESS.PostalCodeInvalidCharacters: (
        "Postal code can only contain letters, numbers, spaces, and hyphens."
    ),
    _ADDRESS.PostalCodeIsTooLong: "Postal code may contain no more than 9 letter or number characters.",
    _ADDRESS.TooManyAddressesPerCustomer: "Customer has already reached the maximum of 50 addresses.",
    ErrorCodes.AndroidPay.AndroidPayCardsAreNotAccepted: "Google Pay cards are not accepted.",
    ErrorCodes.ApplePay.ApplePayCardsAreNotAccepted: "Apple Pay cards are not accepted.",
    _CARD.CannotUpdateCardUsingPaymentMethodNonce: "Cannot update card using payment method nonce.",
    _CARD.PaymentMethodNonceCardTypeIsNotAccepted: "Payment method nonce card type is not accepted.",
    _CARD.PaymentMethodNonceLocked: "Payment method nonce is locked.",
    _CARD.TokenInvalid: "Credit card token is invalid (use only letters, numbers, '-', and '_').",
    _CARD.VerificationAccountTypeIsInvald: "Verification account type must be either `credit` or `debit`.",
    _CARD.VerificationAccountTypeNotSupported: (
        "Verification account type is not supported by this merchant account."
    ),
    _CARD.Options.VerificationMerchantAccountIsSuspended: "Verification merchant account is suspended.",
    _CLIENT.CustomerDoesNotExist: "Customer specified by customer_id does not exist",
    _CLIENT.FailOnDuplicatePaymentMethodRequiresCustomerId: (
        "Specifying fail_on_duplicate_payment_method requires a customer id"
    ),
    # The code is shared with that of a proxy merchant.
    _CLIENT.FailOnDuplicatePaymentMethodForCustomerRequiresCustomerId: (
        "Specifying fail_on_duplicate_payment_method_for_customer requires a customer id"
    ),
    _CLIENT.InvalidDomainFormat: (
        "Client token domains must be valid domain names (RFC 1035), e.g. example.com"
    ),
    _CLIENT.MakeDefaultRequiresCustomerId: "Specifying make_default requires a customer id",
    _CLIENT.MerchantAccountDoesNotExist: "Merchant account specified by merchant_account_id does not exist",
    _CLIENT.TooManyDomains: "Cannot specify more than 5 client token domains",
    _CLIENT.UnsupportedVersion: "Client token version is not supported",
    _CLIENT.VerifyCardRequiresCustomerId: "Specifying verify_card requires a customer id",
    _CUSTOMER.VaultedPaymentInstrumentNonceBelongsToDifferentCustomer: (
        "Vaulted payment instrument nonce belongs to a different customer."
    ),
    _CUSTOMER.CustomFieldIsInvalid: "Custom field is invalid.",
    _CUSTOMER.InternationalPhoneCountryCodeIsInvalid: "Country code must be 1 to 4 digits.",
    _CUSTOMER.InternationalPhoneNationalNumberIsInvalid: "National number must be digits, 20 at most.",
    _CUSTOMER.WebsiteIsInvalid: "Website is an invalid format.",
    _DISPUTE.CanOnlyAcceptOpenDispute: "Disputes can only be accepted when they are in an Open state",
    _DISPUTE.CanOnlyAddEvidenceDocumentToDispute: ("A document with this id cannot be added to a dispute"),
    _DISPUTE.CanOnlyAddEvidenceToOpenDispute: (
        "Evidence can only be attached to disputes that are in an Open state"
    ),
    _DISPUTE.CanOnlyCreateEvidenceWithValidCategory: (
        "The category you supplied on the evidence record is not valid"
    ),
    _DISPUTE.CanOnlyFinalizeOpenDispute: "Disputes can only be finalized when they are in an Open state",
    _DISPUTE.CanOnlyRemoveEvidenceFromOpenDispute: (
        "Evidence can only be removed from disputes that are in an Open state"
    ),
    _DISPUTE.EvidenceContentTooLong: "The evidence content is too long",
    ErrorCodes.DocumentUpload.FileIsEmpty: "File cannot be empty.",
    ErrorCodes.DocumentUpload.FileIsMalformedOrEncrypted: "File is malformed or encrypted.",
    ErrorCodes.DocumentUpload.FileIsTooLarge: "File size is limited to 4 MB.",
    ErrorCodes.DocumentUpload.FileIsTooLong: "PDF page length is limited to 50 pages.",
    ErrorCodes.DocumentUpload.FileTypeIsInvalid: "Only PNG, JPG, JPEG, and PDF files are accepted.",
    ErrorCodes.DocumentUpload.KindIsInvalid: "The upload kind is invalid.",
    ErrorCodes.PayPalAccount.PayPalAccountsAreNotAccepted: (
        "PayPal accounts are not accepted by this merchant account."
    ),
    _OPTIONS.AccountTypeIsInvalid: "Account type must be either `credit` or `debit`.",
    _OPTIONS.AccountTypeNotSupported: "Account type is not supported by this merchant account.",
    _OPTIONS.AmountCannotBeNegative: "Amount cannot be negative.",
    _OPTIONS.AmountFormatIsInvalid: "Amount is an invalid format.",
    _OPTIONS.AmountIsTooLarge: "Amount is too large.",
    _OPTIONS.MerchantAccountIdIsInvalid: "Merchant account ID is invalid.",
    _OPTIONS.MerchantAccountIsSuspended: "Merchant account is suspended.",
    _PASS_THRU.CavvIsRequired: "Cavv is required.",
    _PASS_THRU.ThreeDSecureVersionIsRequired: "ThreeDSecureVersion is required.",
    _PASS_THRU.EciFlagIsInvalid: "EciFlag is invalid.",
    _PASS_THRU.EciFlagIsRequired: "EciFlag is required.",
    _PASS_THRU.ThreeDSecureVersionIsInvalid: (
        "The version of 3D Secure authentication must be composed only of digits and separated by periods"
        " (e.g. `1.0.2`)."
    ),
}
