"""Keeping the card of a sale: ``store_in_vault`` and ``store_in_vault_on_success``."""

from __future__ import annotations

from dataclasses import dataclass

from . import card_requests, customers
from .addresses import Fields
from .books import Books
from .card_requests import CardRequest
from .instruments import Instrument
from .params import Params
from .validation import Errors


@dataclass(frozen=True)
class Vaulting:
    """How the card of a sale shall be kept."""

    request: CardRequest
    only_on_success: bool
    # The id of a customer yet to be made; None for the sale's own customer, or for an id to be made up.
    new_customer_id: str | None
    customer_fields: Fields


def read_vaulting(
    books: Books, params: Params, instrument: Instrument, billing: Fields, errors: Errors
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
    with_billing = options.flag("add_billing_address_to_payment_method")
    return Vaulting(
        request=CardRequest(
            instrument.card, token, billing=billing if with_billing and any(billing.values()) else None
        ),
        only_on_success=not always,
        new_customer_id=new_customer_id,
        customer_fields=customer.given(*customers.FIELDS),
    )


def keep_card(books: Books, vaulting: Vaulting, instrument: Instrument) -> tuple[str, str]:
    """Put the card of a sale into the vault; return the customer's id and the card's token."""
    customer_id = instrument.customer_id
    if customer_id is None:
        customer_id = customers.insert(books, vaulting.new_customer_id, vaulting.customer_fields)
    return customer_id, card_requests.keep(books, customer_id, vaulting.request)
