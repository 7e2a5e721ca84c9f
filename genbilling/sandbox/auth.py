"""Letting requests in: the merchant in the path, and the keys in the Authorization header."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping

from .errors import NotFoundError, UnauthorizedError
from .merchants import Merchant

_PATH = re.compile(r"(?:https?://[^/?#]+)?/merchants/([^/?#]+)(/[^?#]*)(?:[?#].*)?", re.DOTALL)
_NOBODY = Merchant("", "", "")


def admit(
    merchants: Mapping[str, Merchant], path: str, headers: Mapping[str, str | bytes]
) -> tuple[Merchant, str]:
    """Return the merchant that calls, and the path below the merchant's own.

    The path may be a whole URL; its query is dropped. Raises NotFoundError for a path of no merchant, and
    UnauthorizedError for an unknown merchant or wrong keys: who does not have the keys learns nothing
    about which merchants there are.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise NotFoundError(f"There is no {path}.")
    key, secret = _keys(headers)
    merchant = merchants.get(match[1], _NOBODY)
    # Both are compared, so that the time it takes tells nothing.
    fits = [
        hmac.compare_digest(key, merchant.public_key.encode()),
        hmac.compare_digest(secret, merchant.private_key.encode()),
    ]
    if merchant is _NOBODY or not all(fits):
        raise UnauthorizedError("The merchant id or the keys are wrong.")
    return merchant, match[2]


def merchant_in(merchants: Mapping[str, Merchant], path: str) -> Merchant:
    """Return the merchant that a path names, without a look at any keys. Raises NotFoundError."""
    match = _PATH.fullmatch(path)
    if match is None or match[1] not in merchants:
        raise NotFoundError(f"There is no {path}.")
    return merchants[match[1]]


def _keys(headers: Mapping[str, str | bytes]) -> tuple[bytes, bytes]:
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    text = given if isinstance(given, bytes) else given.encode("latin-1", "replace")
    kind, _, encoded = text.partition(b" ")
    if kind.lower() != b"basic":
        raise UnauthorizedError("The request has no Basic authorization.")
    try:
        key, _, secret = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except binascii.Error as error:
        raise UnauthorizedError("The authorization is not base64.") from error
    return key, secret
