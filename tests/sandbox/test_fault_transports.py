"""Inside the process a broken connection raises what it raises over a real socket."""

import re
import socket
import time
from contextlib import contextmanager

import pytest
from braintree.exceptions.braintree_error import BraintreeError
from braintree.exceptions.http.connection_error import ConnectionError as SdkConnectionError
from braintree.exceptions.http.timeout_error import ConnectTimeoutError, ReadTimeoutError
from braintree.exceptions.unexpected_error import UnexpectedError
from requests.exceptions import RequestException

from genbilling.sandbox import Sandbox

from .connections import embedded_gateway, http_gateway
from .factories import make_customer

TIMEOUT = 0.3


def raised(gateway):
    with pytest.raises((RequestException, BraintreeError)) as caught:
        make_customer(gateway)
    return caught.value


def anatomy(error):
    """What an exception is, what it says, and the same of all that is inside it."""
    if not isinstance(error, Exception):
        return neutral(str(error))
    inside = [anatomy(inner) for inner in error.args]
    request = getattr(error, "request", None)
    asked = request and (request.method, neutral(request.url))
    return type(error), neutral(str(error)), inside, anatomy(getattr(error, "reason", None)), asked


def neutral(text):
    text = re.sub(r"(localhost|127\.0\.0\.1)", "HOST", text)
    text = re.sub(r"((?<=port=)|(?<=HOST:))\d+", "PORT", text)
    # How long an answer is depends on the ids in it.
    text = re.sub(r"\d+ (?=bytes read|more expected)", "SOME ", text)
    return re.sub("0x[0-9a-f]+", "0x0", text)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("effect", "in_the_sdk"),
    [
        ("timeout", ReadTimeoutError),
        ("reset", SdkConnectionError),
        ("hang-up", SdkConnectionError),
        ("cut-off", UnexpectedError),
    ],
)
def test_a_broken_connection_raises_the_same(shared_sandbox, server, wrapped, effect, in_the_sdk):
    options = {"timeout": TIMEOUT, "wrap_http_exceptions": wrapped}
    with shared_sandbox.fault(effect):
        embedded = raised(embedded_gateway(shared_sandbox, **options))
    with Sandbox(server.books) as sandbox, sandbox.fault(effect), http_gateway(server.port, **options) as far:
        over_http = raised(far)
    assert anatomy(embedded) == anatomy(over_http)
    assert not wrapped or type(embedded) is in_the_sdk


@contextmanager
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    yield port


@contextmanager
def deaf_port():
    """A port that accepts nothing, as that of a host behind a firewall."""
    with socket.socket() as listening, socket.socket() as filling, socket.socket() as more:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for one in (filling, more):
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        time.sleep(0.05)
        yield listening.getsockname()[1]


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("effect", "port", "in_the_sdk"),
    [
        ("refuse", closed_port, SdkConnectionError),
        ("connect-timeout", deaf_port, ConnectTimeoutError),
    ],
)
def test_a_gateway_out_of_reach_raises_the_same(shared_sandbox, wrapped, effect, port, in_the_sdk):
    options = {"timeout": TIMEOUT, "wrap_http_exceptions": wrapped}
    with shared_sandbox.fault(effect):
        embedded = raised(embedded_gateway(shared_sandbox, **options))
    with port() as number, http_gateway(number, **options) as far:
        over_http = raised(far)
    assert anatomy(embedded) == anatomy(over_http)
    assert not wrapped or type(embedded) is in_the_sdk


def test_a_timeout_in_the_process_does_not_keep_anybody_waiting(shared_sandbox):
    began = time.monotonic()
    with shared_sandbox.fault("timeout"):
        raised(embedded_gateway(shared_sandbox))
    assert time.monotonic() - began < 30


def test_what_cannot_be_refused_any_more_is_reset(server):
    with Sandbox(server.books) as sandbox, http_gateway(server.port) as gateway:
        for effect in ("refuse", "connect-timeout"):
            with sandbox.fault(effect):
                assert "Connection reset by peer" in str(raised(gateway))


def test_a_time_out_can_end_before_the_client_gives_up(server):
    with Sandbox(server.books) as sandbox, http_gateway(server.port, timeout=30) as gateway:
        with sandbox.fault("timeout", seconds=0.1):
            assert "Remote end closed connection" in str(raised(gateway))
        with sandbox.fault("timeout", seconds=0):
            assert "Remote end closed connection" in str(raised(gateway))


def test_a_reset_is_a_real_one(server):
    with (
        Sandbox(server.books) as sandbox,
        sandbox.fault("reset"),
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
    ):
        connection.sendall(b"GET /merchants/m/customers/c HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
