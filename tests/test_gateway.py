"""What the gateway's answers mean, over real HTTP: servers on this host that answer, and some that do not."""

import base64
import socket
import struct
import threading
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import braintree
import pytest
from braintree.exceptions.not_found_error import NotFoundError

from genbilling import conf
from genbilling.exceptions import BadSetting, CardRefused, GatewayUncertain, GatewayUnusable
from genbilling.gateway import Ending, PaymentService, connections
from genbilling.interface import remove_card, save_card
from genbilling.models import Card, Charge, Invoice
from genbilling.sandbox import Sandbox, http_strategy
from tests.factories import (
    GOOD_CARD,
    an_owner,
    at,
    declare,
    hearing,
    invoice_of,
    product,
    run,
    run_failing,
)

NOT_SENT_STATUSES = [401, 403, 404, 426, 429]
UNKNOWN_STATUSES = [400, 408, 409, 500, 502, 503, 504]
SALE = {
    "amount": "20.00",
    "order_id": "order-1",
    "payment_method_nonce": GOOD_CARD,
    "options": {"submit_for_settlement": True},
}


class Server(ThreadingHTTPServer):
    """Braintree over HTTP, its books in a file. `spoil` answers in its place what is posted `at` a path."""

    daemon_threads = True

    def __init__(self, books):
        super().__init__(("127.0.0.1", 0), Handler)
        self.sandbox = Sandbox(books)
        self.spoil = None
        self.at = "/transactions"
        self.released = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Say nothing about clients that hang up."""


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def forward():
            return self.server.sandbox.handle(self.command, self.path, dict(self.headers.items()), body)

        if self.server.spoil and self.command == "POST" and self.path.endswith(self.server.at):
            self.server.spoil(self, forward)
        else:
            self.say(*forward())

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def say(self, status, text, length=None):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Keep quiet."""


# How an answer is spoiled. Each is called with the handler, and what carries the request out.


def saying(status, text=""):
    return lambda handler, forward: handler.say(status, text)


def cut_off(handler, forward):
    handler.say(201, "<transaction><id>1", length=1000)


