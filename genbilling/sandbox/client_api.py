"""The client API: what a browser with a client token may ask, in JSON."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from . import bodies, client_cards, client_configuration, client_fingerprints
from .books import Books
from .exchange import Reply, Request
from .validation import InvalidError

_PATH = re.compile(r"/merchants/([^/]+)/client_api/(?:v1/)?([a-z_/]+?)(?:\.json|/)?")
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,100}", re.ASCII)


def is_for(url: str) -> bool:
    """Return whether a URL is one of the client API."""
    return _PATH.fullmatch(bodies.path_of(url)) is not None


def answer(books: Books, request: Request) -> Reply:
    """Answer a request that carries an authorization fingerprint instead of keys.

    Parameters may come in the query, as a form or as JSON, in the spelling of scripts or of the server.
    An old library that cannot send anything but a script tag names a callback, and its verb.
    """
    params = _parameters(request)
    verb = str(params.get("_method", request.verb)).upper()
    try:
        reply = _answer(books, request, verb, params)
    except InvalidError as error:
        reply = Reply(422, content=client_cards.problem("Credit card is invalid", error.errors))
    callback = str(params.get("callback") or "")
    if _CALLBACK.fullmatch(callback):
        return Reply(200, content={**reply.content, "status": reply.status}, callback=callback)
    return reply


def _answer(books: Books, request: Request, verb: str, params: dict[str, Any]) -> Reply:
    match = _PATH.fullmatch(bodies.path_of(request.path))
    merchant, name = match.groups() if match else ("", "")
    options = client_fingerprints.read(books, str(params.get("authorization_fingerprint") or ""))
    if options is None or merchant != books.merchant.id:
        return _refusal(403, "Authorization fingerprint is invalid")
    if (verb, name) == ("GET", "configuration"):
        account = options["merchant_account_id"] or books.merchant.default_account
        return Reply(200, content=client_configuration.show(books, account, request.origin))
    if (verb, name) == ("GET", "payment_methods"):
        return client_cards.show_all(books, options, params)
    if (verb, name) == ("POST", "payment_methods/credit_cards"):
        return client_cards.add(books, options, params)
    return _refusal(404, "There is nothing here, or not for cards")


def _refusal(status: int, message: str) -> Reply:
    return Reply(status, content={"error": {"message": message}})


def _parameters(request: Request) -> dict[str, Any]:
    text = request.body.decode("utf-8", "replace") if isinstance(request.body, bytes) else request.body or ""
    params = bodies.nested(bodies.pairs_of(request.path))
    if text.lstrip().startswith("{"):
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            given = {}
    else:
        given = bodies.nested(parse_qsl(text, keep_blank_values=True))
    merged: dict[str, Any] = _underscored({**params, **given})
    return merged


def _underscored(value: Any, depth: int = 0) -> Any:
    if not isinstance(value, dict) or depth > 8:
        return value
    return {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name)).lower(): _underscored(inner, depth + 1)
        for name, inner in value.items()
    }
