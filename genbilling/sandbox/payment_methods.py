"""The endpoints of payment methods and credit cards, which differ only in the names they use."""

from __future__ import annotations

from typing import Any

from braintree import ErrorCodes

from . import card_requests, customers, nonces, vault, verifications
from .books import Books
from .card_requests import CardRequest
from .exchange import EMPTY, Reply, Request, refused
from .nonces import OpenNonce
from .params import Params
from .validation import Errors
from .vault import VaultedCard
from .verifications import Verification


def create(books: Books, request: Request) -> Reply:
    """Keep a new card of a customer, from a nonce or from its number."""
    params = request.section(request.root)
    errors = Errors()
    customer_id = _read_customer(books, request, params, errors)
    kept = _kept_already(books, params, customer_id)
    if kept and not errors:
        return _use_kept(books, request, params, kept)
    wanted = card_requests.read_new(books, params, errors.under("credit_card"), customer_id)
    verification = card_requests.verify(books, wanted, customer_id, _email(books, customer_id))
    if verification and verification.failure:
        return refused_verification(books, request, verification)
    token = card_requests.keep(books, customer_id, wanted, verification)
    return Reply(201, "credit_card", vault.show(books, token))


def find(books: Books, request: Request) -> Reply:
    """Show a card in the vault."""
    return Reply(200, "credit_card", vault.show(books, request.ids[0]))


def update(books: Books, request: Request) -> Reply:
    """Change a card in the vault."""
    kept = vault.load(books, request.ids[0])
    params = request.section(request.root)
    wanted = card_requests.read_change(books, kept, params, Errors().under("credit_card"))
    email = _email(books, kept.customer_id)
    verification = card_requests.verify(books, wanted, kept.customer_id, email)
    if verification and verification.failure:
        return refused_verification(books, request, verification)
    token = apply_change(books, kept, params, wanted, verification)
    return Reply(200, "credit_card", vault.show(books, token))


def delete(books: Books, request: Request) -> Reply:
    """Forget a card."""
    vault.delete(books, request.ids[0])
    return EMPTY


def apply_change(
    books: Books, kept: VaultedCard, params: Params, wanted: CardRequest, verification: Verification | None
) -> str:
    """Write a change of a card that was read and verified; return its token."""
    in_place = params.section("billing_address").section("options").flag("update_existing")
    return card_requests.change(books, kept, wanted, verification, update_address=in_place)


def refused_verification(books: Books, request: Request, verification: Verification) -> Reply:
    """Return the answer to a card that failed its verification."""
    shown = verifications.show(books, verification.id)
    return refused(request, verification.failure, verification=shown)


def _kept_already(books: Books, params: Params, customer_id: str) -> VaultedCard | None:
    """Return the customer's card that the nonce of a request stands for, if it is in the vault already.

    It is so after a browser with the customer's client token made the nonce. Under a token of its own the
    card is kept a second time.
    """
    nonce = params.text("payment_method_nonce")
    opened = nonces.open_nonce(books, nonce) if nonce and params.text("token") is None else None
    if not isinstance(opened, OpenNonce) or opened.token is None:
        return None
    kept = vault.find(books, opened.token)
    return kept if kept and kept.customer_id == customer_id else None


def _use_kept(books: Books, request: Request, params: Params, kept: VaultedCard) -> Reply:
    """Answer with a card that is in the vault already; its billing address stays as it is."""
    unchanged = {"billing_address": None, "billing_address_id": None}
    change = Params({**params.values, **unchanged})
    wanted = card_requests.read_change(books, kept, change, Errors().under("credit_card"))
    verification = card_requests.verify(books, wanted, kept.customer_id, _email(books, kept.customer_id))
    if verification and verification.failure:
        return refused_verification(books, request, verification)
    token = apply_change(books, kept, change, wanted, verification)
    return Reply(201, "credit_card", vault.show(books, token))


def _email(books: Books, customer_id: str) -> str | None:
    email: str | None = customers.load(books, customer_id)["email"]
    return email


def _read_customer(books: Books, request: Request, params: Params, errors: Errors) -> str:
    """Return the customer's id; add errors in the words of the endpoint that was called."""
    codes: Any = ErrorCodes.CreditCard
    here = errors.under("credit_card")
    if request.root != "credit_card":
        codes, here = ErrorCodes.PaymentMethod, errors.under("payment_method")
        if params.text("payment_method_nonce") is None:
            here.add("payment_method_nonce", codes.NonceIsRequired)
            errors.raise_if_any()
    customer_id = params.text("customer_id")
    if customer_id is None:
        here.add("customer_id", codes.CustomerIdIsRequired)
    elif not books.holds("customers", "id", customer_id):
        here.add("customer_id", codes.CustomerIdIsInvalid)
    return customer_id or ""
