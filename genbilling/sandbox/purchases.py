"""What is known of a purchase besides its amount: taxes, shipping, numbers of the buyer's own.

A sale says it, and a submission for settlement may say it again.
"""

from __future__ import annotations

import re
from typing import Any

from braintree import ErrorCodes

from . import amounts
from .amounts import MINOR_TOO_LARGE, AmountCodes
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction

MAX_ORDER_ID = 255

_AMOUNTS = {
    "tax_amount": AmountCodes(
        _CODES.TaxAmountFormatIsInvalid, _CODES.TaxAmountCannotBeNegative, _CODES.TaxAmountIsTooLarge
    ),
    "discount_amount": AmountCodes(
        _CODES.DiscountAmountFormatIsInvalid,
        _CODES.DiscountAmountCannotBeNegative,
        _CODES.DiscountAmountIsTooLarge,
    ),
    "shipping_amount": AmountCodes(
        _CODES.ShippingAmountFormatIsInvalid,
        _CODES.ShippingAmountCannotBeNegative,
        _CODES.ShippingAmountIsTooLarge,
    ),
    # The SDK knows no codes of their own for these two.
    "shipping_tax_amount": AmountCodes(
        _CODES.TaxAmountFormatIsInvalid, _CODES.TaxAmountCannotBeNegative, _CODES.TaxAmountIsTooLarge
    ),
    "surcharge_amount": amounts.TRANSACTION_AMOUNT,
}
_TEXTS = ("purchase_order_number", "ships_from_postal_code")


def read_order_id(params: Params, errors: Errors) -> str | None:
    """Return the order id, or add an error if it is too long."""
    order_id = params.text("order_id")
    if order_id is not None and len(order_id) > MAX_ORDER_ID:
        errors.add("order_id", _CODES.OrderIdIsTooLong)
    return order_id


def read(params: Params, errors: Errors) -> dict[str, Any]:
    """Return all fields of the purchase; None, or False, for those that the request does not give."""
    _check_purchase_order(params.text("purchase_order_number"), errors)
    _check_postal_code(params.text("ships_from_postal_code"), errors)
    return {
        **params.texts(*_TEXTS),
        **{name: _read_amount(name, params, errors) for name in _AMOUNTS},
        "tax_exempt": params.flag("tax_exempt"),
    }


def read_given(params: Params, errors: Errors) -> dict[str, Any]:
    """Return those fields of the purchase that the request mentions."""
    return {name: value for name, value in read(params, errors).items() if name in params}


def _read_amount(name: str, params: Params, errors: Errors) -> str | None:
    text = params.text(name)
    if text is None:
        return None
    amount = amounts.read(text, name, _AMOUNTS[name], errors, limit=MINOR_TOO_LARGE)
    return None if amount is None else amounts.show(amount)


def _check_purchase_order(number: str | None, errors: Errors) -> None:
    if number is None:
        return
    if len(number) > 17:
        errors.add("purchase_order_number", _CODES.PurchaseOrderNumberIsTooLong)
    elif not (number.isascii() and number.isprintable()):
        errors.add("purchase_order_number", _CODES.PurchaseOrderNumberIsInvalid)


def _check_postal_code(code: str | None, errors: Errors) -> None:
    if code is None:
        return
    if not re.fullmatch(r"[A-Za-z0-9 -]*", code):
        errors.add("ships_from_postal_code", _CODES.ShipsFromPostalCodeInvalidCharacters)
    elif len(code) > 10:
        errors.add("ships_from_postal_code", _CODES.ShipsFromPostalCodeIsTooLong)
    elif not re.search(r"[A-Za-z0-9]", code):
        errors.add("ships_from_postal_code", _CODES.ShipsFromPostalCodeIsInvalid)
