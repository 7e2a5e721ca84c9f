"""The addresses of a sale: where its card is billed to, and where it is shipped to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from braintree import Address, ErrorCodes

from . import addresses
from .addresses import Fields
from .books import Books
from .instruments import Instrument
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction

_METHODS = tuple(value for name, value in vars(Address.ShippingMethod).items() if name[0] != "_")


@dataclass(frozen=True)
class SaleAddress:
    """An address, and its id if it is one of the vault."""

    fields: Fields
    id: str | None = None


def check(params: Params, errors: Errors) -> None:
    """Add an error for each part of the addresses given that is wrong whatever the card is."""
    _read(params, "billing", _CODES.BillingPhoneNumberIsInvalid, errors)
    _read_given_shipping(params, errors)


def read_billing(books: Books, params: Params, instrument: Instrument, errors: Errors) -> SaleAddress:
    """Return the billing address: the one given, the one named, or that of the card."""
    given = _read(params, "billing", _CODES.BillingPhoneNumberIsInvalid, errors)
    named = params.text("billing_address_id")
    if given and named:
        errors.add("base", _CODES.BillingAddressConflict)
    if given:
        return SaleAddress(given)
    if named and not _belongs(books, named, instrument):
        errors.add("billing_address_id", ErrorCodes.CreditCard.BillingAddressIdIsInvalid)
    if not named and instrument.billing:
        return SaleAddress(instrument.billing)
    address_id = named or instrument.billing_address_id
    return SaleAddress(addresses.fields_of(books, address_id), address_id)


def read_shipping(books: Books, params: Params, instrument: Instrument, errors: Errors) -> SaleAddress:
    """Return the shipping address: the one given, or the one named."""
    given, method = _read_given_shipping(params, errors)
    named = params.text("shipping_address_id")
    if given or not named:
        return SaleAddress({**given, "shipping_method": method} if method else given)
    if not _belongs(books, named, instrument):
        errors.add("shipping_address_id", _CODES.ShippingAddressDoesntMatchCustomer)
    return SaleAddress(addresses.fields_of(books, named), named)


def _read_given_shipping(params: Params, errors: Errors) -> tuple[Fields, str | None]:
    given = _read(params, "shipping", _CODES.ShippingPhoneNumberIsInvalid, errors)
    method = params.section("shipping").text("shipping_method")
    if method is not None and method not in _METHODS:
        errors.under("shipping").add("shipping_method", _CODES.ShippingMethodIsInvalid)
    return given, method


def _read(params: Params, name: str, phone_code: str, errors: Errors) -> Fields:
    fields = addresses.read(params.section(name), errors.under(name))
    phone = fields.get("phone_number")
    if phone and not (re.fullmatch(r"[0-9+()./ -]+", phone) and len(re.sub(r"\D", "", phone)) <= 15):
        errors.under(name).add("phone_number", phone_code)
    return fields


def _belongs(books: Books, address_id: str, instrument: Instrument) -> bool:
    customer_id = instrument.customer_id
    return customer_id is not None and addresses.belongs(books, address_id, customer_id)
