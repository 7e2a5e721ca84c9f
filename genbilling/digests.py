"""Digests of rows, by which it shows later that one was changed; and seals, which say what was digested."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

# Of a SHA-256 in hexadecimal; with its version before it a seal leaves out some of the last digits.
LENGTH = 64


def digest(*values: Any) -> str:
    """Return the SHA-256 of `values`: of what JSON has, and moments."""
    # JSON keeps the values apart: "1" and "12" is not "11" and "2".
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=_moment).encode()).hexdigest()


def seal(version: int, *values: Any) -> str:
    """Return the digest of `values` with the version, which says what they are; the first one is not said."""
    return digest(*values) if version == 1 else f"{version}:{digest(*values)}"[:LENGTH]


def version_of(seal: str) -> int:
    """Return the version that a seal says it is of; 0: it is none."""
    version, colon, _ = seal.partition(":")
    if not colon:
        return 1
    return int(version) if version.isascii() and version.isdigit() else 0


def _moment(value: datetime) -> str:
    # Milliseconds: dumpdata keeps no more, and books that were moved with it are not tampered with.
    return value.astimezone(UTC).isoformat(timespec="milliseconds")
