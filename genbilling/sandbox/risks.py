"""Risk: what a sale tells about its customer, and what a fraud service makes of the card."""

from __future__ import annotations

import re
import secrets
from typing import Any

from braintree import ErrorCodes, Transaction

from . import card_numbers
from .cards import Card
from .merchants import Merchant
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.RiskData
_REASON = Transaction.GatewayRejectionReason

_CHECKED = ("customer_device_id", "customer_location_zip", "customer_tenure")

# The cards that Braintree's fraud tools reject in the sandbox.
_REJECTED = {
    card_numbers.fingerprint("4000111111111511"): _REASON.Fraud,
    card_numbers.fingerprint("4111130000000003"): _REASON.RiskThreshold,
}


def check(params: Params, errors: Errors) -> None:
    """Add an error for each part of the risk data that is not acceptable. None of it is shown again."""
    given = params.section("risk_data").texts(
        "customer_device_id", "customer_location_zip", "customer_tenure"
    )
    here = errors.under("risk_data")
    if len(given["customer_device_id"] or "") > 255:
        here.add("customer_device_id", _CODES.CustomerDeviceIdIsTooLong)
    if len(given["customer_tenure"] or "") > 255:
        here.add("customer_tenure", _CODES.CustomerTenureIsTooLong)
    code = given["customer_location_zip"]
    if code is None:
        return
    if not re.fullmatch(r"[A-Za-z0-9 -]+", code):
        here.add("customer_location_zip", _CODES.CustomerLocationZipInvalidCharacters)
    elif len(code) > 10:
        here.add("customer_location_zip", _CODES.CustomerLocationZipIsTooLong)
    elif not re.search(r"[A-Za-z0-9]", code):
        here.add("customer_location_zip", _CODES.CustomerLocationZipIsInvalid)


def rejection(merchant: Merchant, card: Card) -> str:
    """Return why the merchant's fraud service rejects a card, or empty text."""
    return _REJECTED.get(card.fingerprint, "") if merchant.fraud_service else ""


def judgement(merchant: Merchant, params: Params, reason: str | None) -> dict[str, Any] | None:
    """Return what the fraud service says of a sale that was rejected for a reason, or was not.

    None where there is no such service, or the sale went past it.
    """
    if not merchant.fraud_service or params.section("options").flag("skip_advanced_fraud_checking"):
        return None
    rejected = reason in (_REASON.Fraud, _REASON.RiskThreshold)
    said: dict[str, Any] = {
        "id": secrets.token_hex(6).upper(),
        "decision": "Decline" if rejected else "Approve",
        "device_data_captured": any(params.text(name) for name in ("device_data", "device_session_id")),
        "fraud_service_provider": merchant.fraud_service,
    }
    if merchant.fraud_service != "kount":
        said["decision_reasons"] = ["Stolen card"] if rejected else []
        said["transaction_risk_score"] = "97" if rejected else "1"
    if merchant.shifts_liability:
        said["liability_shift"] = {"responsible_party": "paypal", "conditions": ["unauthorized"]}
    return said
