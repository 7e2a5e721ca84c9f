"""Addresses: reading one, keeping it with a customer, showing it."""

from __future__ import annotations

import json
from typing import Any

from braintree import ErrorCodes

from .books import Books, to_time
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Address

FIELDS = (
    "first_name",
    "last_name",
    "company",
    "street_address",
    "extended_address",
    "locality",
    "region",
    "postal_code",
    "country_code_alpha2",
    "country_code_alpha3",
    "country_code_numeric",
    "country_name",
    "phone_number",
)

_TOO_LONG = {
    "first_name": _CODES.FirstNameIsTooLong,
    "last_name": _CODES.LastNameIsTooLong,
    "company": _CODES.CompanyIsTooLong,
    "street_address": _CODES.StreetAddressIsTooLong,
    "extended_address": _CODES.ExtendedAddressIsTooLong,
    "locality": _CODES.LocalityIsTooLong,
    "region": _CODES.RegionIsTooLong,
}

Fields = dict[str, str | None]
EMPTY: Fields = dict.fromkeys(FIELDS)


def read(params: Params, errors: Errors) -> Fields:
    """Return the fields that the request mentions; add an error for each that is not acceptable."""
    fields = params.given(*FIELDS)
    for name, code in _TOO_LONG.items():
        if len(fields.get(name) or "") > 255:
            errors.add(name, code)
    postal_code = (fields.get("postal_code") or "").replace(" ", "").replace("-", "")
    if len(postal_code) > 9 or not (postal_code.isalnum() or not postal_code):
        errors.add("postal_code", _CODES.PostalCodeInvalidCharacters)
    return fields


def insert(books: Books, customer_id: str, fields: Fields) -> str:
    """Keep a new address of a customer; return its id."""
    address_id = books.fresh_id("addresses", length=4)
    books.insert(
        "addresses",
        id=address_id,
        customer_id=customer_id,
        created_at=books.today,
        updated_at=books.today,
        details={**EMPTY, **fields},
    )
    return address_id


def update(books: Books, address_id: str, fields: Fields) -> None:
    """Change the given fields of an address."""
    details = {**_details(books, address_id), **fields}
    books.run(
        "UPDATE addresses SET details = ?, updated_at = ? WHERE id = ?",
        [json.dumps(details), books.today, address_id],
    )


def belongs(books: Books, address_id: str, customer_id: str) -> bool:
    """Return whether the customer has an address of that id."""
    row = books.one("SELECT 1 FROM addresses WHERE id = ? AND customer_id = ?", [address_id, customer_id])
    return row is not None


def fields_of(books: Books, address_id: str | None) -> Fields:
    """Return the fields of an address, all None where there is no address."""
    return EMPTY if address_id is None else _details(books, address_id)


def show(books: Books, address_id: str) -> dict[str, Any]:
    """Return the elements of an address."""
    return _shown(books.one("SELECT * FROM addresses WHERE id = ?", [address_id]))


def show_all(books: Books, customer_id: str) -> list[dict[str, Any]]:
    """Return the elements of every address of a customer."""
    rows = books.all("SELECT * FROM addresses WHERE customer_id = ? ORDER BY number", [customer_id])
    return [_shown(row) for row in rows]


def _details(books: Books, address_id: str) -> Fields:
    row = books.one("SELECT details FROM addresses WHERE id = ?", [address_id])
    details: Fields = json.loads(row["details"]) if row else EMPTY
    return details


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "customer_id": row["customer_id"],
        **json.loads(row["details"]),
        "created_at": to_time(row["created_at"]),
        "updated_at": to_time(row["updated_at"]),
    }
