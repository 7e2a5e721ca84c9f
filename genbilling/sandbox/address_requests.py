"""The endpoints of a customer's addresses."""

from __future__ import annotations

from braintree import ErrorCodes

from . import addresses
from .books import Books
from .errors import NotFoundError
from .exchange import EMPTY, Reply, Request
from .validation import Errors

_CODES = ErrorCodes.Address


def create(books: Books, request: Request) -> Reply:
    """Keep a new address of a customer."""
    (customer_id,) = request.ids
    if not books.holds("customers", "id", customer_id):
        raise NotFoundError(f"There is no customer with the id {customer_id!r}.")
    errors = Errors()
    here = errors.under("address")
    fields = addresses.read(request.section("address"), here)
    if not any(fields.values()) and not errors:
        here.add("base", _CODES.CannotBeBlank)
    if addresses.is_full(books, customer_id):
        here.add("base", _CODES.TooManyAddressesPerCustomer)
    errors.raise_if_any()
    address_id = addresses.insert(books, customer_id, fields)
    return Reply(201, "address", addresses.show(books, address_id))


def find(books: Books, request: Request) -> Reply:
    """Show an address."""
    return Reply(200, "address", addresses.show(books, _known(books, request)))


def update(books: Books, request: Request) -> Reply:
    """Change what the request mentions of an address."""
    address_id = _known(books, request)
    errors = Errors()
    here = errors.under("address")
    fields = addresses.read(request.section("address"), here)
    if not any({**addresses.fields_of(books, address_id), **fields}.values()) and not errors:
        here.add("base", _CODES.CannotBeBlank)
    errors.raise_if_any()
    addresses.update(books, address_id, fields)
    return Reply(200, "address", addresses.show(books, address_id))


def delete(books: Books, request: Request) -> Reply:
    """Forget an address."""
    addresses.delete(books, _known(books, request))
    return EMPTY


def _known(books: Books, request: Request) -> str:
    customer_id, address_id = request.ids
    if not addresses.belongs(books, address_id, customer_id):
        raise NotFoundError(f"The customer {customer_id!r} has no address {address_id!r}.")
    return address_id
