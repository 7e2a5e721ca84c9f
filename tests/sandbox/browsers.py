"""A customer's browser: it has a client token, and no keys."""

import base64
import json
from urllib.parse import quote_plus

from .factories import unique


def token_of(gateway, **params):
    """Return what a client token says."""
    return json.loads(base64.b64decode(gateway.client_token.generate(params)))


class Browser:
    """Talks to the client API over the transport of a gateway, as the SDK's authors do in their tests."""

    def __init__(self, gateway, fingerprint):
        self.gateway = gateway
        self.fingerprint = fingerprint
        self.identifier = unique("shared")

    @classmethod
    def of(cls, gateway, **params):
        return cls(gateway, token_of(gateway, **params)["authorizationFingerprint"])

    def get(self, name):
        return self.send("GET", f"{name}?sharedCustomerIdentifier={self.identifier}")

    def add(self, card, **params):
        body = {"credit_card": card, "sharedCustomerIdentifier": self.identifier, **params}
        body["authorizationFingerprint"] = self.fingerprint
        path = "payment_methods/credit_cards.json"
        status, text = self._send("POST", path, json.dumps(body), "application/json")
        return status, json.loads(text)

    def send(self, verb, name, body=None):
        status, text = self.send_raw(verb, name, body)
        return status, json.loads(text) if text else {}

    def send_raw(self, verb, name, body=None):
        mark = "&" if "?" in name else "?"
        name = f"{name}{mark}authorizationFingerprint={quote_plus(self.fingerprint)}"
        return self._send(verb, name, body, "application/x-www-form-urlencoded")

    def _send(self, verb, name, body, kind):
        config = self.gateway.config
        path = f"/merchants/{config.merchant_id}/client_api/v1/{name}"
        return config.http_strategy().http_do(verb, path, {"Content-type": kind}, body)
