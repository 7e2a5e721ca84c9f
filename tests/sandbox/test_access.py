import base64

import pytest
from braintree.exceptions.authentication_error import AuthenticationError

from genbilling.sandbox import Sandbox

from .connections import KEYS, embedded_gateway, http_gateway

CUSTOMERS = "/merchants/integration_merchant_id/customers"
GOOD = base64.b64encode(b"integration_public_key:integration_private_key").decode()

WRONG = [
    {"public_key": "wrong"},
    {"private_key": "wrong"},
    {"private_key": "integration_private_key_and_more"},
    {"merchant_id": "another_merchant"},
]


@pytest.mark.parametrize("keys", WRONG)
def test_wrong_keys_are_not_let_in(shared_sandbox, server, keys):
    with pytest.raises(AuthenticationError):
        embedded_gateway(shared_sandbox, **keys).customer.create()
    with http_gateway(server.port, **keys) as gateway, pytest.raises(AuthenticationError):
        gateway.customer.create()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer abc"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic not/base64!"},
        {"Authorization": "Basic 4pyT"},
        {"Authorization": "Basic \u2713"},
        {"Authorization": f"Basic {base64.b64encode(b'no colon').decode()}"},
    ],
)
def test_a_request_without_good_keys_is_unauthorized(shared_sandbox, headers):
    status, text = shared_sandbox.handle("POST", CUSTOMERS, headers, "")
    assert status == 401
    assert text.startswith("<?xml")


@pytest.mark.parametrize("value", [f"Basic {GOOD}", f"basic {GOOD}", f"Basic {GOOD}".encode()])
def test_good_keys_are_let_in_however_they_are_written(shared_sandbox, value):
    status, _ = shared_sandbox.handle("POST", CUSTOMERS, {"authorization": value}, "")
    assert status == 201


def test_keys_are_asked_for_before_anything_is_told(shared_sandbox):
    for path in (f"{CUSTOMERS}/nobody", "/merchants/integration_merchant_id/nothing", "/merchants/other/x"):
        assert shared_sandbox.handle("GET", path, {}, None)[0] == 401
    assert shared_sandbox.handle("GET", "/elsewhere", {}, None)[0] == 404


def test_the_keys_are_those_of_braintrees_own_development_gateway():
    with Sandbox(":memory:") as sandbox:
        merchant = sandbox.merchant
        assert (merchant.id, merchant.public_key, merchant.private_key) == tuple(KEYS.values())
