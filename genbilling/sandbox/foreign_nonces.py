"""Test nonces of other means of payment than cards: known by name, and not accepted."""

from __future__ import annotations

from braintree import ErrorCodes
from braintree.test.nonces import Nonces

from .validation import Errors

_CARD = ErrorCodes.CreditCard

_PAYPAL = "paypal_account"
_APPLE_PAY = "apple_pay_card"
_GOOGLE_PAY = "android_pay_card"
_OTHER = "other"

# Nonce to means of payment.
KINDS = {
    **dict.fromkeys(
        (
            Nonces.PayPalBillingAgreement,
            Nonces.PayPalFuturePayment,
            Nonces.PayPalFuturePaymentRefreshToken,
            Nonces.PayPalOneTimePayment,
        ),
        _PAYPAL,
    ),
    **dict.fromkeys(
        (Nonces.ApplePayAmEx, Nonces.ApplePayMasterCard, Nonces.ApplePayMpan, Nonces.ApplePayVisa), _APPLE_PAY
    ),
    **dict.fromkeys(
        (
            Nonces.AndroidPayCard,
            Nonces.AndroidPayCardAmEx,
            Nonces.AndroidPayCardDiscover,
            Nonces.AndroidPayCardMasterCard,
            Nonces.AndroidPayCardVisa,
        ),
        _GOOGLE_PAY,
    ),
    **dict.fromkeys(
        (
            Nonces.AbstractTransactable,
            Nonces.AmexExpressCheckoutCard,
            Nonces.Europe,
            Nonces.LocalPayment,
            Nonces.MasterpassAmEx,
            Nonces.MasterpassDiscover,
            Nonces.MasterpassMasterCard,
            Nonces.MasterpassVisa,
            Nonces.MetaCheckoutCard,
            Nonces.MetaCheckoutToken,
            Nonces.SEPA,
            Nonces.SamsungPayAmex,
            Nonces.SamsungPayMasterCard,
            Nonces.SamsungPayVisa,
            Nonces.SepaDirectDebit,
            Nonces.UsBankAccount,
            Nonces.VenmoAccount,
            Nonces.VenmoAccountTokenIssuanceError,
            Nonces.VisaCheckoutAmEx,
            Nonces.VisaCheckoutDiscover,
            Nonces.VisaCheckoutMasterCard,
            Nonces.VisaCheckoutVisa,
        ),
        _OTHER,
    ),
}

_NOT_ACCEPTED = {
    _PAYPAL: ErrorCodes.PayPalAccount.PayPalAccountsAreNotAccepted,
    _APPLE_PAY: ErrorCodes.ApplePay.ApplePayCardsAreNotAccepted,
    _GOOGLE_PAY: ErrorCodes.AndroidPay.AndroidPayCardsAreNotAccepted,
}


def refuse(nonce: str, errors: Errors, *, replaces_card: bool = False) -> None:
    """Add the error of a merchant that accepts nothing but cards.

    ``errors`` are those of the card; the error of a means of payment of its own stands beside them.
    """
    kind = KINDS[nonce]
    if replaces_card:
        errors.add("payment_method_nonce", _CARD.CannotUpdateCardUsingPaymentMethodNonce)
    elif kind in _NOT_ACCEPTED:
        errors.beside(kind).add("base", _NOT_ACCEPTED[kind])
    else:
        errors.add("payment_method_nonce", _CARD.PaymentMethodNonceCardTypeIsNotAccepted)
