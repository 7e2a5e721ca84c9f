"""The endpoints of verifications of their own, without keeping a card."""

from __future__ import annotations

from braintree import ErrorCodes

from . import addresses, amounts, card_requests, cards, risks, three_d_secure, verifications
from .amounts import AmountCodes
from .books import Books
from .card_requests import CardRequest
from .exchange import Reply, Request, refused
from .merchants import Trait
from .params import Params
from .validation import Errors, InvalidError
from .verifications import VerificationOrder

_CODES = ErrorCodes.Verification.Options
_AMOUNT = AmountCodes(_CODES.AmountFormatIsInvalid, _CODES.AmountCannotBeNegative, _CODES.AmountIsTooLarge)


def create(books: Books, request: Request) -> Reply:
    """Verify a card that comes by its number or by a nonce."""
    params = request.section("verification")
    errors = Errors()
    here = errors.under("verification")
    order = _read_order(books, params, here)
    three_d_secure.check_pass_thru(params, here)
    three_d_secure.check_vault(params, here)
    risks.check(params, here)
    wanted = _read_card(books, params, order, here)
    verification = card_requests.verify(books, wanted)
    if wanted.nonce is not None:
        card_requests.use_up(books, wanted)
    if verification is None:
        raise InvalidError(errors)
    shown = verifications.show(books, verification.id)
    if verification.failure:
        return refused(request, verification.failure, verification=shown)
    return Reply(201, "verification", shown)


def find(books: Books, request: Request) -> Reply:
    """Answer with a verification, whichever way it went."""
    return Reply(200, "verification", verifications.show(books, request.ids[0]))


def _read_order(books: Books, params: Params, errors: Errors) -> VerificationOrder:
    options = params.section("options")
    here = errors.under("options")
    amount = amounts.read(options.text("amount") or "0", "amount", _AMOUNT, here)
    account = options.text("merchant_account_id") or books.merchant.default_account
    if account not in books.merchant.accounts:
        here.add("merchant_account_id", _CODES.MerchantAccountIdIsInvalid)
    elif books.merchant.has(Trait.SUSPENDED, account):
        here.add("merchant_account_id", _CODES.MerchantAccountIsSuspended)
    account_type = options.text("account_type")
    if account_type is not None and account_type not in verifications.ACCOUNT_TYPES:
        here.add("account_type", _CODES.AccountTypeIsInvalid)
    elif account_type is not None and not verifications.takes_account_type(books, account):
        here.add("account_type", _CODES.AccountTypeNotSupported)
    cvv = params.section("credit_card").text("cvv")
    return VerificationOrder(amount or 0, account, cvv, account_type, params)


def _read_card(books: Books, params: Params, order: VerificationOrder, errors: Errors) -> CardRequest:
    """Return the card. Raises InvalidError if it is not in order, or if errors had been found before."""
    nonce, section = params.text("payment_method_nonce"), params.section("credit_card")
    here = errors.under("credit_card")
    if nonce is not None:
        opened = card_requests.open_nonce(books, nonce, here)
        card = opened.card if opened else None
    else:
        opened, card = None, cards.read(section, here)
    given = addresses.read(section.section("billing_address"), here.under("billing_address"))
    if card is None or errors:
        raise InvalidError(errors)
    return card_requests.with_nonce(
        CardRequest(card, billing=given or None, verification=order), nonce, opened
    )
