"""What Braintree takes as descriptor and custom fields of a sale; ``GENBILLING`` is checked by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter

# Company and product with an asterisk between: 3, 7 or 12 characters before it, 22 in all at most.
_NAME = re.compile(r"(?=.{1,22}$)(?:[^*]{3}|[^*]{7}|[^*]{12})\*[^*]+")
_PHONE = re.compile(r"[0-9().+ -]{10,14}")
_FIELD = re.compile("[a-z0-9_]+")
MAX_URL = 13
MAX_TEXT = 255

# What the text of a custom field may contain.
KNOWN = ("number", "period", "account")


def descriptor_problem(value: object) -> str | None:
    """Return what is wrong with a descriptor, or None."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return 'must be a dict of strings, e.g. {"name": "SHP*monthly plan"}'
    if unknown := value.keys() - {"name", "phone", "url"}:
        names = ", ".join(sorted(map(repr, unknown)))
        return f"must be a dict with no keys but name, phone and url: not {names}"
    if "name" in value and not _NAME.fullmatch(value["name"]):
        return "must be a dict whose name has 22 characters at most, with 3, 7 or 12 of them before a *"
    if "phone" in value and not (
        _PHONE.fullmatch(value["phone"]) and len(re.sub(r"\D", "", value["phone"])) == 10
    ):
        return "must be a dict whose phone has ten digits, in 14 characters at most"
    if "url" in value and not 0 < len(value["url"]) <= MAX_URL:
        return f"must be a dict whose url has {MAX_URL} characters at most"
    return None


def custom_fields_problem(value: object) -> str | None:
    """Return what is wrong with the texts of custom fields, or None."""
    if not isinstance(value, dict) or not all(_is_field(name) for name in value):
        return 'must be a dict whose keys are names of custom fields, e.g. {"invoice_number": "{number}"}'
    if all(isinstance(layout, str) and _is_layout(layout) for layout in value.values()):
        return None
    return "must be a dict of texts of 255 characters at most, with {number}, {period}, {account} in them"


def filled_in(layouts: Mapping[str, str], **known: object) -> dict[str, str]:
    """Return the texts of custom fields, with what is `known` of an invoice in them."""
    return {name: layout.format(**known)[:MAX_TEXT] for name, layout in layouts.items()}


def _is_field(name: object) -> bool:
    return isinstance(name, str) and _FIELD.fullmatch(name) is not None


def _is_layout(layout: str) -> bool:
    try:
        parts = list(Formatter().parse(layout))
    except ValueError:
        return False
    plain = all(name is None or (name in KNOWN and not form and not mark) for _, name, form, mark in parts)
    return plain and len(layout) <= MAX_TEXT
