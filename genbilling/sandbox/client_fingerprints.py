"""Authorization fingerprints: what a client token lets a browser do, signed so that none need be kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from datetime import timedelta
from typing import Any

from .books import Books

LIFETIME = timedelta(hours=24)

_HEADER = {"typ": "JWT", "alg": "HS256"}


def make(books: Books, options: dict[str, Any]) -> str:
    """Return a fingerprint that carries the options and is good for a day."""
    claims = {
        "exp": int((books.now + LIFETIME).timestamp()),
        "jti": str(uuid.uuid4()),
        "sub": books.merchant.id,
        "iss": "genbilling.sandbox",
        "merchant": {"public_id": books.merchant.id, "verify_card_by_default": False},
        "rights": ["manage_vault"],
        "scope": ["Braintree:Vault", "Braintree:ClientSDK"],
        "options": options,
    }
    signed = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(books, signed)}"


def read(books: Books, fingerprint: str) -> dict[str, Any] | None:
    """Return the options of a fingerprint, or None if it is not one of this merchant's that is still good."""
    # Something after a question mark is no part of what was signed.
    signed, _, signature = fingerprint.partition("?")[0].rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(books, signed).encode()):
        return None
    claims = json.loads(_decode(signed.partition(".")[2]))
    # Merchants may have the same keys.
    if claims["sub"] != books.merchant.id or claims["exp"] < books.now.timestamp():
        return None
    options: dict[str, Any] = claims["options"]
    return options


def _signature(books: Books, signed: str) -> str:
    key = b"client token " + books.merchant.private_key.encode()
    return _encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