def cut_off_after(handler, forward):
    status, text = forward()
    handler.say(status, text[: len(text) // 2], length=len(text.encode()))


def hang_up(handler, forward):
    handler.connection.shutdown(socket.SHUT_RDWR)


def reset(handler, forward):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def hang(handler, forward):
    handler.server.released.wait(30)


def after(spoil):
    """The same, but the sale has been made."""

    def charged(handler, forward):
        forward()
        spoil(handler, forward)

    return charged


def replacing(old, new):
    """The sale's answer with another text in it."""

    def replaced(handler, forward):
        status, text = forward()
        assert old in text
        handler.say(status, text.replace(old, new))

    return replaced


SPOILED = {
    **{str(status): saying(status) for status in UNKNOWN_STATUSES},
    "an empty answer": saying(201),
    "garbage": saying(201, "<<< not xml >>>"),
    "a page of a proxy": saying(200, "<html><body>Welcome<br></body></html>"),
    "cut off": cut_off,
    "hung up": hang_up,
    "reset": reset,
    "time-out": hang,
}
spoiled = pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())


@pytest.fixture
def server(braintree_books, settings, monkeypatch):
    """The gateway at work on this host, over HTTP; it waits a short while only for an answer."""
    monkeypatch.setattr(connections, "TIMEOUT_SECONDS", 0.5)
    server = Server(braintree_books)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.BRAINTREE_ENVIRONMENT = server.url
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()
    server.sandbox.close()


@contextmanager
def closed_port():
    """The URL of a port on this host that nobody listens at."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"


@contextmanager
def full_port():
    """The URL of a port whose queue is full, so that nobody gets connected."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for client in waiting:
                client.close()


@contextmanager
def asking(books):
    """The SDK on the gateway's own books."""
    with Sandbox(books) as sandbox:
        yield braintree.BraintreeGateway(
            braintree.Configuration(
                braintree.Environment.Development,
                merchant_id="integration_merchant_id",
                public_key="integration_public_key",
                private_key="integration_private_key",
                http_strategy=http_strategy(sandbox),
            )
        )


def sales(books):
    with asking(books) as vendor:
        return list(vendor.transaction.search(braintree.TransactionSearch.amount >= "0.01").items)


def is_vaulted(books, token):
    with asking(books) as vendor:
        try:
            vendor.payment_method.find(token)
        except NotFoundError:
            return False
        return True


def sale(key="key-1", **changes):
    return PaymentService().sale(SALE | changes, key)


# One sale


def test_a_sale_over_http_is_paid(server, braintree_books):
    outcome = sale()
    assert (outcome.ending, outcome.amount, outcome.order_id, outcome.status, outcome.currency) == (
        Ending.PAID,
        Decimal("20.00"),
        "order-1",
        "submitted_for_settlement",
        "USD",
    )
    assert [one.id for one in sales(braintree_books)] == [outcome.transaction_id]


def test_the_same_sale_under_the_same_key_is_the_same_sale(server, braintree_books):
    assert sale().transaction_id == sale().transaction_id
    assert len(sales(braintree_books)) == 1


@pytest.mark.parametrize(
    ("changes", "ending", "message"),
    [
        ({"amount": "2001.00"}, Ending.REFUSED, "Insufficient Funds"),
        ({"amount": "3000.00"}, Ending.REFUSED, "Processor Network Unavailable"),
        ({"amount": "5001.00"}, Ending.REFUSED, "Gateway Rejected: application_incomplete"),
        ({"amount": "-1"}, Ending.REFUSED, "Amount cannot be negative"),
        ({"payment_method_nonce": "nonsense"}, Ending.REFUSED, "nonce"),
        ({"options": {}}, Ending.UNKNOWN, ""),
    ],
)
def test_what_the_gateway_says_no_to_is_refused(server, changes, ending, message):
    outcome = sale(**changes)
    assert (outcome.ending, message in outcome.message) == (ending, True)


@pytest.mark.parametrize(("amount", "hard"), [("2001.00", False), ("2004.00", True)])
def test_a_hard_decline_is_told_from_a_soft_one(server, amount, hard):
    assert sale(amount=amount).hard_decline is hard


def test_a_token_that_is_gone_is_told_from_other_errors(server):
    request = {name: value for name, value in SALE.items() if name != "payment_method_nonce"}
    outcome = PaymentService().sale(request | {"payment_method_token": "gone"}, "key-1")
    assert (outcome.ending, outcome.cannot_be) == (Ending.REFUSED, True)
    assert not sale(payment_method_nonce="nonsense").cannot_be


def test_another_request_under_a_used_key_leaves_the_outcome_open(server, braintree_books):
    sale()
    assert sale(amount="30.00").ending is Ending.UNKNOWN
    assert len(sales(braintree_books)) == 1


def test_a_request_is_not_written_into(server):
    request = {**SALE, "options": dict(SALE["options"])}
    PaymentService().sale(request, "key-1")
    assert request == SALE


@pytest.mark.parametrize("status", NOT_SENT_STATUSES)
def test_a_status_that_turns_us_away_means_that_nothing_was_sent(server, status):
    server.spoil = saying(status)
    outcome = sale()
    assert outcome.ending is Ending.NOT_SENT
    assert outcome.message


@spoiled
def test_an_answer_that_cannot_be_read_leaves_the_outcome_open(server, spoil):
    server.spoil = spoil
    outcome = sale()
    assert outcome.ending is Ending.UNKNOWN
    assert outcome.message


@pytest.mark.parametrize("port", [closed_port, full_port])
def test_without_a_connection_nothing_was_sent(settings, monkeypatch, port):
    monkeypatch.setattr(connections, "TIMEOUT_SECONDS", 0.3)
    with port() as url:
        settings.BRAINTREE_ENVIRONMENT = url
        outcome = sale()
        assert outcome.ending is Ending.NOT_SENT
        assert "cannot be reached" in outcome.message
        with pytest.raises(GatewayUnusable, match="nothing was sent"):
            PaymentService().find_sale("order-1")


@pytest.mark.parametrize("name", ["BRAINTREE_MERCHANT_ID", "BRAINTREE_PUBLIC_KEY", "BRAINTREE_PRIVATE_KEY"])
@pytest.mark.parametrize("transport", ["embedded", "http"])
def test_wrong_credentials_are_told_without_being_shown(request, settings, name, transport, braintree_books):
    if transport == "http":
        request.getfixturevalue("server")
    setattr(settings, name, "wrong-one")
    outcome = sale()
    assert outcome.ending is Ending.NOT_SENT
    assert "BRAINTREE_PRIVATE_KEY" in outcome.message
    assert "wrong-one" not in outcome.message
    with pytest.raises(GatewayUnusable, match="BRAINTREE_MERCHANT_ID"):
        PaymentService().find_sale("order-1")
    assert sales(braintree_books) == []


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_in_the_environment_does_not_hijack_a_gateway_on_this_host(server, monkeypatch, name):
    for excepted in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(excepted, raising=False)
    with closed_port() as proxy:
        monkeypatch.setenv(name, proxy)
        assert sale().ending is Ending.PAID


def test_credentials_in_a_netrc_file_do_not_replace_ours(server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert sale().ending is Ending.PAID


def test_the_credentials_go_along_and_nothing_else_of_ours(server):
    seen = []

    def note(handler, forward):
        seen.append(handler.headers["Authorization"])
        handler.say(*forward())

    server.spoil = note
    sale()
    assert seen == ["Basic " + base64.b64encode(b"integration_public_key:integration_private_key").decode()]


def test_changed_settings_hold_at_the_next_call(server, settings, tmp_path):
    assert sale().ending is Ending.PAID
    settings.BRAINTREE_ENVIRONMENT = "embedded"
    settings.GENBILLING = {**settings.GENBILLING, "EMBEDDED_DB": tmp_path / "other.sqlite3"}
    assert PaymentService().find_sale("order-1") is None


def test_a_books_file_that_cannot_be_used_is_a_wrong_setting(settings, tmp_path):
    settings.GENBILLING = {**settings.GENBILLING, "EMBEDDED_DB": tmp_path / "no folder" / "books.sqlite3"}
    with pytest.raises(BadSetting, match=r"GENBILLING\['EMBEDDED_DB'\] cannot be used"):
        PaymentService()


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_braintrees_own_hosts_are_addressed_as_the_sdk_has_them(settings, environment):
    settings.BRAINTREE_ENVIRONMENT = environment
    service = PaymentService()
    wanted = getattr(braintree.Environment, environment.capitalize())
    assert service._gateway.config.environment is wanted
    assert service._gateway.config.wrap_http_exceptions
    assert conf.braintree().environment == environment


# Finding a sale


def test_a_sale_is_found_by_its_order_id(server):
    made = sale()
    found = PaymentService().find_sale("order-1")
    assert (found.ending, found.transaction_id, found.amount) == (
        Ending.PAID,
        made.transaction_id,
        made.amount,
    )
    assert PaymentService().find_sale("order-2") is None


def test_of_several_sales_with_one_order_id_the_paid_one_is_found(server):
    sale("key-1", amount="2001.00")
    paid = sale("key-2")
    sale("key-3", amount="2001.00")
    assert PaymentService().find_sale("order-1").transaction_id == paid.transaction_id


# A dispatch


@pytest.fixture
def owner(server, settings, db):
    """An owner with a card, whose October invoice of 20.00 is due."""
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        return an_owner("PLAN", card=GOOD_CARD)


def october_of(owner):
    return invoice_of(owner, 202610)


def assert_paid_once(owner, books):
    october = october_of(owner)
    assert (october.paid, october.failed, october.pending_charge) == (True, False, None)
    assert [(one.amount, one.id) for one in sales(books)] == [
        (Decimal("20.00"), october.paying_charge.transaction_id)
    ]
    assert october.charges.filter(state=Charge.State.PAID).count() == 1


def assert_untouched(owner):
    october = october_of(owner)
    assert (october.sent, october.failed, october.paid, october.pending_charge) == (False, False, False, None)
    assert not october.charges.exclude(state=Charge.State.NOT_SENT).exists(), "no try was counted"


@pytest.mark.parametrize("status", NOT_SENT_STATUSES)
def test_a_dispatch_that_is_turned_away_leaves_the_invoice_as_it_was(server, owner, braintree_books, status):
    with at("2026-10-01"), hearing() as heard:
        server.spoil = saying(status)
        assert "The run was stopped: GatewayUnusable" in run_failing("dispatch_invoices")
        assert_untouched(owner)
        server.spoil = None
        assert "1 paid (20.00)" in run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)
    assert [name for name, said in heard] == ["invoice_sent"]


def test_a_dispatch_at_a_closed_port_leaves_the_invoice_as_it_was(server, owner, settings, braintree_books):
    with at("2026-10-01"):
        with closed_port() as url:
            settings.BRAINTREE_ENVIRONMENT = url
            assert "cannot be reached" in run_failing("dispatch_invoices")
        assert_untouched(owner)
        settings.BRAINTREE_ENVIRONMENT = server.url
        run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)


