"""What a sale carries besides its amount and its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from braintree import ErrorCodes

from . import addresses, amounts, customers
from .addresses import Fields
from .amounts import AmountCodes
from .books import Books
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction

MAX_ORDER_ID = 255

# What merchants may say about who started the charge. An ordinary sale says nothing.
_SOURCES = (
    "estimated",
    "installment",
    "installment_first",
    "merchant",
    "moto",
    "recurring",
    "recurring_first",
    "unscheduled",
)
_RECURRING = ("recurring", "recurring_first")

# Kept and shown as they came.
_AS_GIVEN = ("channel", "purchase_order_number", "ships_from_postal_code")
_MINOR_AMOUNTS = {
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
}
_LINE_ITEM = (
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


@dataclass(frozen=True)
class PassedOn:
    """What is kept with a transaction and shown again, checked but not acted on."""

    merchant_account_id: str
    order_id: str | None
    fields: dict[str, Any]
    customer: Fields
    shipping: Fields
    descriptor: Fields
    custom_fields: Fields
    line_items: list[Fields]


def read_details(books: Books, params: Params, errors: Errors) -> PassedOn:
    """Return the details of a sale; add an error for each that is not acceptable."""
    account = params.text("merchant_account_id") or books.merchant.default_account
    if account not in books.merchant.accounts:
        errors.add("merchant_account_id", _CODES.MerchantAccountIdIsInvalid)
    custom_fields = params.section("custom_fields")
    return PassedOn(
        merchant_account_id=account,
        order_id=read_order_id(params, errors),
        fields=_read_fields(params, errors),
        customer=customers.read_fields(params.section("customer"), errors.under("customer")),
        shipping=addresses.read(params.section("shipping"), errors.under("shipping")),
        descriptor=read_descriptor(params),
        custom_fields=custom_fields.texts(*custom_fields.values),
        line_items=[item.texts(*_LINE_ITEM) for item in params.sections("line_items")],
    )


def read_order_id(params: Params, errors: Errors) -> str | None:
    """Return the order id, or add an error if it is too long."""
    order_id = params.text("order_id")
    if order_id is not None and len(order_id) > MAX_ORDER_ID:
        errors.add("order_id", _CODES.OrderIdIsTooLong)
    return order_id


def read_descriptor(params: Params) -> Fields:
    """Return what shall stand on the cardholder's statement."""
    return params.section("descriptor").texts("name", "phone", "url")


def _read_fields(params: Params, errors: Errors) -> dict[str, Any]:
    source = params.text("transaction_source")
    if source is not None and source not in _SOURCES:
        errors.add("transaction_source", _CODES.TransactionSourceIsInvalid)
    minor = {name: _read_minor_amount(name, params, errors) for name in _MINOR_AMOUNTS}
    return {
        **params.texts(*_AS_GIVEN),
        **minor,
        "recurring": source in _RECURRING or params.flag("recurring"),
        "tax_exempt": params.flag("tax_exempt"),
        "sca_exemption_requested": params.text("sca_exemption"),
    }


def _read_minor_amount(name: str, params: Params, errors: Errors) -> str | None:
    text = params.text(name)
    amount = None if text is None else amounts.read(text, name, _MINOR_AMOUNTS[name], errors)
    return None if amount is None else amounts.show(amount)
