"""A customer's browser, which has a client token and no keys, over the SDK's own transport."""

import base64
import json
from urllib.parse import quote_plus

from .factories import unique


def decoded_token(gateway, **params):
    """Return what a client token says."""
    return json.loads(base64.b64decode(gateway.client_token.generate(params)))


class Browser:
    def __init__(self, gateway, **params):
        self.config = gateway.config
        self.fingerprint = decoded_token(gateway, **params)["authorizationFingerprint"]
        self.shared = {
            "sharedCustomerIdentifier": unique("shared"),
            "sharedCustomerIdentifierType": "testing",
        }

    def add(self, card, **params):
        """Turn a card into a nonce; return the status and the answer."""
        body = {"authorizationFingerprint": self.fingerprint, **self.shared, "creditCard": card, **params}
        return self._send("POST", "payment_methods/credit_cards", json.dumps(body))

    def cards(self):
        """Return the status and the cards of the customer."""
        query = {"authorizationFingerprint": self.fingerprint, **self.shared}
        words = "&".join(f"{name}={quote_plus(value)}" for name, value in query.items())
        return self._send("GET", f"payment_methods.json?{words}", None)

    def _send(self, verb, name, body):
        path = f"/merchants/{self.config.merchant_id}/client_api/v1/{name}"
        headers = {"Content-type": "application/json"}
        status, text = self.config.http_strategy().http_do(verb, path, headers, body)
        return status, json.loads(text) if text else {}