def assert_blocked(owner):
    october = october_of(owner)
    [charge] = october.charges.all()
    assert charge.state == Charge.State.PENDING
    assert charge.message
    assert october.pending_charge == charge
    assert (october.sent, october.paid, october.failed) == (True, False, False)
    return charge


@spoiled
def test_a_sale_that_was_not_made_is_sent_again_under_the_same_key(server, owner, braintree_books, spoil):
    with at("2026-10-01"), hearing() as heard:
        server.spoil = spoil
        assert "The outcome is not known" in run_failing("dispatch_invoices")
        key = assert_blocked(owner).key
        assert sales(braintree_books) == []
        assert heard == []
        server.spoil = None
        assert "1 paid (20.00)" in run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)
    assert [charge.key for charge in october_of(owner).charges.all()] == [key]
    assert [name for name, said in heard] == ["invoice_sent"]


LOST = {
    **{name: after(spoil) for name, spoil in SPOILED.items()},
    "cut off in the middle": cut_off_after,
}


@pytest.mark.parametrize("spoil", LOST.values(), ids=LOST.keys())
def test_a_sale_whose_answer_was_lost_is_found_and_not_made_again(server, owner, braintree_books, spoil):
    with at("2026-10-01"), hearing() as heard:
        server.spoil = spoil
        assert "1 uncertain" in run_failing("dispatch_invoices")
        assert_blocked(owner)
        assert len(sales(braintree_books)) == 1
        # Spoiled still: finding it needs no second sale.
        assert "1 paid (20.00)" in run("dispatch_invoices")
        assert "nothing to do" in run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)
    assert [name for name, said in heard] == ["invoice_sent"]


