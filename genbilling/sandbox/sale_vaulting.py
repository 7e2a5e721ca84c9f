"""Keeping the card of a sale: ``store_in_vault`` and ``store_in_vault_on_success``."""

from __future__ import annotations

from dataclasses import dataclass

from . import addresses, card_requests, customers, transactions, vault
from .addresses import Fields
from .books import Books
from .card_requests import CardRequest
from .instruments import Instrument
from .params import Params
from .sale_addresses import SaleAddress
from .validation import Errors


@dataclass(frozen=True)
class Vaulting:
    """How the card of a sale shall be kept."""

    request: CardRequest
    only_on_success: bool
    # The id of a customer yet to be made; None for the sale's own customer, or for an id to be made up.
    new_customer_id: str | None
    customer_fields: Fields
    # A shipping address that shall be kept as well, or nothing.
    shipping: Fields


def read_vaulting(
    books: Books,
    params: Params,
    instrument: Instrument,
    billing: SaleAddress,
    shipping: SaleAddress,
    errors: Errors,
) -> Vaulting | None:
    """Return how the card shall be kept; None if it shall not be, or is in the vault already."""
    options = params.section("options")
    always = options.flag("store_in_vault")
    if instrument.token or not (always or options.flag("store_in_vault_on_success")):
        return None
    token = params.section("credit_card").text("token")
    card_requests.check_new_token(books, token, errors.under("credit_card"))
    customer = params.section("customer")
    new_customer_id = None if instrument.customer_id else customer.text("id")
    customers.check_id(books, new_customer_id, errors.under("customer"))
    keeps_billing = options.flag("add_billing_address_to_payment_method")
    keeps_shipping = options.flag("store_shipping_address_in_vault") and shipping.id is None
    return Vaulting(
        request=CardRequest(
            instrument.card,
            token,
            billing=_new(billing) if keeps_billing else None,
            billing_address_id=billing.id if keeps_billing else None,
        ),
        only_on_success=not always,
        new_customer_id=new_customer_id,
        customer_fields=customer.given(*customers.FIELDS),
        shipping=(_new(shipping) or {}) if keeps_shipping else {},
    )


def keep(books: Books, transaction_id: str, vaulting: Vaulting, instrument: Instrument) -> None:
    """Put the card of a sale into the vault, and note with the transaction where it is."""
    customer_id = instrument.customer_id
    if customer_id is None:
        customer_id = customers.insert(books, vaulting.new_customer_id, vaulting.customer_fields)
    token = card_requests.keep(books, customer_id, vaulting.request)
    transactions.keep_customer_and_card(books, transaction_id, customer_id, token)
    ids = {}
    if vaulting.request.billing:
        ids["billing_id"] = vault.load(books, token).billing_address_id
    if vaulting.shipping:
        ids["shipping_id"] = addresses.insert(books, customer_id, vaulting.shipping)
    if ids:
        transactions.change(books, transactions.load(books, transaction_id), details=ids)


def _new(address: SaleAddress) -> Fields | None:
    """Return the fields of an address that is not in the vault yet, or None."""
    fields = {name: value for name, value in address.fields.items() if name in addresses.FIELDS}
    return fields if address.id is None and any(fields.values()) else None
