"""Custom fields of customers and transactions, which a merchant registers before they can be used."""

from __future__ import annotations

from typing import NamedTuple

from .books import Books
from .params import Params
from .validation import Errors

MAX_LENGTH = 255


class CustomFieldCodes(NamedTuple):
    """The validation codes of custom fields of one kind of object."""

    invalid: str
    too_long: str


def read(books: Books, params: Params, codes: CustomFieldCodes, errors: Errors) -> dict[str, str | None]:
    """Return the custom fields that a request mentions; add an error for each that is not acceptable."""
    section = params.section("custom_fields")
    fields = section.texts(*section.values)
    unknown = [name for name in fields if name not in books.merchant.custom_fields]
    if unknown:
        text = f"Custom field is invalid: {', '.join(unknown)}."
        errors.add("custom_fields", codes.invalid, text)
    for name, value in fields.items():
        if name not in unknown and len(value or "") > MAX_LENGTH:
            errors.add("custom_fields", codes.too_long, f"{name} is too long.")
    return fields
