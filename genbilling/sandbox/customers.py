"""The endpoints of customers."""

from __future__ import annotations

import json
import re
from typing import Any

from braintree import ErrorCodes

from . import addresses, card_requests, payment_methods, vault
from .books import Books, global_id, to_time
from .card_requests import CardRequest
from .errors import NotFoundError
from .exchange import EMPTY, Reply, Request
from .params import Params
from .validation import Errors, InvalidError

_CODES = ErrorCodes.Customer

FIELDS = ("first_name", "last_name", "company", "email", "phone", "fax", "website")
_TOO_LONG = {
    "first_name": _CODES.FirstNameIsTooLong,
    "last_name": _CODES.LastNameIsTooLong,
    "company": _CODES.CompanyIsTooLong,
    "email": _CODES.EmailIsTooLong,
    "phone": _CODES.PhoneIsTooLong,
    "fax": _CODES.FaxIsTooLong,
    "website": _CODES.WebsiteIsTooLong,
}


def create(books: Books, request: Request) -> Reply:
    """Make a customer, with a card if the request brings one."""
    params = request.section("customer")
    errors = Errors()
    here = errors.under("customer")
    check_id(books, params.text("id"), here)
    fields = read_fields(params, here)
    wanted = _read_card(books, params, here, None)
    errors.raise_if_any()
    verification = card_requests.verify(books, wanted) if wanted else None
    if verification and verification.failure:
        return payment_methods.refused_verification(books, request, verification)
    customer_id = insert(books, params.text("id"), fields, _custom_fields(params))
    if wanted:
        card_requests.keep(books, customer_id, wanted, verification)
    return Reply(201, "customer", show(books, customer_id))


def find(books: Books, request: Request) -> Reply:
    """Show a customer."""
    return Reply(200, "customer", show(books, request.ids[0]))


def update(books: Books, request: Request) -> Reply:
    """Change a customer; add a card, or change the one that is named, if the request brings one."""
    customer_id = request.ids[0]
    load(books, customer_id)
    params = request.section("customer")
    errors = Errors()
    here = errors.under("customer")
    new_id = params.text("id") or customer_id
    if new_id != customer_id:
        check_id(books, new_id, here)
    fields = read_fields(params, here)
    existing = params.section("credit_card").section("options").text("update_existing_token")
    keep_card = _change_card if existing else _add_card
    refusal = keep_card(books, request, here)
    if refusal:
        return refusal
    _choose_default(books, customer_id, params.text("default_payment_method_token"), here)
    _write(books, customer_id, new_id, fields, _custom_fields(params))
    return Reply(200, "customer", show(books, new_id))


def delete(books: Books, request: Request) -> Reply:
    """Forget a customer with all cards and addresses. Transactions stay."""
    load(books, request.ids[0])
    books.run("DELETE FROM customers WHERE id = ?", [request.ids[0]])
    return EMPTY


def check_id(books: Books, customer_id: str | None, errors: Errors) -> None:
    """Add an error if the id cannot be given to a new customer."""
    if customer_id is None:
        return
    if len(customer_id) > 36:
        errors.add("id", _CODES.IdIsTooLong)
    elif not re.fullmatch(r"[A-Za-z0-9_-]+", customer_id):
        errors.add("id", _CODES.IdIsInvalid)
    elif customer_id in ("all", "new"):
        errors.add("id", _CODES.IdIsNotAllowed)
    elif books.holds("customers", "id", customer_id):
        errors.add("id", _CODES.IdIsInUse)


def read_fields(params: Params, errors: Errors) -> dict[str, str | None]:
    """Return the fields the request mentions; add an error for each that is not acceptable."""
    fields = params.given(*FIELDS)
    for name, code in _TOO_LONG.items():
        if len(fields.get(name) or "") > 255:
            errors.add(name, code)
    email = fields.get("email")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        errors.add("email", _CODES.EmailIsInvalid)
    return fields


def insert(
    books: Books,
    customer_id: str | None,
    fields: dict[str, str | None],
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
    details["custom_fields"] = details["custom_fields"] or ""
    return {
        "id": customer_id,
        "global_id": global_id("customer", customer_id),
        "merchant_id": books.merchant.id,
        **details,
        "created_at": to_time(row["created_at"]),
        "updated_at": to_time(row["updated_at"]),
        "credit_cards": vault.show_all(books, customer_id),
        "addresses": addresses.show_all(books, customer_id),
    }


def _row(books: Books, customer_id: str) -> Any:
    row = books.one("SELECT * FROM customers WHERE id = ?", [customer_id])
    if row is None:
        raise NotFoundError(f"There is no customer with the id {customer_id!r}.")
    return row


def _read_card(books: Books, params: Params, errors: Errors, customer_id: str | None) -> CardRequest | None:
    card = dict(params.section("credit_card").values)
    nonce = params.text("payment_method_nonce")
    if nonce is not None:
        card["payment_method_nonce"] = nonce
    if not card:
        return None
    return card_requests.read_new(books, Params(card), errors.under("credit_card"), customer_id)


def _add_card(books: Books, request: Request, errors: Errors) -> Reply | None:
    customer_id = request.ids[0]
    wanted = _read_card(books, request.section("customer"), errors, customer_id)
    errors.raise_if_any()
    if wanted is None:
        return None
    verification = card_requests.verify(books, wanted)
    if verification and verification.failure:
        return payment_methods.refused_verification(books, request, verification)
    card_requests.keep(books, customer_id, wanted, verification)
    return None


def _change_card(books: Books, request: Request, errors: Errors) -> Reply | None:
    params = request.section("customer").section("credit_card")
    here = errors.under("credit_card")
    kept = vault.find(books, params.section("options").text("update_existing_token") or "")
    if kept is None or kept.customer_id != request.ids[0]:
        code = ErrorCodes.CreditCard.Options.UpdateExistingTokenIsInvalid
        here.under("options").add("update_existing_token", code)
        raise InvalidError(errors)
    wanted = card_requests.read_change(books, kept, params, here)
    verification = card_requests.verify(books, wanted)
    if verification and verification.failure:
        return payment_methods.refused_verification(books, request, verification)
    payment_methods.apply_change(books, kept, params, wanted, verification)
    return None


def _choose_default(books: Books, customer_id: str, token: str | None, errors: Errors) -> None:
    if token is None:
        return
    kept = vault.find(books, token)
    if kept is None or kept.customer_id != customer_id:
        errors.add("default_payment_method_token", ErrorCodes.CreditCard.TokenInvalid)
        raise InvalidError(errors)
    vault.choose_default(books, customer_id, token)


def _custom_fields(params: Params) -> dict[str, str | None]:
    section = params.section("custom_fields")
    return section.texts(*section.values)


def _write(
    books: Books,
    customer_id: str,
    new_id: str,
    fields: dict[str, str | None],
    custom_fields: dict[str, str | None],
) -> None:
    details = load(books, customer_id)
    details.update(fields, custom_fields={**details["custom_fields"], **custom_fields})
    books.run(
        "UPDATE customers SET id = ?, details = ?, updated_at = ? WHERE id = ?",
        [new_id, json.dumps(details), books.today, customer_id],
    )
