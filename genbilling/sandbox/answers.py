"""The fields in which a transaction tells what the bank and the gateway said."""

from __future__ import annotations

import os
from typing import Any

from braintree import Transaction

from .processor import Outcome

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_DIGITS = "0123456789"


def fields(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of an outcome; those of the networks are made up."""
    rejected = outcome.status == Transaction.Status.GatewayRejected
    sent_on = outcome.status not in (
        Transaction.Status.GatewayRejected,
        Transaction.Status.ProcessorDeclined,
        Transaction.Status.Failed,
    )
    return {
        "processor_response_code": outcome.code,
        "processor_response_text": outcome.text,
        "processor_response_type": outcome.type,
        "additional_processor_response": outcome.additional,
        "gateway_rejection_reason": outcome.rejection,
        "processor_authorization_code": _random(_CAPITALS, 6) if sent_on else None,
        "network_transaction_id": _random(_DIGITS, 15) if sent_on else None,
        "retrieval_reference_number": _random(_DIGITS, 12) if sent_on else None,
        "network_response_code": None if rejected else "XX",
        "network_response_text": None if rejected else "sample network response text",
        "processor_settlement_response_code": None,
        "processor_settlement_response_text": None,
        "settlement_batch_id": None,
    }


def _random(letters: str, length: int) -> str:
    return "".join(letters[byte % len(letters)] for byte in os.urandom(length))