def test_a_decline_whose_answer_was_lost_is_found_and_counted_once(server, settings, db, braintree_books):
    declare(settings, product("SOFT", flat_rate="1000.50"))
    with at("2026-09-10"):
        owner = an_owner("SOFT", card=GOOD_CARD)
    with at("2026-10-01"), hearing() as heard:
        server.spoil = after(reset)
        run_failing("dispatch_invoices")
        assert "1 refused" in run("dispatch_invoices")
    october = october_of(owner)
    assert (october.failed, october.pending_charge, october.charges.count()) == (True, None, 1)
    assert [(name, said["charge"].response_code) for name, said in heard] == [("credit_card_error", "2001")]


def test_while_an_outcome_is_open_every_further_try_only_asks(server, owner, braintree_books):
    with at("2026-10-01"):
        server.spoil = after(reset)
        run_failing("dispatch_invoices")
        server.spoil, server.at = saying(429), ""
        for _ in range(2):
            assert "The run was stopped: GatewayUnusable" in run_failing("dispatch_invoices")
            with pytest.raises(GatewayUnusable):
                october_of(owner).send_payment(force=True)
        server.spoil = None
        assert_blocked(owner)
        assert len(sales(braintree_books)) == 1
        assert october_of(owner).send_payment(force=True) == october_of(owner).paying_charge
    assert_paid_once(owner, braintree_books)


