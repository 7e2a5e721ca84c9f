"""Line items: what was bought."""

from __future__ import annotations

import re
from decimal import Decimal

from braintree import ErrorCodes, TransactionLineItem

from .addresses import Fields
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction.LineItem

MAX_ITEMS = 249
# Amounts and quantities must be less than these.
_AMOUNT_LIMIT = Decimal("21474836.48")
_QUANTITY_LIMIT = Decimal(2_147_483_648)

_FIELDS = (
    "commodity_code",
    "description",
    "discount_amount",
    "image_url",
    "kind",
    "name",
    "product_code",
    "quantity",
    "tax_amount",
    "total_amount",
    "unit_amount",
    "unit_of_measure",
    "unit_tax_amount",
    "upc_code",
    "upc_type",
    "url",
)
_TOO_LONG = {
    "commodity_code": (12, _CODES.CommodityCodeIsTooLong),
    "description": (127, _CODES.DescriptionIsTooLong),
    "name": (127, _CODES.NameIsTooLong),
    "product_code": (12, _CODES.ProductCodeIsTooLong),
    "unit_of_measure": (12, _CODES.UnitOfMeasureIsTooLarge),
    "upc_code": (17, _CODES.UPCCodeIsTooLong),
}
_REQUIRED = {
    "kind": _CODES.KindIsRequired,
    "name": _CODES.NameIsRequired,
    "quantity": _CODES.QuantityIsRequired,
    "total_amount": _CODES.TotalAmountIsRequired,
    "unit_amount": _CODES.UnitAmountIsRequired,
}
_UPC_TYPES = ("UPC-A", "UPC-B", "UPC-C", "UPC-D", "UPC-E", "UPC-2", "UPC-5")
# Name to places, format, too large, and what is wrong with a negative one. Zero is as wrong as a negative
# one where the code says so.
_NUMBERS = {
    "quantity": (
        4,
        _CODES.QuantityFormatIsInvalid,
        _CODES.QuantityIsTooLarge,
        _CODES.QuantityFormatIsInvalid,
    ),
    "unit_amount": (
        4,
        _CODES.UnitAmountFormatIsInvalid,
        _CODES.UnitAmountIsTooLarge,
        _CODES.UnitAmountMustBeGreaterThanZero,
    ),
    "total_amount": (
        2,
        _CODES.TotalAmountFormatIsInvalid,
        _CODES.TotalAmountIsTooLarge,
        _CODES.TotalAmountMustBeGreaterThanZero,
    ),
    "unit_tax_amount": (
        2,
        _CODES.UnitTaxAmountFormatIsInvalid,
        _CODES.UnitTaxAmountIsTooLarge,
        _CODES.UnitTaxAmountCannotBeNegative,
    ),
    "tax_amount": (
        2,
        _CODES.TaxAmountFormatIsInvalid,
        _CODES.TaxAmountIsTooLarge,
        _CODES.TaxAmountCannotBeNegative,
    ),
    "discount_amount": (
        2,
        _CODES.DiscountAmountFormatIsInvalid,
        _CODES.DiscountAmountIsTooLarge,
        _CODES.DiscountAmountCannotBeNegative,
    ),
}
_ABOVE_ZERO = ("unit_amount", "total_amount")


def read(params: Params, errors: Errors) -> list[Fields]:
    """Return the line items of a request; add an error for each part that is not acceptable."""
    given = params.values.get("line_items")
    if given is not None and not isinstance(given, list):
        errors.add("line_items", ErrorCodes.Transaction.LineItemsExpected)
    items = params.sections("line_items")
    if len(items) > MAX_ITEMS:
        errors.add("line_items", ErrorCodes.Transaction.TooManyLineItems)
        return []
    below = errors.under("line_items")
    return [_read_item(item, below.under(f"index_{place}")) for place, item in enumerate(items)]


def _read_item(params: Params, errors: Errors) -> Fields:
    item = params.texts(*_FIELDS)
    for name, code in _REQUIRED.items():
        if item[name] is None:
            errors.add(name, code)
    for name, (limit, code) in _TOO_LONG.items():
        if len(item[name] or "") > limit:
            errors.add(name, code)
    if item["kind"] not in (None, TransactionLineItem.Kind.Credit, TransactionLineItem.Kind.Debit):
        errors.add("kind", _CODES.KindIsInvalid)
    for name in _NUMBERS:
        _check_number(name, item[name], errors)
    _check_upc(item, errors)
    return item


def _check_number(name: str, text: str | None, errors: Errors) -> None:
    if text is None:
        return
    places, wrong_format, too_large, negative = _NUMBERS[name]
    if not re.fullmatch(rf"-?\d{{1,30}}(\.\d{{1,{places}}})?", text, re.ASCII):
        errors.add(name, wrong_format)
        return
    value = Decimal(text)
    if value < 0 or (value == 0 and name in _ABOVE_ZERO):
        errors.add(name, negative)
    elif value >= (_QUANTITY_LIMIT if name == "quantity" else _AMOUNT_LIMIT):
        errors.add(name, too_large)


def _check_upc(item: Fields, errors: Errors) -> None:
    code, kind = item["upc_code"], item["upc_type"]
    if code is None and kind is not None:
        errors.add("upc_code", _CODES.UPCCodeIsMissing)
    if kind is None and code is not None:
        errors.add("upc_type", _CODES.UPCTypeIsMissing)
    if kind is not None and kind not in _UPC_TYPES:
        errors.add("upc_type", _CODES.UPCTypeIsInvalid)
