"""API request keys: the same request with the same key is carried out once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from braintree import ErrorCodes

from . import transactions
from .books import Books, to_text
from .exchange import Reply, Request, refused
from .params import Params
from .validation import InvalidError, invalid

_CODES = ErrorCodes.Transaction
_KEY = "api_request_key"

MAX_KEY = 255
LIFETIME = timedelta(days=30)

Handler = Callable[[Books, Request], Reply]


def once(handler: Handler, *, status: int) -> Handler:
    """Return the handler so wrapped that a key is good for one request.

    Under a known key the transaction of the first request is shown as it is now, with ``status``, or as
    declined: a decline is an answer, and has a transaction to show. A request that failed validation has
    none; its key is used up all the same, and says so from then on: whoever sends it again learns that
    nothing was charged, and that this key never will. An id that is not there (404) leaves the key free.

    The key is written in the database transaction that writes the transaction, and requests that write
    take turns, so neither can be there without the other, and no key is ever seen in flight.
    """

    def answer(books: Books, request: Request) -> Reply:
        key = request.section("transaction").text(_KEY)
        if key is None:
            return handler(books, request)
        if len(key) > MAX_KEY:
            raise invalid(("transaction",), _KEY, _CODES.ApiRequestKeyTooLong)
        earlier = _earlier(books, key, request)
        if earlier is not None:
            return transactions.reply(books, request, earlier, status=status)
        reply = _carry_out(handler, books, request)
        books.run(
            "INSERT OR REPLACE INTO request_keys VALUES (?, ?, ?, ?)",
            [key, _fingerprint(request), reply.transaction_id, books.today],
        )
        return reply

    return answer


def keyless(handler: Handler) -> Handler:
    """Return the handler of a transaction endpoint so wrapped that it refuses a key."""

    def answer(books: Books, request: Request) -> Reply:
        if _KEY in Params(request.body):
            raise invalid(("transaction",), _KEY, _CODES.ApiRequestKeyNotAllowed)
        return handler(books, request)

    return answer


def _carry_out(handler: Handler, books: Books, request: Request) -> Reply:
    """Return the handler's reply; after a validation error all that it wrote is undone, but no more."""
    books.run("SAVEPOINT keyed")
    try:
        return handler(books, request)
    except InvalidError as error:
        books.run("ROLLBACK TO keyed")
        return refused(request, error.errors.message, error.errors)
    finally:
        books.run("RELEASE keyed")


def _earlier(books: Books, key: str, request: Request) -> str | None:
    """Return the transaction made under that key, or None. Raises InvalidError if the key cannot be used."""
    row = books.one("SELECT * FROM request_keys WHERE key = ?", [key])
    if row is None or row["created_at"] < to_text(books.now - LIFETIME):
        return None
    if row["fingerprint"] != _fingerprint(request):
        code = _CODES.ApiRequestKeyCanBeReusedOnlyWithTheSameRequest
        raise invalid(("transaction",), _KEY, code)
    if row["transaction_id"] is None:
        raise invalid(("transaction",), _KEY, _CODES.ApiRequestKeyWithFailedRequest)
    transaction_id: str = row["transaction_id"]
    return transaction_id


def _fingerprint(request: Request) -> str:
    said = json.dumps([request.verb, request.path, request.body], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
