"""Card verifications: asking the bank whether a card is good before it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from braintree import CreditCardVerification, ErrorCodes

from . import amounts, cards, processor
from .addresses import EMPTY, Fields
from .amounts import AmountCodes
from .books import Books, global_id, to_time
from .cards import Card
from .errors import NotFoundError
from .exchange import Reply, Request
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.CreditCard.Options
_AMOUNT = AmountCodes(
    _CODES.VerificationAmountFormatIsInvalid,
    _CODES.VerificationAmountCannotBeNegative,
    _CODES.VerificationAmountIsTooLarge,
)


@dataclass(frozen=True)
class Verification:
    """A verification that was carried out: its id, and why it failed, if it did."""

    id: str
    failure: str = ""


@dataclass(frozen=True)
class VerificationOrder:
    """What a request says about the verification it wants."""

    amount: int
    merchant_account_id: str
    cvv: str | None


def read(params: Params, books: Books, errors: Errors) -> VerificationOrder | None:
    """Return the verification that the request of a card asks for, or None if it asks for none."""
    options = params.section("options")
    if not options.flag("verify_card"):
        return None
    below = errors.under("options")
    amount = amounts.read(options.text("verification_amount") or "0", "verification_amount", _AMOUNT, below)
    account = options.text("verification_merchant_account_id") or books.merchant.default_account
    if account not in books.merchant.accounts:
        below.add("verification_merchant_account_id", _CODES.VerificationMerchantAccountIdIsInvalid)
    return VerificationOrder(amount or 0, account, params.text("cvv"))


def carry_out(books: Books, order: VerificationOrder, card: Card, billing: Fields) -> Verification:
    """Verify a card, and keep the result whichever way it goes."""
    outcome = processor.refuse(card.refusal) if card.refusal else processor.APPROVED
    verified = CreditCardVerification.Status.Verified
    verification_id = books.fresh_id("verifications")
    details = {
        "merchant_account_id": order.merchant_account_id,
        "currency_iso_code": books.merchant.accounts[order.merchant_account_id],
        "processor_response_code": outcome.code,
        "processor_response_text": outcome.text,
        "processor_response_type": outcome.type,
        "additional_processor_response": outcome.additional,
        "gateway_rejection_reason": outcome.rejection,
        "network_response_code": None if outcome.rejection else "XX",
        "network_response_text": None if outcome.rejection else "sample network response text",
        "cvv_response_code": processor.cvv_answer(order.cvv),
        **processor.avs_answers(billing),
        "card": cards.to_json(card),
        "billing": {**EMPTY, **billing},
    }
    books.insert(
        "verifications",
        id=verification_id,
        status=verified if outcome.is_approved else outcome.status,
        amount=order.amount,
        created_at=books.today,
        details=details,
    )
    if outcome.is_approved:
        return Verification(verification_id)
    return Verification(verification_id, outcome.text or f"Gateway Rejected: {outcome.rejection}")


def find(books: Books, request: Request) -> Reply:
    """Answer with a verification, whichever way it went."""
    return Reply(200, "verification", show(books, request.ids[0]))


def show(books: Books, verification_id: str) -> dict[str, Any]:
    """Return the elements of a verification. Raises NotFoundError."""
    row = books.one("SELECT * FROM verifications WHERE id = ?", [verification_id])
    if row is None:
        raise NotFoundError(f"There is no verification with the id {verification_id!r}.")
    details = json.loads(row["details"])
    card = cards.from_json(details.pop("card"))
    return {
        "id": row["id"],
        "global_id": global_id("verification", row["id"]),
        "status": row["status"],
        "amount": amounts.show(row["amount"]),
        "created_at": to_time(row["created_at"]),
        "updated_at": to_time(row["created_at"]),
        "billing": details.pop("billing"),
        "credit_card": {"token": None, **cards.show(card, books.now)},
        **details,
    }
