from dataclasses import dataclass

import pytest

from genbilling.sandbox import Sandbox

from .connections import embedded_gateway, http_gateway, serve

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(scope="session", autouse=True)
def _no_proxy():
    # The SDK takes a proxy from the environment for local addresses too.
    with pytest.MonkeyPatch.context() as patch:
        for name in PROXIES:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def server(_no_proxy, tmp_path_factory):
    """A sandbox over HTTP, in a process of its own, for all tests."""
    with serve(tmp_path_factory.mktemp("server") / "books.sqlite3") as process:
        yield process


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory):
    """A sandbox in this process, for all tests."""
    with Sandbox(tmp_path_factory.mktemp("embedded") / "books.sqlite3") as sandbox:
        yield sandbox


@pytest.fixture(params=["embedded", "http"])
def gateway(request):
    """The SDK's gateway, on each of the two transports in turn."""
    if request.param == "embedded":
        yield embedded_gateway(request.getfixturevalue("shared_sandbox"))
    else:
        with http_gateway(request.getfixturevalue("server").port) as over_http:
            yield over_http


@pytest.fixture
def books(tmp_path):
    """A path for books of one test's own."""
    return tmp_path / "books.sqlite3"


@pytest.fixture
def shared_sandbox_gateway(shared_sandbox):
    """The SDK's gateway in this process, for what the transport cannot change."""
    return embedded_gateway(shared_sandbox)


@pytest.fixture(params=["embedded", "http"])
def faulty(request):
    """A sandbox in whose books rules can be put, and the SDK's gateway on it by each transport in turn.

    The server is another process: it knows of a rule from the books that it shares with the sandbox.
    """
    if request.param == "embedded":
        sandbox = request.getfixturevalue("shared_sandbox")
        yield Faulty(sandbox, embedded_gateway(sandbox, timeout=0.5))
        sandbox.faults.clear()
        return
    server = request.getfixturevalue("server")
    with Sandbox(server.books) as sandbox, http_gateway(server.port, timeout=0.5) as over_http:
        yield Faulty(sandbox, over_http)
        sandbox.faults.clear()


@dataclass(frozen=True)
class Faulty:
    sandbox: Sandbox
    gateway: object
