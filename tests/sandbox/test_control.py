"""The control endpoint of a server, by HTTP and from a shell."""

import http.client
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from braintree.exceptions.not_found_error import NotFoundError
from braintree.exceptions.server_error import ServerError
from braintree.exceptions.service_unavailable_error import ServiceUnavailableError

from genbilling.sandbox import Fault, Sandbox, connect, control
from genbilling.sandbox.__main__ import main

from .connections import http_gateway, serve
from .factories import make_customer, sell, submitted_sale

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def ask(server):
    """A function that asks the control endpoint; whatever it changed is put back afterwards."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)

    def ask(verb, path, said=None, headers=JSON):
        body = said if said is None or isinstance(said, bytes) else json.dumps(said)
        connection.request(verb, f"/sandbox{path}", body, headers)
        response = connection.getresponse()
        assert response.headers["Content-Type"].startswith("application/json")
        return response.status, json.loads(response.read())

    yield ask
    ask("DELETE", "/faults")
    ask("DELETE", "/clock")
    connection.close()


def test_it_says_what_it_can_do(ask):
    status, said = ask("GET", "")
    assert status == 200
    for call, text in said.items():
        verb, path = call.split(" ")
        assert path.startswith("/sandbox/")
        assert text
        # It is there: whatever is said against the request, it is not that.
        assert ask(verb, path.removeprefix("/sandbox"), b"[]")[0] != 404


def test_rules_are_added_listed_and_removed(ask, server):
    status, added = ask("POST", "/faults", {"effect": "status", "status": 503, "path": "/customers"})
    assert (status, added["fault"]["when"]) == (200, "before")
    with http_gateway(server.port) as gateway:
        with pytest.raises(ServiceUnavailableError):
            make_customer(gateway)
        rule = {"id": added["id"], "matched": 1, "acted": 1, "fault": added["fault"]}
        assert ask("GET", "/faults") == (200, {"faults": [rule]})
        assert ask("DELETE", f"/faults/{added['id']}") == (200, {"faults": []})
        make_customer(gateway)
    assert ask("DELETE", f"/faults/{added['id']}")[0] == 404
    assert ask("POST", "/faults", {"text": "timeout after"})[1]["fault"] == {
        "effect": "timeout",
        "when": "after",
    }
    ask("POST", "/faults", {"effect": "reset"})
    assert ask("DELETE", "/faults") == (200, {"faults": []})


def test_the_clock_is_told_set_and_moved(ask, server):
    assert ask("GET", "/clock")[1]["ticking"] is True
    status, told = ask("PUT", "/clock", {"at": "2030-01-31T23:59:59+00:00", "ticking": False})
    assert (status, told) == (200, {"now": "2030-01-31T23:59:59+00:00", "ticking": False})
    with http_gateway(server.port) as gateway:
        assert sell(gateway).created_at == datetime(2030, 1, 31, 23, 59, 59)  # noqa: DTZ001 - as the SDK does
    assert ask("POST", "/clock/move", {"days": 1, "seconds": 1})[1]["now"] == "2030-02-02T00:00:00+00:00"
    now = datetime.fromisoformat(ask("DELETE", "/clock")[1]["now"])
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_was_submitted_settles_when_told_to(ask, server):
    with http_gateway(server.port) as gateway:
        sale = submitted_sale(gateway)
        status, told = ask("POST", "/settle")
        assert status == 200
        assert told["settled"] >= 1
        assert gateway.transaction.find(sale.id).status == "settled"


def test_what_was_submitted_settles_when_the_day_turns(ask, server):
    with http_gateway(server.port) as gateway:
        sale = submitted_sale(gateway)
        ask("POST", "/clock/move", {"days": 1})
        assert gateway.transaction.find(sale.id).status == "settled"


@contextmanager
def receiver():
    """A server that notes the webhooks it is sent."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append({name: values[0] for name, values in parse_qs(body).items()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/hook", received
        listening.shutdown()
        thread.join()


