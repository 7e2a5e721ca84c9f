"""What a sale carries besides its amount, its card and its addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from braintree import ErrorCodes

from . import (
    authentications,
    custom_fields,
    customers,
    descriptors,
    external_vaults,
    industries,
    line_items,
    purchases,
    risks,
)
from .addresses import Fields
from .books import Books
from .custom_fields import CustomFieldCodes
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction

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
_CUSTOM_FIELDS = CustomFieldCodes(_CODES.CustomFieldIsInvalid, _CODES.CustomFieldIsTooLong)
_EXEMPTIONS = ("low_value", "secure_corporate", "transaction_risk_analysis", "trusted_beneficiary")

# Name to what it must look like, and the code if it does not. None of these is shown again.
_PATTERNS = {
    "exchange_rate_quote_id": (r".{,4000}", _CODES.ExchangeRateQuoteIdIsTooLong),
    "processing_merchant_category_code": (r"[0-9]{4}", _CODES.ProcessingMerchantCategoryCodeIsInvalid),
    "product_sku": (r"[A-Za-z0-9 _-]{1,255}", _CODES.ProductSkuIsInvalid),
}
# Shown as they came, and only if they came.
_ECHOED = ("installments", "payment_facilitator", "transfer")


@dataclass(frozen=True)
class PassedOn:
    """What is kept with a transaction and shown again, checked but not acted on."""

    order_id: str | None
    fields: dict[str, Any]
    customer: Fields
    descriptor: Fields
    custom_fields: Fields
    line_items: list[Fields]
    echo: dict[str, Any]


def read_details(books: Books, params: Params, errors: Errors) -> PassedOn:
    """Return the details of a sale; add an error for each that is not acceptable."""
    risks.check(params, errors)
    external_vaults.check(params, errors)
    industries.check(params, errors)
    authentications.check(params, errors)
    _check_patterns(params, errors)
    return PassedOn(
        order_id=purchases.read_order_id(params, errors),
        fields=_read_fields(params, errors),
        customer=customers.read_fields(params.section("customer"), errors.under("customer")),
        descriptor=descriptors.read(params, errors),
        custom_fields=custom_fields.read(books, params, _CUSTOM_FIELDS, errors),
        line_items=line_items.read(params, errors),
        echo={name: params.values[name] for name in _ECHOED if params.values.get(name)},
    )


def _check_patterns(params: Params, errors: Errors) -> None:
    for name, (pattern, code) in _PATTERNS.items():
        text = params.text(name)
        if text is not None and not re.fullmatch(pattern, text, re.DOTALL):
            errors.add(name, code)


def _read_fields(params: Params, errors: Errors) -> dict[str, Any]:
    source, exemption = params.text("transaction_source"), params.text("sca_exemption")
    if source is not None and source not in _SOURCES:
        errors.add("transaction_source", _CODES.TransactionSourceIsInvalid)
    if exemption is not None and exemption not in _EXEMPTIONS:
        errors.add("sca_exemption", _CODES.ScaExemptionInvalid)
    channel = params.text("channel")
    if channel is not None and len(channel) > 255:
        errors.add("channel", _CODES.ChannelIsTooLong)
    return {
        **purchases.read(params, errors),
        "channel": channel,
        "recurring": source in _RECURRING or params.flag("recurring"),
        "sca_exemption_requested": exemption,
        "foreign_retailer": params.flag("foreign_retailer") if params.text("foreign_retailer") else None,
    }
