"""Customers in the books: reading one from a request, keeping it, showing it."""

from __future__ import annotations

import json
import re
from typing import Any

from braintree import ErrorCodes

from . import addresses, new_ids, vault
from .books import Books, global_id, to_time
from .custom_fields import CustomFieldCodes
from .errors import NotFoundError
from .new_ids import IdCodes
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Customer
CUSTOM_FIELDS = CustomFieldCodes(_CODES.CustomFieldIsInvalid, _CODES.CustomFieldIsTooLong)
_ID_CODES = IdCodes(
    too_long=_CODES.IdIsTooLong,
    invalid=_CODES.IdIsInvalid,
    reserved=_CODES.IdIsNotAllowed,
    in_use=_CODES.IdIsInUse,
)

_TOO_LONG = {
    "first_name": _CODES.FirstNameIsTooLong,
    "last_name": _CODES.LastNameIsTooLong,
    "company": _CODES.CompanyIsTooLong,
    "email": _CODES.EmailIsTooLong,
    "phone": _CODES.PhoneIsTooLong,
    "fax": _CODES.FaxIsTooLong,
    "website": _CODES.WebsiteIsTooLong,
}
FIELDS = (*_TOO_LONG, "international_phone")

# Other means of payment, of which nobody has any here.
_OTHER_METHODS = (
    "amex_express_checkout_cards",
    "android_pay_cards",
    "apple_pay_cards",
    "europe_bank_accounts",
    "masterpass_cards",
    "paypal_accounts",
    "samsung_pay_cards",
    "sepa_debit_accounts",
    "us_bank_accounts",
    "venmo_accounts",
    "visa_checkout_cards",
)


def check_id(books: Books, customer_id: str | None, errors: Errors) -> None:
    """Add an error if the id cannot be given to a new customer."""
    new_ids.check(books, "customers", "id", customer_id, _ID_CODES, errors)


def read_fields(params: Params, errors: Errors) -> dict[str, Any]:
    """Return the fields the request mentions; add an error for each that is not acceptable."""
    fields: dict[str, Any] = {**params.given(*_TOO_LONG)}
    for name, code in _TOO_LONG.items():
        if len(fields.get(name) or "") > 255:
            errors.add(name, code)
    email = fields.get("email")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        errors.add("email", _CODES.EmailIsInvalid)
    website = fields.get("website")
    if website and (re.search(r"\s", website) or "." not in website):
        errors.add("website", _CODES.WebsiteIsInvalid)
    phone = params.section("international_phone")
    if phone.values:
        fields["international_phone"] = _read_phone(phone, errors.under("international_phone"))
    return fields


def _read_phone(phone: Params, errors: Errors) -> dict[str, str | None]:
    parts = phone.texts("country_code", "national_number")
    if not re.fullmatch(r"[+]?[0-9]{1,4}", parts["country_code"] or ""):
        errors.add("country_code", _CODES.InternationalPhoneCountryCodeIsInvalid)
    if not re.fullmatch(r"[0-9 ().-]{1,20}", parts["national_number"] or ""):
        errors.add("national_number", _CODES.InternationalPhoneNationalNumberIsInvalid)
    return parts


def insert(
    books: Books,
    customer_id: str | None,
    fields: dict[str, Any],
    custom_fields: dict[str, str | None] | None = None,
) -> str:
    """Keep a new customer; return its id."""
    # Made ids are numbers, as Braintree's are.
    customer_id = customer_id or "1" + books.fresh_id("customers", length=10, letters="0123456789")
    books.insert(
        "customers",
        id=customer_id,
        created_at=books.today,
        updated_at=books.today,
        details={**dict.fromkeys(FIELDS), **fields, "custom_fields": custom_fields or {}},
    )
    return customer_id


def load(books: Books, customer_id: str) -> dict[str, Any]:
    """Return the fields of a customer, custom fields among them. Raises NotFoundError."""
    details: dict[str, Any] = json.loads(_row(books, customer_id)["details"])
    return details


def show(books: Books, customer_id: str) -> dict[str, Any]:
    """Return the elements of a customer. Raises NotFoundError."""
    row = _row(books, customer_id)
    details = json.loads(row["details"])
    # Empty text where there are none, as Braintree has it.
    details["custom_fields"] = {
        name: value for name, value in details["custom_fields"].items() if value is not None
    } or ""
    return {
        "id": customer_id,
        "global_id": global_id("customer", customer_id),
        "merchant_id": books.merchant.id,
        **dict.fromkeys(FIELDS),
        **details,
        "created_at": to_time(row["created_at"]),
        "updated_at": to_time(row["updated_at"]),
        "credit_cards": vault.show_all(books, customer_id),
        "addresses": addresses.show_all(books, customer_id),
        **{name: [] for name in _OTHER_METHODS},
    }


def exists(books: Books, customer_id: str) -> bool:
    """Return whether there is a customer with that id."""
    return books.holds("customers", "id", customer_id)


def change(
    books: Books,
    customer_id: str,
    new_id: str,
    fields: dict[str, Any],
    custom_fields: dict[str, str | None],
) -> None:
    """Change the given fields of a customer, and its id if the new one is another."""
    details = load(books, customer_id)
    details.update(fields, custom_fields={**details["custom_fields"], **custom_fields})
    books.run(
        "UPDATE customers SET id = ?, details = ?, updated_at = ? WHERE id = ?",
        [new_id, json.dumps(details), books.today, customer_id],
    )


def delete(books: Books, customer_id: str) -> None:
    """Forget a customer with all cards and addresses. Transactions stay."""
    books.run("DELETE FROM customers WHERE id = ?", [customer_id])


def _row(books: Books, customer_id: str) -> Any:
    row = books.one("SELECT * FROM customers WHERE id = ?", [customer_id])
    if row is None:
        raise NotFoundError(f"There is no customer with the id {customer_id!r}.")
    return row
