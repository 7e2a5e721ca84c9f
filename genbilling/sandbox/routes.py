"""Which handler answers which verb and path."""

from __future__ import annotations

import re

from . import customers, lookups, payment_methods, refunds, sales, search, settlement, verifications
from .errors import NotFoundError
from .idempotency import Handler, once

# An id in a path, as the SDK allows it.
_ID = "([A-Za-z0-9_-]+)"

# Paths are below that of the merchant. The first match wins, so fixed words go before ids.
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/transactions", once(sales.create, status=201)),
    ("POST", "/transactions/advanced_search_ids", search.find_ids),
    ("POST", "/transactions/advanced_search", search.find_page),
    ("GET", f"/transactions/{_ID}", lookups.find),
    ("GET", f"/transactions/{_ID}/line_items", lookups.line_items),
    ("PUT", f"/transactions/{_ID}/void", once(settlement.void, status=200)),
    ("PUT", f"/transactions/{_ID}/submit_for_settlement", once(settlement.submit, status=200)),
    ("POST", f"/transactions/{_ID}/refund", once(refunds.create, status=201)),
    *(("PUT", f"/transactions/{_ID}/{name}", settlement.simulate) for name in settlement.STEPS),
    ("POST", "/customers", customers.create),
    ("GET", f"/customers/{_ID}", customers.find),
    ("PUT", f"/customers/{_ID}", customers.update),
    ("DELETE", f"/customers/{_ID}", customers.delete),
    ("POST", "/payment_methods", payment_methods.create),
    ("GET", f"/payment_methods/from_nonce/{_ID}", payment_methods.from_nonce),
    ("POST", f"/payment_methods/{_ID}/nonces", payment_methods.create_nonce),
    ("GET", f"/payment_methods/(?:any|credit_card)/{_ID}", payment_methods.find),
    ("PUT", f"/payment_methods/(?:any|credit_card)/{_ID}", payment_methods.update),
    ("DELETE", f"/payment_methods/(?:any|credit_card)/{_ID}", payment_methods.delete),
    ("GET", f"/payment_method_nonces/{_ID}", payment_methods.find_nonce),
    ("GET", f"/verifications/{_ID}", verifications.find),
)
_COMPILED = [(verb, re.compile(pattern), handler) for verb, pattern, handler in _ROUTES]


def route(verb: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    """Return the handler and the ids in the path. Raises NotFoundError, for a wrong verb as well."""
    for route_verb, pattern, handler in _COMPILED:
        match = pattern.fullmatch(path)
        if match and verb == route_verb:
            return handler, match.groups()
    raise NotFoundError(f"There is no {verb} {path}.")
