"""What a merchant passes on with a verification: of 3D Secure, and of a vault, that are elsewhere."""

from __future__ import annotations

import re

from braintree import ErrorCodes

from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Verification.ThreeDSecurePassThru
# Codes that the SDK has in error_codes.py (4.48), but not in its type hints.
_STATUS_WITH_LINK_ID, _LINK_ID_IS_INVALID = "942205", "942206"

ECI_FLAGS = ("00", "01", "02", "05", "06", "07")
# With these the cardholder was authenticated, or that was tried; a value of the issuer proves it.
_CLAIMS = ("01", "02", "05", "06")
_CHOICES = {
    "authentication_response": (("Y", "N", "U", "A"), _CODES.AuthenticationResponseIsInvalid),
    "directory_response": (("Y", "N", "U"), _CODES.DirectoryResponseIsInvalid),
    "cavv_algorithm": (("0", "1", "2", "3"), _CODES.CavvAlgorithmIsInvalid),
}


def check_vault(params: Params, errors: Errors) -> None:
    """Add errors for a section ``external_vault`` that contradicts itself."""
    section, name = params.section("external_vault"), "previous_mastercard_transaction_link_id"
    given, here = section.text(name), errors.under("external_vault")
    if given is None:
        return
    if section.text("status") == "will_vault":
        here.add("status", _STATUS_WITH_LINK_ID)
    elif not re.fullmatch(r"[A-Za-z0-9-]{1,36}", given):
        here.add(name, _LINK_ID_IS_INVALID)


def check_pass_thru(params: Params, errors: Errors) -> None:
    """Add errors for a section ``three_d_secure_pass_thru`` that is not complete."""
    section = params.section("three_d_secure_pass_thru")
    if not section.values:
        return
    here = errors.under("three_d_secure_pass_thru")
    eci_flag, version = section.text("eci_flag"), section.text("three_d_secure_version")
    if eci_flag is None:
        here.add("eci_flag", _CODES.EciFlagIsRequired)
    elif eci_flag not in ECI_FLAGS:
        here.add("eci_flag", _CODES.EciFlagIsInvalid)
    claims = eci_flag in _CLAIMS
    if claims and section.text("cavv") is None:
        here.add("cavv", _CODES.CavvIsRequired)
    for name, (choices, code) in _CHOICES.items():
        if section.text(name) not in (None, *choices):
            here.add(name, code)
    if claims and version is None:
        here.add("three_d_secure_version", _CODES.ThreeDSecureVersionIsRequired)
    elif version is not None and not re.fullmatch(r"\d+\.\d+\.\d+", version):
        here.add("three_d_secure_version", _CODES.ThreeDSecureVersionIsInvalid)