def test_a_signed_webhook_is_sent(ask, server, capsys):
    with receiver() as (url, received), http_gateway(server.port) as gateway:
        sale = submitted_sale(gateway)
        ask("POST", "/clock/move", {"days": 5})
        assert gateway.transaction.find(sale.id).status == "settled"
        said = {"kind": "transaction_disbursed", "id": sale.id, "url": url}
        assert ask("POST", "/webhooks", said) == (200, {"status": 204})
        assert shell(server, capsys, "webhook", "check", url) == {"status": 204}
        disbursed, check = (gateway.webhook_notification.parse(*form.values()) for form in received)
    assert (disbursed.kind, disbursed.transaction.id) == ("transaction_disbursed", sale.id)
    assert check.kind == "check"


def test_the_requests_seen_are_listed_with_the_newest_first(ask, server):
    with http_gateway(server.port) as gateway:
        customer = make_customer(gateway)
        gateway.customer.create({"id": customer.id})
    _, seen = ask("GET", "/requests?limit=2")
    refused, created = seen["requests"]
    assert (created["verb"], created["path"], created["status"], created["note"]) == (
        "POST",
        "/merchants/integration_merchant_id/customers",
        201,
        "",
    )
    assert (refused["status"], refused["note"]) == (422, "Customer ID has already been taken.")
    assert refused["milliseconds"] > 0


@pytest.mark.parametrize(
    ("verb", "path", "said", "headers", "status", "complaint"),
    [
        ("GET", "/nothing", None, JSON, 404, "GET /sandbox says what there is"),
        ("PUT", "/faults", None, JSON, 404, "there is no PUT"),
        ("DELETE", "/faults/x", None, JSON, 404, "there is no fault x"),
        ("POST", "/faults", {"effect": "explode"}, JSON, 422, "is no effect"),
        ("POST", "/faults", {"text": "timeout nth=x"}, JSON, 422, "must be a number"),
        ("POST", "/faults", b"{", JSON, 400, "cannot be read"),
        ("POST", "/faults", b"\xff", JSON, 400, "cannot be read"),
        ("POST", "/faults", b"[]", JSON, 400, "send a JSON object"),
        ("POST", "/faults", {"effect": "reset"}, {"Content-Type": "text/plain"}, 415, "send JSON"),
        ("PUT", "/clock", {"at": "tomorrow"}, JSON, 422, "isoformat"),
        ("PUT", "/clock", {"at": 5}, JSON, 422, 'say {"at"'),
        ("PUT", "/clock", {"when": "now"}, JSON, 422, "there is no 'when' here, only at, ticking"),
        ("POST", "/clock/move", {"days": "1"}, JSON, 422, "with numbers"),
        ("POST", "/clock/move", {"days": 10**12}, JSON, 422, "too large"),
        ("POST", "/webhooks", {"kind": "check"}, JSON, 422, "say the kind and the url"),
        ("POST", "/webhooks", {"kind": "rain", "url": "http://127.0.0.1:1/"}, JSON, 422, "rain"),
        (
            "POST",
            "/webhooks",
            {"kind": "check", "url": "http://127.0.0.1:1/"},
            JSON,
            422,
            "cannot be reached",
        ),
        ("GET", "/requests?limit=all", None, JSON, 422, "a number"),
    ],
)
def test_a_request_that_makes_no_sense_is_explained(ask, verb, path, said, headers, status, complaint):
    answered, answer = ask(verb, path, said, headers)
    assert answered == status
    assert complaint in answer["error"]


@pytest.mark.parametrize(
    ("client", "host", "status"),
    [
        ("127.0.0.1", "localhost:3000", 200),
        ("::1", "[::1]:3000", 200),
        ("127.0.0.1", "", 200),
        ("192.0.2.1", "localhost:3000", 403),
        # A page elsewhere whose name was made to lead here.
        ("127.0.0.1", "evil.example:3000", 403),
    ],
)
def test_only_this_machine_is_let_in(shared_sandbox, client, host, status):
    delivery = control.answer(shared_sandbox, "GET", "/sandbox/clock", {"Host": host}, b"", client)
    assert delivery.status == status
    assert status == 200 or "this machine" in json.loads(delivery.text)["error"]


CHANGES = [
    ("POST", "/reset"),
    ("POST", "/settle"),
    ("POST", "/clock/move"),
    ("DELETE", "/clock"),
    ("DELETE", "/faults"),
]


