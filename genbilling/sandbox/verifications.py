"""Card verifications: asking the bank whether a card is good, and keeping what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from braintree import CreditCardVerification, ErrorCodes

from . import amounts, answers, cards, processor, rejections, risks, three_d_secure
from .addresses import EMPTY, Fields
from .amounts import AmountCodes
from .books import Books, global_id, to_time
from .cards import Card
from .errors import NotFoundError
from .merchants import Trait
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.CreditCard.Options
_AMOUNT = AmountCodes(
    _CODES.VerificationAmountFormatIsInvalid,
    _CODES.VerificationAmountCannotBeNegative,
    _CODES.VerificationAmountIsTooLarge,
)
ACCOUNT_TYPES = ("credit", "debit")
_ANSWERS = (
    "additional_processor_response",
    "gateway_rejection_reason",
    "network_response_code",
    "network_response_text",
    "network_transaction_id",
    "processor_response_code",
    "processor_response_text",
    "processor_response_type",
)
# So many are shown with a card.
_SHOWN = 10


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
    account_type: str | None = None
    # The request, for what it tells a fraud service.
    params: Params = field(default_factory=Params)
    # How the cardholder was authenticated when the nonce was made.
    three_d_secure: dict[str, Any] | None = None


def read(params: Params, books: Books, errors: Errors) -> VerificationOrder | None:
    """Return the verification that the request of a card asks for, or None if it asks for none."""
    options = params.section("options")
    if not options.flag("verify_card"):
        return None
    three_d_secure.check_pass_thru(params, errors.beside("verification"))
    below = errors.under("options")
    amount = amounts.read(options.text("verification_amount") or "0", "verification_amount", _AMOUNT, below)
    account = options.text("verification_merchant_account_id") or books.merchant.default_account
    if account not in books.merchant.accounts:
        below.add("verification_merchant_account_id", _CODES.VerificationMerchantAccountIdIsInvalid)
    elif books.merchant.has(Trait.SUSPENDED, account):
        below.add("verification_merchant_account_id", _CODES.VerificationMerchantAccountIsSuspended)
    account_type = options.text("verification_account_type")
    if account_type is not None and account_type not in ACCOUNT_TYPES:
        below.add("verification_account_type", ErrorCodes.CreditCard.VerificationAccountTypeIsInvald)
    elif account_type is not None and not takes_account_type(books, account):
        below.add("verification_account_type", ErrorCodes.CreditCard.VerificationAccountTypeNotSupported)
    return VerificationOrder(amount or 0, account, params.text("cvv"), account_type, params)


def takes_account_type(books: Books, account: str) -> bool:
    """Return whether one may say to a merchant account which side of a card is meant, credit or debit."""
    return books.merchant.has(Trait.ACCOUNT_TYPES, account)


def carry_out(
    books: Books,
    order: VerificationOrder,
    card: Card,
    billing: Fields,
    *,
    customer_id: str | None = None,
    email: str | None = None,
) -> Verification:
    """Verify a card, and keep the result whichever way it goes."""
    checks = {"cvv_response_code": processor.cvv_answer(order.cvv), **processor.avs_answers(billing)}
    outcome = _decide(books, order, card, checks)
    answered = answers.fields(outcome)
    verified = CreditCardVerification.Status.Verified
    verification_id = books.fresh_id("verifications")
    details = {
        "merchant_account_id": order.merchant_account_id,
        "currency_iso_code": books.merchant.accounts[order.merchant_account_id],
        **{name: answered[name] for name in _ANSWERS},
        **checks,
        "risk_data": risks.judgement(books.merchant, order.params, outcome.rejection),
        "card": cards.to_json(card),
        "billing": {**EMPTY, **billing},
        "email": email,
        "account_type": order.account_type,
        "three_d_secure_info": order.three_d_secure,
    }
    books.insert(
        "verifications",
        id=verification_id,
        status=verified if outcome.is_approved else outcome.status,
        amount=order.amount,
        customer_id=customer_id,
        created_at=books.today,
        details=details,
    )
    if outcome.is_approved:
        return Verification(verification_id)
    refusal = f"Gateway Rejected: {outcome.rejection}" if outcome.rejection else outcome.text
    return Verification(verification_id, refusal or "")


def _decide(
    books: Books, order: VerificationOrder, card: Card, checks: dict[str, str | None]
) -> processor.Outcome:
    refusal = card.refusal
    if not refusal and not order.params.section("options").flag("skip_advanced_fraud_checking"):
        refusal = risks.rejection(books.merchant, card)
    return rejections.after_the_bank(books, processor.authorize(order.amount, refusal=refusal), checks)


def belongs_to(books: Books, verification_id: str, token: str, customer_id: str) -> None:
    """Note which card in the vault a verification was about."""
    books.run(
        "UPDATE verifications SET payment_method_token = ?, customer_id = ? WHERE id = ?",
        [token, customer_id, verification_id],
    )


def rename_token(books: Books, token: str, new_token: str) -> None:
    """Note that a card has another token now."""
    books.run(
        "UPDATE verifications SET payment_method_token = ? WHERE payment_method_token = ?", [new_token, token]
    )


def show_of_token(books: Books, token: str) -> list[dict[str, Any]]:
    """Return the elements of the verifications of a card, newest first."""
    rows = books.all(
        "SELECT * FROM verifications WHERE payment_method_token = ? ORDER BY number DESC LIMIT ?",
        [token, _SHOWN],
    )
    return [shown(books, row) for row in rows]


def show(books: Books, verification_id: str) -> dict[str, Any]:
    """Return the elements of a verification. Raises NotFoundError."""
    row = books.one("SELECT * FROM verifications WHERE id = ?", [verification_id])
    if row is None:
        raise NotFoundError(f"There is no verification with the id {verification_id!r}.")
    return shown(books, row)


def shown(books: Books, row: Any) -> dict[str, Any]:
    """Return the elements of the verification in a row of the books."""
    details = json.loads(row["details"])
    details.pop("email")
    card = cards.show(cards.from_json(details.pop("card")), books.now)
    account_type = details.pop("account_type") or card["account_type"]
    token = row["payment_method_token"]
    # Left out where there is none: the SDK makes an object even of nothing.
    risk = details.pop("risk_data")
    return {
        **({"risk_data": risk} if risk else {}),
        "id": row["id"],
        "global_id": global_id("verification", row["id"]),
        "status": row["status"],
        "amount": amounts.show(row["amount"]),
        "created_at": to_time(row["created_at"]),
        "updated_at": to_time(row["created_at"]),
        "billing": {"id": None, **details.pop("billing")},
        "credit_card": {
            "token": token,
            "global_id": global_id("paymentmethod_cc", token) if token else None,
            **card,
            "account_type": account_type,
        },
        **details,
    }
