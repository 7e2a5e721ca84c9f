"""API request keys: the same request with the same key is carried out once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from braintree import ErrorCodes

from . import transactions
from .books import Books, to_text
from .exchange import Reply, Request
from .validation import invalid

_CODES = ErrorCodes.Transaction

MAX_KEY = 255
LIFETIME = timedelta(days=30)

Handler = Callable[[Books, Request], Reply]


def once(handler: Handler, *, status: int) -> Handler:
    """Return the handler so wrapped that a key is good for one request.

    Under a known key the transaction of the first request is shown as it is now, with ``status``, or as
    declined. The key is written in the database transaction that writes the transaction, and requests
    that write take turns, so neither can be there without the other. A request that failed validation
    wrote nothing, and leaves its key free.
    """

    def answer(books: Books, request: Request) -> Reply:
        key = request.section("transaction").text("api_request_key")
        if key is None:
            return handler(books, request)
        if len(key) > MAX_KEY:
            raise invalid(("transaction",), "api_request_key", _CODES.ApiRequestKeyTooLong)
        earlier = _earlier(books, key, request)
        if earlier is not None:
            return transactions.reply(books, request, earlier, status=status)
        reply = handler(books, request)
        books.run(
            "INSERT OR REPLACE INTO request_keys VALUES (?, ?, ?, ?)",
            [key, _fingerprint(request), reply.transaction_id, books.today],
        )
        return reply

    return answer


def _earlier(books: Books, key: str, request: Request) -> str | None:
    """Return the transaction made under that key, or None. Raises InvalidError for a different request."""
    row = books.one("SELECT * FROM request_keys WHERE key = ?", [key])
    if row is None or row["created_at"] < to_text(books.now - LIFETIME):
        return None
    if row["fingerprint"] != _fingerprint(request):
        code = _CODES.ApiRequestKeyCanBeReusedOnlyWithTheSameRequest
        raise invalid(("transaction",), "api_request_key", code)
    transaction_id: str = row["transaction_id"]
    return transaction_id


def _fingerprint(request: Request) -> str:
    said = json.dumps([request.verb, request.path, request.body], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