@pytest.mark.parametrize(("verb", "path"), CHANGES)
@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "http://evil.example@{host}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_web_page_of_another_address_changes_nothing(ask, server, verb, path, said):
    headers = {name: value.format(host=f"127.0.0.1:{server.port}") for name, value in said.items()}
    ask("POST", "/faults", {"effect": "latency", "seconds": 0})
    ask("PUT", "/clock", {"at": "2030-01-31T12:00:00Z", "ticking": False})
    with http_gateway(server.port) as gateway:
        sale = submitted_sale(gateway)
        status, answer = ask(verb, path, headers=headers)
        assert (status, "web pages of other addresses" in answer["error"]) == (403, True)
        assert gateway.transaction.find(sale.id).status == "submitted_for_settlement"
    assert len(ask("GET", "/faults")[1]["faults"]) == 1
    assert ask("GET", "/clock")[1]["now"] == "2030-01-31T12:00:00+00:00"


@pytest.mark.parametrize(
    "said", [{}, {"Origin": "http://{host}"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_its_own_pages_and_what_is_no_browser_may_change_things(ask, server, said):
    headers = {name: value.format(host=f"127.0.0.1:{server.port}") for name, value in said.items()}
    assert ask("POST", "/settle", headers=headers)[0] == 200


def test_the_books_can_be_emptied(books):
    with serve(books) as server, http_gateway(server.port) as gateway, Sandbox(books) as sandbox:
        sale = sell(gateway, customer_id=make_customer(gateway).id, payment_method_nonce="fake-valid-nonce")
        sandbox.faults.add(Fault("latency", seconds=0))
        sandbox.clock.move(timedelta(days=1))
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/sandbox/reset")
        assert connection.getresponse().status == 200
        connection.close()
        assert sandbox.faults.list() == []
        assert sandbox.requests.list() == []
        assert abs(sandbox.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
        with pytest.raises(NotFoundError):
            gateway.transaction.find(sale.id)
        assert sell(gateway).id


def test_books_that_broke_are_an_error_of_the_sandbox(books, capsys):
    with Sandbox(books) as sandbox:
        sandbox.close()
        books.write_text("This is no database." * 100)
        delivery = control.answer(sandbox, "GET", "/sandbox/clock", {}, b"", "127.0.0.1")
        assert delivery.status == 500
        assert "cannot use" in json.loads(delivery.text)["error"]
        with pytest.raises(ServerError):
            make_customer(connect(sandbox))
        assert "BooksError" in capsys.readouterr().err


def shell(server, capsys, *words):
    """Run a control command and return what it prints."""
    assert main(["control", "--url", f"http://127.0.0.1:{server.port}", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_all_of_it_can_be_done_from_a_shell(server, ask, capsys):
    added = shell(server, capsys, "fault", "503", "POST", "/customers", "times=1")
    assert added["fault"] == {
        "effect": "status",
        "when": "before",
        "verb": "POST",
        "path": "/customers",
        "times": 1,
        "status": 503,
    }
    assert shell(server, capsys, "faults")["faults"][0]["id"] == added["id"]
    assert shell(server, capsys, "remove", str(added["id"])) == {"faults": []}
    assert shell(server, capsys, "remove", "all") == {"faults": []}
    assert shell(server, capsys, "clock", "2030-01-01T00:00:00")["now"].startswith("2030-01-01T00:00:0")
    assert shell(server, capsys, "clock", "+1d")["now"].startswith("2030-01-02T00:00:0")
    assert shell(server, capsys, "clock")["now"].startswith("2030-01-02T00:00:")
    assert not shell(server, capsys, "clock", "real")["now"].startswith("2030")
    assert shell(server, capsys, "settle").keys() == {"settled"}
    assert shell(server, capsys, "requests").keys() == {"requests"}


def test_a_shell_is_told_what_went_wrong(server, capsys):
    assert main(["control", "--url", f"http://127.0.0.1:{server.port}", "fault", "explode"]) == 1
    assert "is no effect" in json.loads(capsys.readouterr().out)["error"]
    assert main(["control", "--url", "http://127.0.0.1:1", "faults"]) == 2
    assert capsys.readouterr().err.startswith("error: No sandbox answers at http://127.0.0.1:1: ")
    with pytest.raises(SystemExit):
        main(["control", "--help"])
    assert "EFFECT [before|after]" in capsys.readouterr().out
