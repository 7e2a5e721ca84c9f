"""The three targets of the suite. Nothing else in this folder knows which of them it talks to.

Braintree's own sandbox is one of them when the environment holds the keys of a merchant there, in
BRAINTREE_CONTRACT_MERCHANT_ID, BRAINTREE_CONTRACT_PUBLIC_KEY and BRAINTREE_CONTRACT_PRIVATE_KEY. What
differs between merchants is told by further variables; without one, the cases that need it are skipped
there: BRAINTREE_CONTRACT_OTHER_ACCOUNT (a merchant account that is not the default one),
BRAINTREE_CONTRACT_ADJUSTING_ACCOUNT (one that raises and lowers authorizations) and
BRAINTREE_CONTRACT_CUSTOM_FIELD (the API name of a custom field that is stored and passed back). The keys of
two more merchants, in BRAINTREE_CONTRACT_MISMATCHES_MERCHANT_ID and so on and in
BRAINTREE_CONTRACT_DUPLICATES_MERCHANT_ID and so on, are for the cases that need a merchant who rejects sales
whose address or CVV does not match, and one who rejects duplicates.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import braintree
import pytest
from braintree.environment import Environment

from genbilling.sandbox import Fault, Sandbox
from tests.sandbox.connections import KEYS, embedded_gateway, serve

from .rows import MARKER

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
# The merchants of Braintree's development gateway that reject sales by AVS and CVV, and as duplicates.
DEVELOPMENT_REJECTING = {
    "MISMATCHES": {
        "merchant_id": "processing_rules_merchant_id",
        "public_key": "processing_rules_public_key",
        "private_key": "processing_rules_private_key",
    },
    "DUPLICATES": {
        "merchant_id": "dup_checking_integration_merchant_id",
        "public_key": "dup_checking_integration_public_key",
        "private_key": "dup_checking_integration_private_key",
    },
}


def keys_from(prefix):
    return {name: os.environ.get(f"{prefix}{name.upper()}", "") for name in KEYS}


REAL_KEYS = keys_from("BRAINTREE_CONTRACT_")
TARGETS = ["embedded", "http", *(["braintree"] if all(REAL_KEYS.values()) else [])]


@dataclass(frozen=True)
class Target:
    """A Braintree, and what its merchant has."""

    gateway: braintree.BraintreeGateway
    other_account: str = "sandbox_credit_card_non_default"
    adjusting_account: str = "fake_first_data_merchant_account"
    custom_field: str = "store_me"
    # Another gateway on the same Braintree, with other keys in place of its own.
    connect: Callable = field(kw_only=True)
    # By what a merchant rejects, its keys.
    rejecting: dict = field(default_factory=lambda: DEVELOPMENT_REJECTING)
    # Lets the next request about an order be answered with a code; None where nobody can order that.
    refuse_next: Callable | None = None


def pytest_configure(config):
    config.addinivalue_line("markers", f"{MARKER}: the endpoints and error codes that a case is about")


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    """A sandbox in this process."""
    with Sandbox(tmp_path_factory.mktemp("contract") / "books.sqlite3") as sandbox:
        yield Target(
            embedded_gateway(sandbox),
            connect=lambda **keys: embedded_gateway(sandbox, **keys),
            refuse_next=lambda code, order_id: refuse_next(sandbox, code, order_id),
        )


@pytest.fixture(scope="session")
def http(tmp_path_factory):
    """A sandbox that is served over HTTP by a process of its own."""
    with serve(tmp_path_factory.mktemp("contract") / "served.sqlite3") as server:
        environment = Environment("local", "127.0.0.1", str(server.port), "http://auth.invalid", False, None)
        connections = []

        def connect(**keys):
            connections.append(braintree.Configuration(environment, **{**KEYS, **keys}))
            return braintree.BraintreeGateway(connections[-1])

        # The rules of the server are in its books, which any process can open.
        with Sandbox(server.books) as beside:
            yield Target(
                connect(),
                connect=connect,
                refuse_next=lambda code, order_id: refuse_next(beside, code, order_id),
            )
        for connection in connections:
            connection.close()


def refuse_next(sandbox, code, order_id):
    sandbox.faults.add(Fault("code", code=code, order_id=order_id, times=1))


@pytest.fixture(scope="session")
def real():
    """Braintree's own sandbox."""
    configurations = []

    def connect(**keys):
        configurations.append(braintree.Configuration(Environment.Sandbox, **{**REAL_KEYS, **keys}))
        return braintree.BraintreeGateway(configurations[-1])

    yield Target(
        connect(),
        *(
            os.environ.get(f"BRAINTREE_CONTRACT_{name}", "")
            for name in ("OTHER_ACCOUNT", "ADJUSTING_ACCOUNT", "CUSTOM_FIELD")
        ),
        connect=connect,
        rejecting={name: keys_from(f"BRAINTREE_CONTRACT_{name}_") for name in DEVELOPMENT_REJECTING},
    )
    for configuration in configurations:
        configuration.close()


@pytest.fixture(params=TARGETS)
def target(request, monkeypatch):
    """Each Braintree in turn."""
    if request.param == "braintree":
        return request.getfixturevalue("real")
    # The SDK takes a proxy from the environment for local addresses too.
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return request.getfixturevalue(request.param)


@pytest.fixture
def gateway(target):
    """The SDK's gateway."""
    return target.gateway


@pytest.fixture
def other_account(target):
    """The id of a merchant account that is not the default one."""
    return target.other_account or pytest.skip("BRAINTREE_CONTRACT_OTHER_ACCOUNT is not set")


@pytest.fixture
def adjusting_account(target):
    """The id of a merchant account that adjusts authorizations."""
    return target.adjusting_account or pytest.skip("BRAINTREE_CONTRACT_ADJUSTING_ACCOUNT is not set")


@pytest.fixture
def custom_field(target):
    """The name of a custom field that is registered."""
    return target.custom_field or pytest.skip("BRAINTREE_CONTRACT_CUSTOM_FIELD is not set")


def rejecting_gateway(target, name):
    keys = target.rejecting[name]
    if not all(keys.values()):
        pytest.skip(f"BRAINTREE_CONTRACT_{name}_MERCHANT_ID and the keys that go with it are not set")
    return target.connect(**keys)


@pytest.fixture
def mismatch_gateway(target):
    """The gateway of a merchant who rejects sales whose address or CVV does not match."""
    return rejecting_gateway(target, "MISMATCHES")


@pytest.fixture
def duplicate_gateway(target):
    """The gateway of a merchant who rejects duplicates."""
    return rejecting_gateway(target, "DUPLICATES")


@pytest.fixture
def braintree_books():
    """Nothing: this suite has its own targets, and is spared the Braintree that other tests get each."""
