"""Cards that a request wants kept: reading, verifying and storing them.

The same steps serve a card alone, a card with a customer, and a card kept after a sale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from braintree import ErrorCodes

from . import addresses, cards, foreign_nonces, new_ids, nonces, vault, verifications
from .addresses import Fields
from .books import Books
from .cards import Card
from .new_ids import IdCodes
from .nonces import NonceProblem, OpenNonce
from .params import Params
from .validation import Errors, InvalidError
from .vault import VaultedCard
from .verifications import Verification, VerificationOrder

_CODES = ErrorCodes.CreditCard
_PROBLEM_CODES = {
    NonceProblem.UNKNOWN: ("payment_method_nonce", _CODES.PaymentMethodNonceUnknown),
    NonceProblem.CONSUMED: ("payment_method_nonce", _CODES.PaymentMethodNonceConsumed),
    NonceProblem.LOCKED: ("payment_method_nonce", _CODES.PaymentMethodNonceLocked),
    NonceProblem.LUHN_INVALID: ("number", _CODES.NumberIsInvalid),
}
_TOKEN_CODES = IdCodes(
    too_long=_CODES.TokenIsTooLong,
    invalid=_CODES.TokenFormatIsInvalid,
    reserved=_CODES.TokenIsNotAllowed,
    in_use=_CODES.TokenIsInUse,
)


@dataclass(frozen=True)
class CardRequest:
    """A card as it shall be kept."""

    card: Card
    token: str | None = None
    billing: Fields | None = None
    billing_address_id: str | None = None
    verification: VerificationOrder | None = None
    make_default: bool = False
    nonce: str | None = None


def read_new(books: Books, params: Params, errors: Errors, customer_id: str | None) -> CardRequest:
    """Return the new card a request describes, by nonce or by number.

    Raises InvalidError if anything is wrong with it, or if errors had been found before.
    """
    nonce, opened = params.text("payment_method_nonce"), None
    if nonce is None:
        card = cards.read(params, errors)
    else:
        opened = open_nonce(books, nonce, errors)
        card = cards.amend(opened.card, params, errors) if opened else None
    check_new_token(books, params.text("token"), errors)
    if card is not None:
        _check_duplicates(books, params, card, customer_id, errors)
    return with_nonce(_read_rest(books, params, errors, card, customer_id), nonce, opened)


def read_change(books: Books, kept: VaultedCard, params: Params, errors: Errors) -> CardRequest:
    """Return how a request wants a card in the vault to be.

    Raises InvalidError if anything is wrong with it, or if errors had been found before.
    """
    nonce, opened = params.text("payment_method_nonce"), None
    if nonce is None:
        card: Card | None = cards.amend(kept.card, params, errors)
    else:
        opened = open_nonce(books, nonce, errors, replaces_card=True)
        card = cards.amend(opened.card, params, errors) if opened else None
    token = params.text("token")
    if token != kept.token:
        check_new_token(books, token, errors)
    if card is not None:
        _check_duplicates(books, params, card, kept.customer_id, errors, but_for_token=kept.token)
    return with_nonce(_read_rest(books, params, errors, card, kept.customer_id), nonce, opened)


def read_unkept(books: Books, params: Params) -> CardRequest:
    """Return a card that shall become a nonce. Raises InvalidError if anything is wrong with it."""
    errors = Errors()
    here = errors.under("credit_card")
    card = cards.read(params, here)
    billing = addresses.read(params.section("billing_address"), here.under("billing_address"))
    if card is None or errors:
        raise InvalidError(errors)
    return CardRequest(card, billing=billing or None)


def open_nonce(books: Books, nonce: str, errors: Errors, *, replaces_card: bool = False) -> OpenNonce | None:
    """Return what a nonce stands for, or add an error and return None."""
    opened = nonces.open_nonce(books, nonce)
    if isinstance(opened, OpenNonce):
        return opened
    if opened is NonceProblem.NOT_A_CARD:
        foreign_nonces.refuse(nonce, errors, replaces_card=replaces_card)
    else:
        errors.add(*_PROBLEM_CODES[opened])
    return None


def with_nonce(request: CardRequest, nonce: str | None, opened: OpenNonce | None) -> CardRequest:
    """Return the request with what a nonce brings along: an address and a CVV, unless there are others."""
    if nonce is None or opened is None:
        return request
    order = request.verification
    if order is not None:
        order = replace(order, cvv=order.cvv or opened.cvv, three_d_secure=opened.three_d_secure)
    billing = request.billing
    if billing is None and request.billing_address_id is None:
        billing = opened.billing or None
    return replace(request, nonce=nonce, verification=order, billing=billing)


def use_up(books: Books, request: CardRequest) -> None:
    """Note that the nonce of a request has been used, if there is one."""
    if request.nonce is not None:
        nonces.consume(books, request.nonce)


def verify(
    books: Books, request: CardRequest, customer_id: str | None = None, email: str | None = None
) -> Verification | None:
    """Verify the card if the request asks for it; return the verification, which may have failed."""
    if request.verification is None:
        return None
    billing = request.billing or addresses.fields_of(books, request.billing_address_id)
    return verifications.carry_out(
        books, request.verification, request.card, billing, customer_id=customer_id, email=email
    )


def keep(
    books: Books, customer_id: str, request: CardRequest, verification: Verification | None = None
) -> str:
    """Put a new card into the vault, after its verification if there was one; return its token."""
    address_id = request.billing_address_id
    if request.billing:
        address_id = addresses.insert(books, customer_id, request.billing)
    use_up(books, request)
    token = vault.insert(
        books,
        customer_id,
        request.card,
        token=request.token,
        billing_address_id=address_id,
        make_default=request.make_default,
    )
    if verification:
        verifications.belongs_to(books, verification.id, token, customer_id)
    return token


def change(
    books: Books,
    kept: VaultedCard,
    request: CardRequest,
    verification: Verification | None,
    *,
    update_address: bool,
) -> str:
    """Change a card in the vault; return its token, which may be a new one.

    A billing address becomes a new address of the customer, unless ``update_address`` is set and the
    card has one that can be changed.
    """
    address_id = request.billing_address_id or kept.billing_address_id
    if request.billing and update_address and kept.billing_address_id:
        addresses.update(books, kept.billing_address_id, request.billing)
    elif request.billing:
        address_id = addresses.insert(books, kept.customer_id, request.billing)
    use_up(books, request)
    token = request.token or kept.token
    vault.update(books, kept.token, request.card, new_token=token, billing_address_id=address_id)
    if verification:
        verifications.belongs_to(books, verification.id, token, kept.customer_id)
    if request.make_default:
        vault.choose_default(books, kept.customer_id, token)
    return token


def check_new_token(books: Books, token: str | None, errors: Errors) -> None:
    """Add an error if the token cannot be given to a card."""
    new_ids.check(books, "cards", "token", token, _TOKEN_CODES, errors)


def _read_rest(
    books: Books, params: Params, errors: Errors, card: Card | None, customer_id: str | None
) -> CardRequest:
    billing = addresses.read(params.section("billing_address"), errors.under("billing_address"))
    address_id = params.text("billing_address_id")
    in_place = params.section("billing_address").section("options").flag("update_existing")
    if billing and customer_id and not in_place and addresses.is_full(books, customer_id):
        code = ErrorCodes.Address.TooManyAddressesPerCustomer
        errors.under("billing_address").add("base", code)
    if billing and address_id:
        errors.add("base", _CODES.BillingAddressConflict)
    elif address_id and not (customer_id and addresses.belongs(books, address_id, customer_id)):
        errors.add("billing_address_id", _CODES.BillingAddressIdIsInvalid)
    verification = verifications.read(params, books, errors)
    if card is None or errors:
        raise InvalidError(errors)
    return CardRequest(
        card=card,
        token=params.text("token"),
        billing=billing or None,
        billing_address_id=address_id,
        verification=verification,
        make_default=params.section("options").flag("make_default"),
    )


def _check_duplicates(
    books: Books,
    params: Params,
    card: Card,
    customer_id: str | None,
    errors: Errors,
    *,
    but_for_token: str | None = None,
) -> None:
    options = params.section("options")
    anywhere = options.flag("fail_on_duplicate_payment_method")
    if anywhere and vault.keeps(books, card.fingerprint, but_for_token=but_for_token):
        errors.add("number", _CODES.DuplicateCardExists)
    if not (customer_id and options.flag("fail_on_duplicate_payment_method_for_customer")):
        return
    if vault.keeps(books, card.fingerprint, customer_id=customer_id, but_for_token=but_for_token):
        errors.add("number", _CODES.DuplicateCardExistsForCustomer)
