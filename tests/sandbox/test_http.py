"""Requests that the SDK would never send."""

import base64
import http.client
import socket
import struct
import threading

import pytest
from braintree.util.xml_util import XmlUtil

from genbilling.sandbox import Sandbox
from genbilling.sandbox.server import SandboxServer

from .connections import http_gateway
from .factories import sell

BASE = "/merchants/integration_merchant_id"
KEYS = base64.b64encode(b"integration_public_key:integration_private_key").decode()
HEADERS = {"Authorization": f"Basic {KEYS}", "Content-Type": "application/xml"}
BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><customer><id>&c;</id></customer>'


@pytest.fixture(params=["embedded", "http"])
def send(request):
    """A function that sends one request and returns the status and the text."""
    if request.param == "embedded":
        sandbox = request.getfixturevalue("shared_sandbox")
        yield lambda verb, path, body=b"", headers=HEADERS: sandbox.handle(verb, path, headers, body)
        return
    connection = http.client.HTTPConnection("127.0.0.1", request.getfixturevalue("server").port)

    def over_http(verb, path, body=b"", headers=HEADERS):
        connection.request(verb, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()

    yield over_http
    connection.close()


@pytest.mark.parametrize(
    "body",
    [
        b"<customer>",
        b"not XML",
        b"<customer></card>",
        b"<customer/><customer/>",
        b"\xff\xfe\x00",
        b"<customer><id>\x00</id></customer>",
        b"<customer>\xc3\x28</customer>",
        b'<customer><id type="integer">many</id></customer>',
        b"<a>" * 40 + b"</a>" * 40,
        BOMB.encode(),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><customer/>',
        "<customer><id>\ud800</id></customer>".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_bad_request(send, body):
    status, text = send("POST", f"{BASE}/customers", body)
    assert status == 400
    assert XmlUtil.dict_from_xml(text)["error"]["message"]


def test_text_that_cannot_be_encoded_is_a_bad_request(shared_sandbox):
    body = "<customer><id>\ud800</id></customer>"
    assert shared_sandbox.handle("POST", f"{BASE}/customers", HEADERS, body)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"<customer>text</customer>",
        b'<customer type="array"><item/></customer>',
        b'<customer><credit_card type="array"/><email type="array"/></customer>',
        b"<customer><credit_card>text</credit_card><custom_fields>text</custom_fields></customer>",
        b'<customer><first_name type="boolean">true</first_name><phone type="integer">5</phone></customer>',
        b"<something-else/>",
        b'<?xml version="1.0" encoding="UTF-8"?>\n<customer>\n  <first-name>A</first-name>\n</customer>\n',
    ],
)
def test_a_body_of_an_odd_shape_is_read_as_far_as_it_makes_sense(send, body):
    status, text = send("POST", f"{BASE}/customers", body)
    assert status == 201
    assert XmlUtil.dict_from_xml(text)["customer"]["id"]


@pytest.mark.parametrize(
    ("root", "path"),
    [
        ("transaction", "/transactions"),
        ("payment_method", "/payment_methods"),
        ("credit_card", "/payment_methods"),
        ("nonsense", "/payment_methods"),
    ],
)
def test_an_odd_or_empty_body_where_one_is_needed_lists_what_is_missing(send, root, path):
    for body in (b"", f"<{root}>text</{root}>".encode(), f'<{root} type="array"/>'.encode()):
        status, text = send("POST", f"{BASE}{path}", body)
        assert status == 422
        assert XmlUtil.dict_from_xml(text)["api_error_response"]["message"]


def test_control_characters_and_line_ends_come_back_as_they_can(send):
    status, text = send("POST", f"{BASE}/customers", b"<customer><company>a&#13;b\tc</company></customer>")
    assert (status, XmlUtil.dict_from_xml(text)["customer"]["company"]) == (201, "a\rb\tc")


def test_typed_dates_of_a_response_can_be_read_by_the_sdk(send):
    _, text = send("POST", f"{BASE}/customers")
    assert XmlUtil.dict_from_xml(text)["customer"]["created_at"].tzinfo is None


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("DELETE", f"{BASE}/transactions"),
        ("GET", f"{BASE}/customers"),
        ("POST", f"{BASE}/transactions/abc/void"),
        ("GET", f"{BASE}/nothing"),
        ("GET", f"{BASE}/customers/a%20b"),
        ("GET", f"{BASE}/customers/../customers"),
        ("GET", "/nothing"),
        ("GET", "/merchants/integration_merchant_id"),
    ],
)
def test_a_path_or_verb_that_is_not_there_is_not_found(send, verb, path):
    assert send(verb, path)[0] == 404


def test_a_query_is_overlooked(send):
    assert send("GET", f"{BASE}/payment_method_nonces/fake-valid-nonce?a=b#c")[0] == 200


def test_a_huge_body_is_refused(send):
    try:
        status, _ = send("POST", f"{BASE}/customers", b"<customer>" + b"x" * 1_000_001)
    except (BrokenPipeError, ConnectionResetError):
        # Over HTTP the server hangs up without reading it.
        status = 413
    assert status == 413


def raw(server, data):
    """Send bytes, end the sending side, and return everything that comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"PATCH / HTTP/1.1\r\n\r\n", 405),
        (b"POST /merchants/a/b HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /merchants/a/b HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /merchants/a/b HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (b"POST /merchants/a/b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_what_is_hardly_http_is_answered_with_its_status(server, data, status):
    answer = raw(server, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"Traceback" not in answer


def test_a_request_that_breaks_off_does_nothing(server):
    with http_gateway(server.port) as gateway:
        sale = sell(gateway)
        void = f"PUT {BASE}/transactions/{sale.id}/void HTTP/1.1\r\n"
        headers = f"Authorization: Basic {KEYS}\r\nContent-Length: 50\r\n\r\n"
        assert raw(server, (void + headers).encode()) == b""
        assert gateway.transaction.find(sale.id).status == "authorized"


def test_a_client_that_hangs_up_rudely_is_no_cause_for_alarm(capfd):
    with Sandbox(":memory:") as sandbox, SandboxServer(("127.0.0.1", 0), sandbox) as server:
        # So that the end of the server waits for the end of the request.
        server.daemon_threads, server.block_on_close = False, True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with socket.create_connection(server.server_address) as connection:
            # A whole request, to be sure that the server is there, and a part of one.
            connection.sendall(b"GET /nothing HTTP/1.1\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
            # A close that resets the connection, because nothing may linger.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.shutdown()
        thread.join()
    assert capfd.readouterr().err == ""


def test_a_client_may_hold_its_body_back_until_it_is_asked_for(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = f"POST {BASE}/customers HTTP/1.1\r\nAuthorization: Basic {KEYS}\r\n"
        connection.sendall(f"{head}Content-Length: 11\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"<customer/>")
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_a_connection_serves_many_requests(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    sockets = set()
    for _ in range(3):
        connection.request("POST", f"{BASE}/customers", "<customer/>", HEADERS)
        response = connection.getresponse()
        response.read()
        sockets.add(connection.sock)
        assert response.status == 201
        assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert len(sockets) == 1
    connection.close()
