"""What an answer of Braintree's means, decided from the SDK's source (4.48) and Braintree's documents.

The one question that matters about a sale or a refund is whether money may have moved.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from ..exceptions import GatewayError, GatewayUnusable
from .vaulted import VaultedCard, card_of

# The SDK's own words, written out: this module is imported where the SDK is not.
HARD_DECLINED = "hard_declined"
VOIDED = "voided"
SETTLEMENT_DECLINED = "settlement_declined"
PAID_STATUSES = frozenset(
    {"submitted_for_settlement", "settling", "settled", "settlement_pending", "settlement_confirmed"}
)
REFUSED_STATUSES = frozenset(
    {
        "processor_declined",
        "gateway_rejected",
        "failed",
        "voided",
        "authorization_expired",
        "settlement_declined",
    }
)

# Validation errors about the idempotency key (braintree.ErrorCodes.Transaction). They are about an earlier
# request with the same key, which may have moved money, all but the one for "keys are not allowed here".
KEY_NOT_ALLOWED = "915231"
KEY_UNCERTAIN = frozenset({"915232", "915233", "915235"})
# Our settings are wrong, and no card would do: merchant account unknown, suspended, not ours; a custom field
# that is not registered, or too long; a descriptor of a wrong form, or where none may be given.
WRONG_SETTINGS = {
    **dict.fromkeys(("91513", "91514", "915121"), "MERCHANT_ACCOUNT_ID"),
    **dict.fromkeys(("91526", "81527"), "CUSTOM_FIELDS"),
    **dict.fromkeys(("92201", "92202", "92203", "92204", "92205", "92206"), "DESCRIPTOR"),
}
TOKEN_INVALID = "91518"
# Mastercard's advice with a decline: do not try again, and payment cancelled by the cardholder.
NEVER_AGAIN = frozenset({"03", "21"})


class Ending(Enum):
    """The four ways in which a sale can end, or a refund (paid: paid back)."""

    PAID = "paid"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a sale, a refund or a void. Texts are empty where the gateway said nothing.

    `cannot_be`: what the request is about is not there (any more), and so it can never be carried out.
    `card`: the card as it was when the transaction was made.
    `error`: what kept the answer from coming, if anything did.
    """

    ending: Ending
    message: str = ""
    transaction_id: str = ""
    order_id: str = ""
    amount: Decimal | None = None
    currency: str = ""
    status: str = ""
    response_code: str = ""
    response_text: str = ""
    reject_reason: str = ""
    hard_decline: bool = False
    number_id: str = ""
    card: VaultedCard | None = field(default=None, compare=False)
    cannot_be: bool = False
    key_refused: bool = False
    error: GatewayError | None = field(default=None, repr=False, compare=False)
    result: Any = field(default=None, repr=False, compare=False)


def outcome_of_result(result: Any) -> Outcome:
    """Return what the answer to a sale or a refund means."""
    if result is not None and result.is_success:
        return outcome_of_transaction(result.transaction, result)
    return _outcome_of_refusal(result)


def outcome_of_void(result: Any) -> Outcome:
    """Return what the answer to a void means: here a voided transaction is what was asked for."""
    if result is not None and result.is_success:
        outcome = outcome_of_transaction(result.transaction, result)
        return replace(outcome, ending=Ending.PAID if outcome.status == VOIDED else Ending.UNKNOWN)
    return _outcome_of_refusal(result)


def _outcome_of_refusal(result: Any) -> Outcome:
    if result is None:
        # An empty 201 makes sale() return None (SDK 4.48).
        return Outcome(ending=Ending.UNKNOWN, message="The gateway gave an empty answer.")
    codes = error_codes(result)
    if codes & KEY_UNCERTAIN:
        return Outcome(ending=Ending.UNKNOWN, message=result.message, result=result)
    if KEY_NOT_ALLOWED in codes:
        return Outcome(ending=Ending.NOT_SENT, message=result.message, key_refused=True, result=result)
    for code in sorted(codes & WRONG_SETTINGS.keys()):
        message = f"Braintree refuses a setting: {result.message} Check GENBILLING['{WRONG_SETTINGS[code]}']."
        return Outcome(ending=Ending.NOT_SENT, message=message, cannot_be=True, result=result)
    if result.transaction is not None and not codes:
        return outcome_of_transaction(result.transaction, result)
    return Outcome(
        ending=Ending.REFUSED, message=result.message, cannot_be=TOKEN_INVALID in codes, result=result
    )


def outcome_of_transaction(transaction: Any, result: Any = None) -> Outcome:
    """Return what a transaction's status means; `result` is the answer that it came in."""
    status = transaction.status or ""
    card = card_of(getattr(transaction, "credit_card_details", None))
    if status in PAID_STATUSES:
        ending = Ending.PAID
    else:
        # A bare "authorized" is not what was asked for, and money is reserved: somebody has to look.
        ending = Ending.REFUSED if status in REFUSED_STATUSES else Ending.UNKNOWN
    return Outcome(
        ending=ending,
        message=getattr(result, "message", None) or "",
        transaction_id=transaction.id,
        order_id=transaction.order_id or "",
        amount=transaction.amount,
        currency=transaction.currency_iso_code or "",
        status=status,
        response_code=transaction.processor_response_code or "",
        response_text=transaction.processor_response_text or "",
        reject_reason=transaction.gateway_rejection_reason or "",
        hard_decline=_must_not_be_tried_again(transaction),
        number_id=card.number_id,
        card=card,
        result=result,
    )


def _must_not_be_tried_again(transaction: Any) -> bool:
    hard = transaction.processor_response_type == HARD_DECLINED
    return hard or getattr(transaction, "merchant_advice_code", None) in NEVER_AGAIN


def outcome_of_error(error: GatewayError) -> Outcome:
    """Return what it means for what was sent that no answer came: not sent, or unknown."""
    unsent = isinstance(error, GatewayUnusable)
    ending = Ending.NOT_SENT if unsent else Ending.UNKNOWN
    return Outcome(ending=ending, message=str(error), error=error)


def error_codes(result: Any) -> set[str]:
    """Return the codes of all validation errors in an answer."""
    return {error.code for error in result.errors.deep_errors}
