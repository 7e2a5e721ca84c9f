"""Payment method nonces: Braintree's test nonces, and those made from cards in the vault."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from braintree.test.credit_card_numbers import CreditCardNumbers
from braintree.test.nonces import Nonces

from . import cards, foreign_nonces, vault
from .addresses import Fields
from .books import Books, to_text
from .cards import Card

LIFETIME = timedelta(hours=24)


class NonceProblem(Enum):
    """Why a nonce cannot be used."""

    UNKNOWN = "unknown"
    CONSUMED = "consumed"
    LOCKED = "locked"
    LUHN_INVALID = "luhn invalid"
    NOT_A_CARD = "not a card"


@dataclass(frozen=True)
class OpenNonce:
    """A nonce that can be used: for a card, or for a card that is in the vault already."""

    card: Card
    token: str | None = None
    # The processor's code, or the reason of the gateway, if a sale with this nonce is refused.
    refusal: str = ""
    three_d_secure: dict[str, Any] | None = None
    # What a browser sent along with the card.
    cvv: str | None = None
    billing: Fields = field(default_factory=dict)


_INDICATOR = CreditCardNumbers.CardTypeIndicators
_VISA = CreditCardNumbers.Visa

_NUMBERS = {
    Nonces.Transactable: _VISA,
    Nonces.TransactableVisa: _VISA,
    Nonces.TransactableAmEx: "378282246310005",
    Nonces.TransactableMasterCard: CreditCardNumbers.MasterCard,
    Nonces.TransactableDiscover: CreditCardNumbers.Discover,
    Nonces.TransactableDinersClub: "36259600000004",
    Nonces.TransactableJCB: "3530111333300000",
    Nonces.TransactableMaestro: CreditCardNumbers.Maestro,
    Nonces.TransactableBusiness: _INDICATOR.Business,
    Nonces.TransactableCommercial: _INDICATOR.Commercial,
    Nonces.TransactableConsumer: _INDICATOR.Consumer,
    Nonces.TransactableCorporate: _INDICATOR.Corporate,
    Nonces.TransactableCountryOfIssuanceCAD: "4012000033330125",
    Nonces.TransactableCountryOfIssuanceUSA: _INDICATOR.CountryOfIssuance,
    Nonces.TransactableDebit: _INDICATOR.Debit,
    Nonces.TransactablePinlessDebitVisa: _INDICATOR.Debit,
    Nonces.TransactableDurbinRegulated: _INDICATOR.DurbinRegulated,
    Nonces.TransactableHealthcare: _INDICATOR.Healthcare,
    Nonces.TransactableIssuingBankNetworkOnly: _INDICATOR.IssuingBank,
    Nonces.TransactableNoIndicators: _INDICATOR.No,
    Nonces.TransactablePayroll: _INDICATOR.Payroll,
    Nonces.TransactablePrepaid: _INDICATOR.Prepaid,
    Nonces.TransactablePrepaidReloadable: _INDICATOR.PrepaidReloadable,
    Nonces.TransactablePurchase: _INDICATOR.Purchase,
    Nonces.TransactableUnknownIndicators: _INDICATOR.Unknown,
}

# Nonce to card number and refusal.
_REFUSED = {
    Nonces.ProcessorDeclinedAmEx: (CreditCardNumbers.FailsSandboxVerification.AmEx, "2000"),
    Nonces.ProcessorDeclinedDiscover: (CreditCardNumbers.FailsSandboxVerification.Discover, "2000"),
    Nonces.ProcessorDeclinedMasterCard: (CreditCardNumbers.FailsSandboxVerification.MasterCard, "2000"),
    Nonces.ProcessorDeclinedVisa: (CreditCardNumbers.FailsSandboxVerification.Visa, "2000"),
    Nonces.ProcessorFailureJCB: ("3566002020360505", "3000"),
    Nonces.GatewayRejectedFraud: ("4000111111111511", "fraud"),
    Nonces.GatewayRejectedRiskThreshold: ("4111130000000003", "risk_threshold"),
}

# Nonce to status, enrolled, and whether the liability shifted and could have shifted.
_AUTHENTICATED = {
    Nonces.ThreeDSecureVisaFullAuthentication: ("authenticate_successful", "Y", True, True),
    Nonces.ThreeDSecureTwoVisaSuccessfulFrictionlessAuthentication: (
        "authenticate_frictionless_successful", "Y", True, True,
    ),
    Nonces.ThreeDSecureTwoVisaSuccessfulStepUpAuthentication: ("authenticate_successful", "Y", True, True),
    Nonces.ThreeDSecureVisaAttemptsNonParticipating: ("authenticate_attempt_successful", "Y", True, True),
    Nonces.ThreeDSecureVisaNoteEnrolled: ("lookup_not_enrolled", "N", True, True),
    Nonces.ThreeDSecureVisaFailedAuthentication: ("authenticate_failed", "Y", False, True),
    Nonces.ThreeDSecureVisaFailedSignature: (
        "authenticate_signature_verification_failed", "Y", False, True,
    ),
    Nonces.ThreeDSecureVisaAuthenticationUnavailable: (
        "authenticate_unable_to_authenticate", "Y", False, True,
    ),
    Nonces.ThreeDSecureVisaMPIAuthenticateError: ("authenticate_error", "Y", False, True),
    Nonces.ThreeDSecureVisaUnavailable: ("lookup_error", "U", False, False),
    Nonces.ThreeDSecureVisaLookupTimeout: ("lookup_error", "U", False, False),
    Nonces.ThreeDSecureVisaMPILookupError: ("lookup_error", "E", False, False),
    Nonces.ThreeDSecureTwoVisaErrorOnLookup: ("lookup_error", "E", False, False),
    Nonces.ThreeDSecureTwoVisaTimeoutOnLookup: ("lookup_error", "U", False, False),
    Nonces.ThreeDSecureVisaBypassedAuthentication: ("lookup_bypassed", "B", False, False),
}  # fmt: skip


def open_nonce(books: Books, nonce: str, *, again: bool = False) -> OpenNonce | NonceProblem:
    """Return what the nonce stands for, or why it cannot be used. Test nonces can be used for ever.

    With ``again`` it does not matter that it was used before.
    """
    if nonce == Nonces.Consumed:
        return NonceProblem.CONSUMED
    if nonce == Nonces.LuhnInvalid:
        return NonceProblem.LUHN_INVALID
    if nonce in foreign_nonces.KINDS:
        return NonceProblem.NOT_A_CARD
    return _test_nonce(books, nonce) or _made_nonce(books, nonce, again=again)


def consume(books: Books, nonce: str) -> None:
    """Note that a nonce has been used. A test nonce takes no notice."""
    books.run("UPDATE nonces SET consumed = 1 WHERE nonce = ?", [nonce])


def make(books: Books, token: str) -> str:
    """Return a new nonce for a card in the vault, good for one use in the next 24 hours."""
    return _insert(books, "tokencc_bh_", token=token)


def make_for_card(
    books: Books,
    card: Card,
    *,
    cvv: str | None = None,
    billing: Fields | None = None,
    shared: str = "",
    locked: bool = False,
    three_d_secure: dict[str, Any] | None = None,
) -> str:
    """Return a new nonce for a card that is in no vault, good for one use in the next 24 hours.

    ``shared`` is an identifier under which a browser may find the card again, with a locked nonce.
    """
    details: dict[str, Any] = {
        "card": cards.to_json(card),
        "cvv": cvv,
        "billing": billing or {},
        "locked": locked,
        "three_d_secure": three_d_secure,
    }
    if shared:
        details["shared"] = shared
    return _insert(books, "tokencc_bf_", details=details)


def shared_under(books: Books, identifier: str, limit: int) -> list[Card]:
    """Return the newest cards that browsers shared under an identifier."""
    rows = books.all(
        "SELECT details FROM nonces WHERE json_extract(details, '$.shared') = ? AND created_at >= ?"
        " ORDER BY created_at DESC LIMIT ?",
        [identifier, to_text(books.now - LIFETIME), limit],
    )
    return [cards.from_json(json.loads(row["details"])["card"]) for row in rows]


def authentication_with(nonce: str) -> dict[str, Any]:
    """Return how the authentication went that a test nonce of 3D Secure stands for."""
    status, enrolled, shifted, possible = _AUTHENTICATED[nonce]
    return {
        "status": status,
        "enrolled": enrolled,
        "liability_shifted": shifted,
        "liability_shift_possible": possible,
        "cavv": "cavv_value" if shifted else None,
        "ds_transaction_id": None,
        "eci_flag": "05" if shifted else "07",
        "three_d_secure_version": "2.2.0" if "-two-" in nonce else "1.0.2",
        "xid": "xid_value" if shifted else None,
    }


def _insert(books: Books, prefix: str, **values: Any) -> str:
    parts = [books.fresh_id("nonces", column="nonce", length=length) for length in (6, 6, 6, 6, 3)]
    nonce = prefix + "_".join(parts)
    books.insert("nonces", nonce=nonce, created_at=books.today, **values)
    return nonce


def _test_nonce(books: Books, nonce: str) -> OpenNonce | None:
    year = _next_year(books)
    if nonce in _NUMBERS:
        return OpenNonce(cards.from_number(_NUMBERS[nonce], "12", year))
    if nonce in _REFUSED:
        number, refusal = _REFUSED[nonce]
        return OpenNonce(cards.from_number(number, "12", year, refusal=refusal), refusal=refusal)
    if nonce in _AUTHENTICATED:
        return OpenNonce(cards.from_number(_VISA, "12", year), three_d_secure=authentication_with(nonce))
    return None


def _next_year(books: Books) -> str:
    return str(books.now.year + 1)


def _made_nonce(books: Books, nonce: str, *, again: bool) -> OpenNonce | NonceProblem:
    row = books.one("SELECT * FROM nonces WHERE nonce = ?", [nonce])
    if row is None or row["created_at"] < to_text(books.now - LIFETIME):
        return NonceProblem.UNKNOWN
    if row["consumed"] and not again:
        return NonceProblem.CONSUMED
    if row["token"] is not None:
        return OpenNonce(vault.load(books, row["token"]).card, token=row["token"])
    details = json.loads(row["details"])
    if details["locked"]:
        return NonceProblem.LOCKED
    return OpenNonce(
        cards.from_json(details["card"]),
        # Books of an earlier version do not have it.
        three_d_secure=details.get("three_d_secure"),
        cvv=details["cvv"],
        billing=details["billing"],
    )
