"""Sales with a card that the merchant keeps, or will keep, in a vault elsewhere."""

from __future__ import annotations

import re

from braintree import ErrorCodes

from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction.ExternalVault

# Codes that the SDK has in error_codes.py (4.48), but not in its type hints.
_STATUS_WITH_LINK_ID, _LINK_ID_IS_INVALID = "915278", "915279"

_WILL_VAULT, _VAULTED = "will_vault", "vaulted"
_LINK_ID = "previous_mastercard_transaction_link_id"


def check(params: Params, errors: Errors) -> None:
    """Add an error for each part of ``external_vault`` that is not acceptable."""
    section = params.section("external_vault")
    status, previous = section.text("status"), section.text("previous_network_transaction_id")
    link = section.text(_LINK_ID)
    here = errors.under("external_vault")
    if section.values and status not in (_WILL_VAULT, _VAULTED):
        here.add("status", _CODES.StatusIsInvalid)
        return
    if status == _WILL_VAULT and previous is not None:
        here.add("status", _CODES.StatusWithPreviousNetworkTransactionIdIsInvalid)
    elif previous is not None and not re.fullmatch(r"[A-Za-z0-9]{9,15}\d*", previous):
        here.add("previous_network_transaction_id", _CODES.PreviousNetworkTransactionIdIsInvalid)
    if status == _WILL_VAULT and link is not None:
        here.add("status", _STATUS_WITH_LINK_ID)
    elif link is not None and not re.fullmatch(r"[A-Za-z0-9-]{1,36}", link):
        here.add(_LINK_ID, _LINK_ID_IS_INVALID)
