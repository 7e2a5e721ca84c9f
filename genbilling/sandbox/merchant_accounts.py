"""Choosing the merchant account of a transaction."""

from __future__ import annotations

from braintree import ErrorCodes

from .books import Books
from .merchants import Trait
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction


def read(books: Books, params: Params, errors: Errors, *, otherwise: str | None = None) -> str:
    """Return the merchant account that a request names, or else ``otherwise``, or the merchant's default."""
    account = params.text("merchant_account_id") or otherwise or books.merchant.default_account
    if account not in books.merchant.accounts:
        errors.add("merchant_account_id", _CODES.MerchantAccountIdIsInvalid)
    elif books.merchant.has(Trait.SUSPENDED, account):
        errors.add("merchant_account_id", _CODES.MerchantAccountIsSuspended)
    return account


def check_sale(books: Books, params: Params, account: str, errors: Errors) -> None:
    """Add an error for each part of a sale that its merchant account cannot do with, or without."""
    if books.merchant.has(Trait.TAXED, account) and params.text("tax_amount") is None:
        errors.add("tax_amount", _CODES.TaxAmountIsRequiredForAibSwedish)
    authenticated = bool(params.values.get("three_d_secure_pass_thru"))
    if authenticated and books.merchant.has(Trait.UNAUTHENTICATED, account):
        errors.add("merchant_account_id", _CODES.ThreeDSecureMerchantAccountDoesNotSupportCardType)


def currency(books: Books, account: str) -> str:
    """Return the currency of a merchant account; that of the default one where there is no such account."""
    accounts = books.merchant.accounts
    return accounts.get(account) or accounts[books.merchant.default_account]