def test_an_outcome_that_stays_open_stays_blocked_and_keeps_its_key(server, owner, braintree_books):
    with at("2026-10-01"):
        server.spoil = saying(503)
        for _ in range(3):
            assert "1 uncertain" in run_failing("dispatch_invoices")
        assert_blocked(owner)
    with at("2026-10-05"):
        server.spoil = None
        run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)
    assert october_of(owner).charges.count() == 1


def test_after_seven_days_a_sale_that_is_not_found_did_not_happen_and_gets_a_new_key(
    server, owner, braintree_books
):
    with at("2026-10-01"):
        server.spoil = reset
        run_failing("dispatch_invoices")
        old = assert_blocked(owner)
    with at("2026-10-09"):
        server.spoil = None
        run("dispatch_invoices")
    first, second = october_of(owner).charges.order_by("pk")
    assert (first.key, first.state) == (old.key, Charge.State.NOT_SENT)
    assert (second.key != old.key, second.state) == (True, Charge.State.PAID)
    assert_paid_once(owner, braintree_books)


def test_after_seven_days_a_sale_that_is_found_counts_all_the_same(server, owner, braintree_books):
    with at("2026-10-01"):
        server.spoil = after(reset)
        run_failing("dispatch_invoices")
    with at("2026-10-30"):
        run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)
    assert october_of(owner).charges.count() == 1


def test_a_sale_that_another_process_may_still_be_making_is_left_to_it(server, owner, braintree_books):
    with at("2026-10-01 02:00"):
        server.spoil = reset
        run_failing("dispatch_invoices")
        # As a process leaves it that died between the claim and the answer.
        Charge.objects.update(uncertain_at=None, message="")
    server.spoil = None
    with at("2026-10-01 02:03"):
        assert october_of(owner).send_payment() is None
        assert sales(braintree_books) == []
    with at("2026-10-01 02:06"):
        run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)


@pytest.mark.parametrize(
    ("old", "new"),
    [("<amount>20.00<", "<amount>2.00<"), ("<order-id>genbilling-", "<order-id>somebody-")],
    ids=["another amount", "another order id"],
)
def test_a_sale_that_is_not_ours_is_not_taken(server, owner, braintree_books, caplog, old, new):
    with at("2026-10-01"):
        server.spoil = replacing(old, new)
        assert "1 uncertain" in run_failing("dispatch_invoices")
        assert "has another amount or order id" in assert_blocked(owner).message
        assert "a sale that is not its own" in caplog.text
        run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)


def test_a_sale_in_another_currency_took_money_and_ends_the_run(
    server, settings, db, braintree_books, caplog
):
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        owners = [an_owner("PLAN", card=GOOD_CARD) for _ in range(30)]

    def in_euros(handler, forward):
        replacing("<currency-iso-code>USD<", "<currency-iso-code>EUR<")(handler, forward)

    with at("2026-10-01"):
        server.spoil = in_euros
        output = run_failing("dispatch_invoices", in_flight=1)
        assert "The run was stopped: The merchant account charges in another currency." in output
        paid = list(Charge.objects.filter(state="paid"))
        assert 1 <= len(paid) < len(owners)
        for charge in paid:
            assert f"Transaction {charge.transaction_id} took EUR, and the invoice is in USD" in output
            assert (charge.currency, charge.invoice.paid, "took EUR" in charge.message) == ("EUR", True, True)
        unpaid = Invoice.objects.filter(period=202610, paid=False).first()
        assert unpaid.send_payment().currency == "EUR"
        assert "took EUR, and the invoice is in USD" in caplog.text
    assert Invoice.objects.filter(period=202610, paid=True).count() == len(sales(braintree_books))


