"""Which handler answers which verb and path."""

from __future__ import annotations

import re

from . import (
    address_requests,
    authentications,
    card_lists,
    client_tokens,
    clones,
    corrections,
    customer_requests,
    customer_search,
    dispute_requests,
    dispute_search,
    document_uploads,
    lookups,
    merchant_account_requests,
    nonce_requests,
    partial_settlement,
    payment_methods,
    refunds,
    sales,
    search,
    settlement,
    verification_requests,
    verification_search,
)
from .errors import NotFoundError
from .idempotency import Handler, keyless, once

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
    (
        "POST",
        f"/transactions/{_ID}/submit_for_partial_settlement",
        once(partial_settlement.create, status=201),
    ),
    ("POST", f"/transactions/{_ID}/refund", once(refunds.create, status=201)),
    ("POST", f"/transactions/{_ID}/reverse", once(refunds.reverse, status=201)),
    ("POST", f"/transactions/{_ID}/clone", keyless(clones.create)),
    ("PUT", f"/transactions/{_ID}/update_details", keyless(corrections.update_details)),
    ("PUT", f"/transactions/{_ID}/adjust_authorization", keyless(corrections.adjust_authorization)),
    *(("PUT", f"/transactions/{_ID}/{name}", settlement.simulate) for name in settlement.STEPS),
    ("POST", "/customers", customer_requests.create),
    ("POST", "/customers/advanced_search_ids", customer_search.find_ids),
    ("POST", "/customers/advanced_search", customer_search.find_page),
    ("GET", f"/customers/{_ID}", customer_requests.find),
    ("PUT", f"/customers/{_ID}", customer_requests.update),
    ("DELETE", f"/customers/{_ID}", customer_requests.delete),
    ("POST", f"/customers/{_ID}/addresses", address_requests.create),
    ("GET", f"/customers/{_ID}/addresses/{_ID}", address_requests.find),
    ("PUT", f"/customers/{_ID}/addresses/{_ID}", address_requests.update),
    ("DELETE", f"/customers/{_ID}/addresses/{_ID}", address_requests.delete),
    ("POST", "/payment_methods", payment_methods.create),
    ("POST", "/payment_methods/all/expired_ids", card_lists.expired_ids),
    ("POST", "/payment_methods/all/expired", card_lists.expired),
    ("POST", "/payment_methods/all/expiring_ids", card_lists.expiring_ids),
    ("POST", "/payment_methods/all/expiring", card_lists.expiring),
    ("GET", f"/payment_methods/from_nonce/{_ID}", nonce_requests.from_nonce),
    ("POST", f"/payment_methods/{_ID}/nonces", nonce_requests.create),
    ("GET", f"/payment_methods/(?:any|credit_card)/{_ID}", payment_methods.find),
    ("PUT", f"/payment_methods/(?:any|credit_card)/{_ID}", payment_methods.update),
    ("DELETE", f"/payment_methods/(?:any|credit_card)/{_ID}", payment_methods.delete),
    ("GET", f"/payment_method_nonces/{_ID}", nonce_requests.find),
    ("POST", "/verifications", verification_requests.create),
    ("POST", "/verifications/advanced_search_ids", verification_search.find_ids),
    ("POST", "/verifications/advanced_search", verification_search.find_page),
    ("GET", f"/verifications/{_ID}", verification_requests.find),
    ("POST", f"/three_d_secure/create_verification/{_ID}", authentications.create),
    ("POST", f"/three_d_secure/create_nonce/{_ID}", authentications.create_nonce),
    ("GET", "/merchant_accounts/", merchant_account_requests.find_page),
    ("GET", f"/merchant_accounts/{_ID}", merchant_account_requests.find),
    ("POST", "/client_token", client_tokens.create),
    ("POST", "/disputes/advanced_search", dispute_search.find_page),
    ("GET", f"/disputes/{_ID}", dispute_requests.find),
    ("PUT", f"/disputes/{_ID}/accept", dispute_requests.accept),
    ("PUT", f"/disputes/{_ID}/finalize", dispute_requests.finalize),
    ("POST", f"/disputes/{_ID}/evidence", dispute_requests.add_evidence),
    ("DELETE", f"/disputes/{_ID}/evidence/{_ID}", dispute_requests.remove_evidence),
    ("POST", "/document_uploads", document_uploads.create),
)
_COMPILED = [(verb, re.compile(pattern), handler) for verb, pattern, handler in _ROUTES]


def route(verb: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    """Return the handler and the ids in the path. Raises NotFoundError, for a wrong verb as well."""
    for route_verb, pattern, handler in _COMPILED:
        match = pattern.fullmatch(path)
        if match and verb == route_verb:
            return handler, match.groups()
    raise NotFoundError(f"There is no {verb} {path}.")
