"""What the suite has to cover: the endpoints that the SDK calls for cards, and the codes of their errors.

A case says by ``@covers(...)`` which of them it is about; ``test_completeness`` looks that none is left out.
"""

import pytest

MARKER = "covers"

# As the SDK calls them, below the merchant's own path.
ENDPOINTS = (
    "POST /transactions",
    "GET /transactions/ID",
    "PUT /transactions/ID/void",
    "PUT /transactions/ID/submit_for_settlement",
    "POST /transactions/ID/submit_for_partial_settlement",
    "POST /transactions/ID/refund",
    "PUT /transactions/ID/update_details",
    "PUT /transactions/ID/adjust_authorization",
    "POST /transactions/ID/clone",
    "GET /transactions/ID/line_items",
    "POST /transactions/advanced_search_ids",
    "POST /transactions/advanced_search",
    "PUT /transactions/ID/settle",
    "PUT /transactions/ID/settlement_confirm",
    "PUT /transactions/ID/settlement_decline",
    "PUT /transactions/ID/settlement_pending",
    "POST /customers",
    "GET /customers/ID",
    "PUT /customers/ID",
    "DELETE /customers/ID",
    "POST /customers/advanced_search_ids",
    "POST /customers/advanced_search",
    "POST /customers/ID/addresses",
    "GET /customers/ID/addresses/ID",
    "PUT /customers/ID/addresses/ID",
    "DELETE /customers/ID/addresses/ID",
    # The first of each pair by gateway.payment_method, the second by gateway.credit_card.
    "POST /payment_methods (payment_method)",
    "POST /payment_methods (credit_card)",
    "GET /payment_methods/any/TOKEN",
    "GET /payment_methods/credit_card/TOKEN",
    "PUT /payment_methods/any/TOKEN",
    "PUT /payment_methods/credit_card/TOKEN",
    "DELETE /payment_methods/any/TOKEN",
    "DELETE /payment_methods/credit_card/TOKEN",
    "GET /payment_methods/from_nonce/NONCE",
    "POST /payment_methods/all/expired_ids",
    "POST /payment_methods/all/expired",
    "POST /payment_methods/all/expiring_ids",
    "POST /payment_methods/all/expiring",
    "POST /payment_methods/TOKEN/nonces",
    "GET /payment_method_nonces/NONCE",
    "POST /verifications",
    "GET /verifications/ID",
    "POST /verifications/advanced_search_ids",
    "POST /verifications/advanced_search",
    "POST /client_token",
    "GET /client_api/v1/payment_methods.json",
    "POST /client_api/v1/payment_methods/credit_cards",
    "GET /disputes/ID",
    "PUT /disputes/ID/accept",
    "PUT /disputes/ID/finalize",
    "POST /disputes/advanced_search",
)

CODES = {
    "81501": "a negative amount",
    "81502": "no amount",
    "81503": "an amount that is no number",
    "81528": "an amount that is too large",
    "81531": "an amount of zero",
    "91501": "an order id of over 255 characters",
    "91513": "a merchant account that is not there",
    "91524": "a transaction without a type",
    "915133": "a transaction source that is not one",
    "91510": "a sale to a customer that is not there",
    "91511": "a sale to a customer without a card",
    "91518": "a token that is not there",
    "91564": "a nonce that was used",
    "91565": "a nonce that is not there",
    "91566": "a nonce that is locked",
    "91731": "a used nonce, where a card is kept",
    "91732": "an unknown nonce, where a card is kept",
    "91504": "a void of what cannot be voided",
    "91505": "a refund of a credit",
    "91506": "a refund of what has not settled",
    "91507": "a submission of what is not authorized",
    "91512": "a refund of what was refunded whole",
    "91521": "a refund of more than is left",
    "91522": "a submission of more than was authorized",
    "91575": "simulated settlement of what was not submitted",
    "915200": "a refund that the bank declines for good",
    "915201": "a refund that the bank declines for now",
    "915230": "an API request key of over 255 characters",
    "915231": "an API request key where none is taken",
    "915232": "an API request key that came with another request",
    "915233": "an API request key whose request is under way",
    "915234": "an API request key whose request failed",
    "915235": "an API request key whose request ended in a server error",
    "81710": "an expiry date that is none",
    "81715": "a card number with a wrong check digit",
    "81716": "a card number of a wrong length",
    "81724": "a card that is in the vault",
    "81763": "a card that the customer has",
    "91719": "a token in use",
    "81604": "an e-mail address that is none",
    "91609": "a customer id in use",
}


def covers(*rows):
    """Mark a case as one for these endpoints and codes. Raises LookupError for one that is in no list."""
    for row in rows:
        if row not in ENDPOINTS and row not in CODES:
            raise LookupError(f"{row!r} is neither an endpoint nor a code in {__name__}")
    return getattr(pytest.mark, MARKER)(*rows)
