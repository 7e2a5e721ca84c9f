"""The bank's side: what it answers to an amount, a card, an address and a CVV."""

from __future__ import annotations

from dataclasses import dataclass

from braintree import Transaction

from .addresses import Fields
from .amounts import show
from .declines import text_for, type_for

_STATUS = Transaction.Status
_REASON = Transaction.GatewayRejectionReason


@dataclass(frozen=True)
class Outcome:
    """The answer to an authorization, a refund or a verification."""

    status: str
    code: str | None = None
    text: str | None = None
    type: str | None = None
    additional: str | None = None
    rejection: str | None = None

    @property
    def is_approved(self) -> bool:
        """Whether the bank said yes, and the gateway let it be."""
        return self.type == "approved" and self.rejection is None


APPROVED = Outcome(_STATUS.Authorized, "1000", "Approved", "approved")
PARTLY_APPROVED = Outcome(_STATUS.Authorized, "1004", "Approved for Lesser Amount", "approved")
REFUNDED = Outcome(_STATUS.SubmittedForSettlement, "1002", "Processed", "approved")


def authorize(amount: int, *, refusal: str = "", accepts_part: bool = False) -> Outcome:
    """Return the answer to a sale of an amount in cents.

    ``refusal`` is what the card itself provokes, and goes before the amount.
    """
    if refusal:
        return refuse(refusal)
    units = amount // 100
    if 2000 <= units <= 2999:
        return refuse(str(units))
    if units == 3000:
        return refuse("3000")
    if units == 5001:
        return refuse(_REASON.ApplicationIncomplete)
    if accepts_part and show(amount) == "1004.00":
        return PARTLY_APPROVED
    return APPROVED


def authorize_refund(amount: int) -> Outcome:
    """Return the answer to a refund. A soft decline does not stop one: it is sent to settle all the same."""
    units = amount // 100
    if not 2000 <= units <= 2999:
        return REFUNDED
    refused = refuse(str(units))
    if refused.type == "hard_declined":
        return refused
    return Outcome(
        _STATUS.SubmittedForSettlement, refused.code, refused.text, refused.type, refused.additional
    )


def refuse(refusal: str) -> Outcome:
    """Return the refusal that a processor's code, or a reason of the gateway, stands for."""
    if not refusal.isdigit():
        return Outcome(_STATUS.GatewayRejected, rejection=refusal)
    text = text_for(refusal)
    status = _STATUS.Failed if refusal == "3000" else _STATUS.ProcessorDeclined
    return Outcome(status, refusal, text, type_for(refusal), f"{refusal} : {text}")


def cvv_answer(cvv: str | None, *, skipped: bool = False) -> str:
    """Return M for a match, N for none, U for not verified, S for no participation, I for not given.

    B where it was not to be looked at.
    """
    if skipped:
        return "B"
    if not cvv:
        return "I"
    return {"200": "N", "201": "U", "301": "S"}.get(cvv, "M")


def avs_answers(billing: Fields, *, skipped: bool = False) -> dict[str, str | None]:
    """Return how the billing address compares with the bank's: street, postal code, and an error."""
    if skipped:
        return {
            "avs_error_response_code": None,
            "avs_postal_code_response_code": "B",
            "avs_street_address_response_code": "B",
        }
    street, postal_code = billing.get("street_address"), billing.get("postal_code")
    return {
        "avs_error_response_code": {"30000": "E", "30001": "S"}.get(postal_code or ""),
        "avs_postal_code_response_code": _avs_answer(postal_code),
        "avs_street_address_response_code": _avs_answer((street or "").partition(" ")[0]),
    }


def _avs_answer(value: str | None) -> str:
    if not value:
        return "I"
    return {"200": "N", "20000": "N", "201": "U", "20001": "U"}.get(value, "M")