def test_an_uncertain_charge_of_one_account_stops_no_other(server, settings, db, braintree_books):
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        owners = [an_owner("PLAN", card=GOOD_CARD) for _ in range(3)]

    def once(handler, forward):
        server.spoil = None
        reset(handler, forward)

    with at("2026-10-01"):
        server.spoil = once
        output = run_failing("dispatch_invoices")
        assert "2 paid (40.00)" in output
        assert "1 uncertain" in output
        assert sorted(october_of(owner).paid for owner in owners) == [False, True, True]
        run("dispatch_invoices")
    assert Invoice.objects.filter(period=202610, paid=True).count() == len(sales(braintree_books)) == 3


def test_no_charge_is_signalled_before_its_outcome_is_known(server, owner):
    with at("2026-10-01"), hearing() as heard:
        server.spoil = after(reset)
        run_failing("dispatch_invoices")
    assert heard == []
    assert Charge.objects.get().signalled_at is None


# The vault


def test_the_card_of_a_pending_charge_stays_in_the_vault_until_it_is_resolved(server, owner, braintree_books):
    with at("2026-10-01"):
        server.spoil = reset
        run_failing("dispatch_invoices")
        save_card(owner, GOOD_CARD)
        first, second = Card.objects.order_by("pk")
        assert (first.state, second.state) == (Card.State.LEAVING, Card.State.CURRENT)
        server.spoil = None
        run("dispatch_invoices")
        assert_paid_once(owner, braintree_books)
        assert sales(braintree_books)[0].credit_card["token"] == first.token, "the frozen request was sent"
        run("dispatch_invoices")
        assert Card.objects.get(pk=first.pk).state == Card.State.GONE


def test_a_card_that_left_the_vault_after_all_makes_room_for_the_present_one(server, owner, braintree_books):
    with at("2026-10-01"), hearing() as heard:
        server.spoil = reset
        run_failing("dispatch_invoices")
        PaymentService().delete_card(Card.objects.get().token)
        save_card(owner, GOOD_CARD)
        server.spoil = None
        run("dispatch_invoices")
    assert_paid_once(owner, braintree_books)
    assert sales(braintree_books)[0].credit_card["token"] == Card.objects.get(state="current").token
    assert [name for name, said in heard] == ["invoice_sent"]


def test_a_card_is_not_saved_where_the_gateway_cannot_be_reached(server, owner, settings, braintree_books):
    before = Card.objects.get()
    with closed_port() as url:
        settings.BRAINTREE_ENVIRONMENT = url
        with pytest.raises(GatewayUnusable):
            save_card(owner, GOOD_CARD)
        assert Card.objects.get(state=Card.State.CURRENT) == before
        with pytest.raises(GatewayUnusable):
            remove_card(owner)
    assert not Card.objects.filter(state=Card.State.CURRENT).exists(), "off file here all the same"
    settings.BRAINTREE_ENVIRONMENT = server.url
    run("dispatch_invoices")
    assert set(Card.objects.values_list("state", flat=True)) == {Card.State.GONE}
    assert not is_vaulted(braintree_books, before.token)


@pytest.mark.parametrize("status", [500, 429])
def test_a_card_whose_saving_is_not_answered_is_swept_out_later(server, owner, braintree_books, status):
    before = Card.objects.get()
    server.spoil, server.at = after(saying(status)), "/payment_methods"
    with pytest.raises(GatewayUncertain if status == 500 else GatewayUnusable):
        save_card(owner, GOOD_CARD)
    leaving = Card.objects.get(state=Card.State.LEAVING)
    assert is_vaulted(braintree_books, leaving.token)
    run("dispatch_invoices")
    assert not is_vaulted(braintree_books, leaving.token)
    assert Card.objects.get(state=Card.State.CURRENT) == before


def test_a_refused_card_is_told_from_a_gateway_that_does_not_answer(server, owner):
    with pytest.raises(CardRefused):
        save_card(owner, "nonsense")
