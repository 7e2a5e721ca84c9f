"""Merchants from a JSON file: a list of objects, each with the names and values of Merchant.

An object needs nothing but an ``id``; its keys are then ``<id>_public_key`` and ``<id>_private_key``, and
all else is as with the merchants of the development gateway::

    [{"id": "shop", "accounts": {"euro": "EUR"}, "rejects_cvv": true, "duplicate_window": 30}]
"""

from __future__ import annotations

import json
import os
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from .errors import BooksError
from .merchants import Merchant, Trait

_NAMES = tuple(field.name for field in fields(Merchant))
_TEXTS = ("id", "public_key", "private_key", "fraud_service")
_SWITCHES = ("shifts_liability", "rejects_avs", "rejects_cvv", "rejects_duplicates")


def read(path: str | os.PathLike[str]) -> tuple[Merchant, ...]:
    """Return the merchants in a file. Raises BooksError if it cannot be read, or makes no sense."""
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BooksError(f"The file of merchants {path} cannot be read: {error}.") from error
    if not isinstance(given, list) or not given:
        raise BooksError(f"The file of merchants {path} must hold a list of objects, one at least.")
    try:
        return tuple(_read(one) for one in given)
    except ValueError as error:
        raise BooksError(f"The file of merchants {path} is wrong: {error}.") from error


def _read(given: Any) -> Merchant:
    if not isinstance(given, dict) or not given.get("id"):
        raise ValueError('each merchant is an object with an "id"')
    unknown = sorted(given.keys() - set(_NAMES))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not known; say any of {', '.join(_NAMES)}")
    own_id = given["id"]
    values: dict[str, Any] = {"public_key": f"{own_id}_public_key", "private_key": f"{own_id}_private_key"}
    values.update({name: _value(name, value) for name, value in given.items()})
    return Merchant(**values)


def _value(name: str, value: Any) -> Any:
    if name in _TEXTS and isinstance(value, str):
        return value
    if name in _SWITCHES and isinstance(value, bool):
        return value
    if name == "accounts" and _is_texts(value, dict) and value:
        return value
    if name == "custom_fields" and _is_texts(value, list):
        return tuple(value)
    if name == "traits" and isinstance(value, dict) and all(_are_traits(given) for given in value.values()):
        return {account: frozenset(given) for account, given in value.items()}
    if name == "duplicate_window" and type(value) in (int, float):
        return timedelta(seconds=value)
    if name == "decline_limit" and (value is None or type(value) is int):
        return value
    raise ValueError(f"{name} cannot be {json.dumps(value)}")


def _is_texts(value: Any, kind: type) -> bool:
    texts = value.values() if isinstance(value, dict) else value
    return isinstance(value, kind) and all(isinstance(text, str) for text in texts)


def _are_traits(given: Any) -> bool:
    return isinstance(given, list) and all(trait in Trait.ALL for trait in given)
