"""Digests of rows, by which it shows later that one was changed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any


def digest(*values: Any) -> str:
    """Return the SHA-256 of `values`: of what JSON has, and moments."""
    # JSON keeps the values apart: "1" and "12" is not "11" and "2".
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=_moment).encode()).hexdigest()


def _moment(value: datetime) -> str:
    # Milliseconds: dumpdata keeps no more, and books that were moved with it are not tampered with.
    return value.astimezone(UTC).isoformat(timespec="milliseconds")
