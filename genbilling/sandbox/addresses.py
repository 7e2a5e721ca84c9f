"""Addresses: reading one, keeping it with a customer, showing it."""

from __future__ import annotations

import json
import re
from typing import Any

from braintree import ErrorCodes

from .books import Books, to_time
from .countries import BY_FIELD
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Address

MAX_PER_CUSTOMER = 50

_COUNTRY = {
    "country_name": _CODES.CountryNameIsNotAccepted,
    "country_code_alpha2": _CODES.CountryCodeAlpha2IsNotAccepted,
    "country_code_alpha3": _CODES.CountryCodeAlpha3IsNotAccepted,
    "country_code_numeric": _CODES.CountryCodeNumericIsNotAccepted,
}
# Field to the codes for what is longer than 255 characters, and for what is no text at all.
_TEXTS = {
    "first_name": (_CODES.FirstNameIsTooLong, _CODES.FirstNameIsInvalid),
    "last_name": (_CODES.LastNameIsTooLong, _CODES.LastNameIsInvalid),
    "company": (_CODES.CompanyIsTooLong, _CODES.CompanyIsInvalid),
    "street_address": (_CODES.StreetAddressIsTooLong, _CODES.StreetAddressIsInvalid),
    "extended_address": (_CODES.ExtendedAddressIsTooLong, _CODES.ExtendedAddressIsInvalid),
    "locality": (_CODES.LocalityIsTooLong, _CODES.LocalityIsInvalid),
    "region": (_CODES.RegionIsTooLong, _CODES.RegionIsInvalid),
}
_PLAIN = (*_TEXTS, "postal_code", *_COUNTRY, "phone_number")
FIELDS = (*_PLAIN, "international_phone")

# Texts, but for the international phone number, which has two parts.
Fields = dict[str, Any]
EMPTY: Fields = dict.fromkeys(FIELDS)


def read(params: Params, errors: Errors) -> Fields:
    """Return the fields that the request mentions; add an error for each that is not acceptable.

    A country that is named in one way comes back named in all four.
    """
    fields: Fields = {**params.given(*_PLAIN)}
    for name, (too_long, invalid) in _TEXTS.items():
        if isinstance(params.values.get(name), dict | list):
            errors.add(name, invalid)
        elif len(fields.get(name) or "") > 255:
            errors.add(name, too_long)
    _check_postal_code(params, errors)
    phone = params.section("international_phone")
    if phone.values:
        fields["international_phone"] = phone.texts("country_code", "national_number")
    return {**fields, **_read_country(params, errors)}


def _check_postal_code(params: Params, errors: Errors) -> None:
    if isinstance(params.values.get("postal_code"), dict | list):
        errors.add("postal_code", _CODES.PostalCodeIsInvalid)
    postal_code = params.text("postal_code") or ""
    if not re.fullmatch(r"[A-Za-z0-9 -]*", postal_code):
        errors.add("postal_code", _CODES.PostalCodeInvalidCharacters)
    elif len(re.sub(r"[ -]", "", postal_code)) > 9:
        errors.add("postal_code", _CODES.PostalCodeIsTooLong)


def _read_country(params: Params, errors: Errors) -> Fields:
    """Return the four country fields where the request mentions one; add an error if they do not agree."""
    mentioned = params.given(*_COUNTRY)
    found = set()
    for name, value in mentioned.items():
        if value is None:
            continue
        country = BY_FIELD[name].get(value.upper() if "alpha" in name else value)
        if country is None:
            errors.add(name, _COUNTRY[name])
        else:
            found.add(country)
    if len(found) > 1:
        errors.add("base", _CODES.InconsistentCountry)
    if not mentioned:
        return {}
    return dict(found.pop()._asdict()) if len(found) == 1 else dict.fromkeys(_COUNTRY)


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


def delete(books: Books, address_id: str) -> None:
    """Forget an address. A card that was billed to it has none then."""
    books.run("DELETE FROM addresses WHERE id = ?", [address_id])


def is_full(books: Books, customer_id: str) -> bool:
    """Return whether the customer has as many addresses as one may have."""
    row = books.one("SELECT count(*) AS many FROM addresses WHERE customer_id = ?", [customer_id])
    return row is not None and row["many"] >= MAX_PER_CUSTOMER


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
        **EMPTY,
        **json.loads(row["details"]),
        "created_at": to_time(row["created_at"]),
        "updated_at": to_time(row["updated_at"]),
    }
