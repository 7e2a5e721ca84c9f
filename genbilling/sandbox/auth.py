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


def admit(merchant: Merchant, path: str, headers: Mapping[str, str | bytes]) -> str:
    """Return the path below the merchant's own.

    The path may be a whole URL; its query is dropped. Raises NotFoundError for a path of no merchant, and
    UnauthorizedError for another merchant or wrong keys: who does not have the keys learns nothing about
    which merchants there are.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise NotFoundError(f"There is no {path}.")
    key, secret = _keys(headers)
    # All are compared, so that the time it takes tells nothing.
    fits = [
        hmac.compare_digest(match[1].encode(), merchant.id.encode()),
        hmac.compare_digest(key, merchant.public_key.encode()),
        hmac.compare_digest(secret, merchant.private_key.encode()),
    ]
    if not all(fits):
        raise UnauthorizedError("The merchant id or the keys are wrong.")
    return match[2]


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
