"""3D Secure with a sale: results of an authentication that was carried out here, or elsewhere."""

from __future__ import annotations

from typing import Any

from braintree import ErrorCodes
from braintree.test.nonces import Nonces

from . import card_numbers, card_requests, nonces
from .books import Books
from .cards import Card
from .errors import NotFoundError
from .exchange import Reply, Request
from .nonces import OpenNonce
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction
_OF_ANOTHER_CARD = (
    _CODES.ThreeDSecureTransactionPaymentMethodDoesntMatchThreeDSecureAuthenticationPaymentMethod
)

_ECI_FLAGS = ("00", "01", "02", "05", "06", "07")
# Those that claim an authentication, which must then be proved.
_CLAIMS = ("01", "02", "05", "06")
_CHOICES = {
    "authentication_response": (("Y", "N", "U", "A"), _CODES.ThreeDSecureAuthenticationResponseIsInvalid),
    "directory_response": (("Y", "N", "U"), _CODES.ThreeDSecureDirectoryResponseIsInvalid),
    "cavv_algorithm": (("0", "1", "2", "3"), _CODES.ThreeDSecureCavvAlgorithmIsInvalid),
}
_ID = "three_d_secure_authentication_id"
_PASS_THRU = "three_d_secure_pass_thru"
# Before the fingerprint of the card that was authenticated.
_MADE = "auth_"
_SUCCESSFUL = {
    "status": "authenticate_successful",
    "enrolled": "Y",
    "liability_shifted": True,
    "liability_shift_possible": True,
    "eci_flag": "05",
    "three_d_secure_version": "1.0.2",
    "cavv": None,
    "ds_transaction_id": None,
    "xid": None,
}


def create(books: Books, request: Request) -> Reply:
    """Authenticate the holder of a card, as the testing gateway does: with success."""
    if request.ids[0] not in books.merchant.accounts:
        raise NotFoundError(f"There is no merchant account {request.ids[0]!r}.")
    number = card_numbers.digits(request.section("three_d_secure_verification").text("number") or "")
    made = {_ID: _MADE + card_numbers.fingerprint(number)}
    return Reply(201, "three_d_secure_verification", made)


def create_nonce(books: Books, request: Request) -> Reply:
    """Turn a card into a nonce whose holder has been authenticated, as the testing gateway does."""
    if request.ids[0] not in books.merchant.accounts:
        raise NotFoundError(f"There is no merchant account {request.ids[0]!r}.")
    given = request.section("credit_card")
    wanted = card_requests.read_unkept(books, given)
    nonce = nonces.make_for_card(
        books,
        wanted.card,
        cvv=given.text("cvv"),
        billing=wanted.billing,
        three_d_secure=nonces.authentication_with(Nonces.ThreeDSecureVisaFullAuthentication),
    )
    return Reply(201, "payment_method_nonce", {"nonce": nonce})


def read(
    books: Books, params: Params, card: Card, from_nonce: dict[str, Any] | None, errors: Errors
) -> dict[str, Any] | None:
    """Return how the authentication of a sale went, or None if there was none.

    ``from_nonce`` is what the nonce of the card says of one. Adds an error if the sale names another.
    """
    if "three_d_secure_token" in params:
        errors.add("three_d_secure_token", _CODES.ThreeDSecureTokenIsInvalid)
    if _ID not in params:
        return from_nonce
    named = params.text(_ID) or ""
    info = _find(books, named)
    if params.values.get(_PASS_THRU):
        errors.add(_ID, _CODES.ThreeDSecureAuthenticationIdWithThreeDSecurePassThruIsInvalid)
    elif info is None:
        errors.add(_ID, _CODES.ThreeDSecureAuthenticationIdIsInvalid)
    elif from_nonce is not None and from_nonce != info:
        errors.add(_ID, _CODES.ThreeDSecureAuthenticationIdDoesntMatchNonceThreeDSecureAuthentication)
    elif named.startswith(_MADE) and named != _MADE + card.fingerprint:
        errors.add(_ID, _OF_ANOTHER_CARD)
    return info


def is_missing(params: Params, info: dict[str, Any] | None) -> bool:
    """Return whether a sale must be authenticated and is not."""
    if not params.section("options").section("three_d_secure").flag("required"):
        return False
    proved_elsewhere = params.section(_PASS_THRU).text("eci_flag") in _CLAIMS
    return not (proved_elsewhere or (info is not None and info["liability_shifted"]))


def _find(books: Books, named: str) -> dict[str, Any] | None:
    if named.startswith(_MADE):
        return _SUCCESSFUL
    # Each test id belongs to a test nonce: fake-...-id to fake-...-nonce.
    opened = nonces.open_nonce(books, named.removesuffix("-id") + "-nonce")
    return opened.three_d_secure if isinstance(opened, OpenNonce) else None


def check(params: Params, errors: Errors) -> None:
    """Add an error for each part of ``three_d_secure_pass_thru`` that is not acceptable."""
    if not params.values.get(_PASS_THRU):
        return
    section = params.section(_PASS_THRU)
    here = errors.under(_PASS_THRU)
    flag = section.text("eci_flag")
    if flag is None:
        here.add("eci_flag", _CODES.ThreeDSecureEciFlagIsRequired)
    elif flag not in _ECI_FLAGS:
        here.add("eci_flag", _CODES.ThreeDSecureEciFlagIsInvalid)
    elif flag in _CLAIMS and section.text("cavv") is None:
        here.add("cavv", _CODES.ThreeDSecureCavvIsRequired)
    for name, (choices, code) in _CHOICES.items():
        if section.text(name) not in (None, *choices):
            here.add(name, code)
