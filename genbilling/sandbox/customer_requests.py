"""The endpoints of customers."""

from __future__ import annotations

from typing import Any

from braintree import ErrorCodes

from . import card_requests, custom_fields, customers, nonces, payment_methods, vault
from .books import Books
from .card_requests import CardRequest
from .exchange import EMPTY, Reply, Request
from .nonces import OpenNonce
from .params import Params
from .validation import Errors, InvalidError

# The SDK's authors have two filters on their development gateway: one that leaves out everything that
# belongs to a customer, and one that leaves out only what belongs to that.
NO_ASSOCIATIONS = "customernoassociations"
TOP_LEVEL_ASSOCIATIONS = "customertoplevelassociations"


def create(books: Books, request: Request) -> Reply:
    """Make a customer, with a card if the request brings one."""
    params = request.section("customer")
    errors = Errors()
    here = errors.under("customer")
    customers.check_id(books, params.text("id"), here)
    fields = customers.read_fields(params, here)
    own_fields = custom_fields.read(books, params, customers.CUSTOM_FIELDS, here)
    wanted = _read_card(books, params, here, None)
    errors.raise_if_any()
    verification = None
    if wanted:
        verification = card_requests.verify(books, wanted, params.text("id"), fields.get("email"))
    if verification and verification.failure:
        return payment_methods.refused_verification(books, request, verification)
    customer_id = customers.insert(books, params.text("id"), fields, own_fields)
    if wanted:
        card_requests.keep(books, customer_id, wanted, verification)
    return Reply(201, "customer", customers.show(books, customer_id))


def find(books: Books, request: Request) -> Reply:
    """Show a customer, less what a filter leaves out."""
    shown = customers.show(books, request.ids[0])
    chosen = request.query.get("association_filter_id")
    if chosen == NO_ASSOCIATIONS:
        shown = {**shown, "credit_cards": [], "addresses": [], "custom_fields": ""}
    elif chosen == TOP_LEVEL_ASSOCIATIONS:
        shown["credit_cards"] = [{**card, "subscriptions": []} for card in shown["credit_cards"]]
    return Reply(200, "customer", shown)


def update(books: Books, request: Request) -> Reply:
    """Change a customer; add a card, or change the one that is named, if the request brings one."""
    customer_id = request.ids[0]
    email = customers.load(books, customer_id)["email"]
    params = request.section("customer")
    errors = Errors()
    here = errors.under("customer")
    new_id = params.text("id") or customer_id
    if new_id != customer_id:
        customers.check_id(books, new_id, here)
    fields = customers.read_fields(params, here)
    own_fields = custom_fields.read(books, params, customers.CUSTOM_FIELDS, here)
    _check_default(books, customer_id, params.text("default_payment_method_token"), here)
    existing = params.section("credit_card").section("options").text("update_existing_token")
    keep_card = _change_card if existing else _add_card
    refusal = keep_card(books, request, here, fields.get("email", email))
    if refusal:
        return refusal
    default = params.text("default_payment_method_token")
    if default is not None:
        vault.choose_default(books, customer_id, default)
    customers.change(books, customer_id, new_id, fields, own_fields)
    return Reply(200, "customer", customers.show(books, new_id))


def delete(books: Books, request: Request) -> Reply:
    """Forget a customer with all cards and addresses. Transactions stay."""
    customers.load(books, request.ids[0])
    customers.delete(books, request.ids[0])
    return EMPTY


def _read_card(books: Books, params: Params, errors: Errors, customer_id: str | None) -> CardRequest | None:
    card: dict[str, Any] = {**params.section("credit_card").values}
    # Given beside the card as well as inside it.
    for name in ("payment_method_nonce", "three_d_secure_pass_thru"):
        if params.values.get(name) is not None:
            card[name] = params.values[name]
    if not card:
        return None
    if _belongs_to_another(books, Params(card).text("payment_method_nonce"), customer_id):
        code = ErrorCodes.Customer.VaultedPaymentInstrumentNonceBelongsToDifferentCustomer
        errors.add("payment_method_nonce", code)
        raise InvalidError(errors)
    return card_requests.read_new(books, Params(card), errors.under("credit_card"), customer_id)


def _belongs_to_another(books: Books, nonce: str | None, customer_id: str | None) -> bool:
    """Return whether a nonce stands for a card that another customer has in the vault."""
    opened = nonces.open_nonce(books, nonce) if nonce is not None else None
    if not isinstance(opened, OpenNonce) or opened.token is None:
        return False
    return vault.load(books, opened.token).customer_id != customer_id


def _add_card(books: Books, request: Request, errors: Errors, email: str | None) -> Reply | None:
    customer_id = request.ids[0]
    wanted = _read_card(books, request.section("customer"), errors, customer_id)
    errors.raise_if_any()
    if wanted is None:
        return None
    verification = card_requests.verify(books, wanted, request.ids[0], email)
    if verification and verification.failure:
        return payment_methods.refused_verification(books, request, verification)
    card_requests.keep(books, customer_id, wanted, verification)
    return None


def _change_card(books: Books, request: Request, errors: Errors, email: str | None) -> Reply | None:
    whole = request.section("customer")
    nonce = whole.text("payment_method_nonce")
    params = whole.section("credit_card")
    if nonce is not None:
        params = Params({**params.values, "payment_method_nonce": nonce})
    here = errors.under("credit_card")
    kept = vault.find(books, params.section("options").text("update_existing_token") or "")
    if kept is None or kept.customer_id != request.ids[0]:
        code = ErrorCodes.CreditCard.Options.UpdateExistingTokenIsInvalid
        here.under("options").add("update_existing_token", code)
        raise InvalidError(errors)
    wanted = card_requests.read_change(books, kept, params, here)
    verification = card_requests.verify(books, wanted, request.ids[0], email)
    if verification and verification.failure:
        return payment_methods.refused_verification(books, request, verification)
    payment_methods.apply_change(books, kept, params, wanted, verification)
    return None


def _check_default(books: Books, customer_id: str, token: str | None, errors: Errors) -> None:
    kept = vault.find(books, token) if token is not None else None
    if token is not None and (kept is None or kept.customer_id != customer_id):
        errors.add("default_payment_method_token", ErrorCodes.CreditCard.TokenInvalid)
