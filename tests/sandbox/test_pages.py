import re
import time
from html import unescape
from html.parser import HTMLParser
from http.client import HTTPConnection

import pytest

from genbilling.sandbox import Sandbox, pages

from .connections import embedded_gateway
from .factories import make_card, make_customer, sell, settled_sale, succeed, try_sale

VOID = ("meta", "input")


class Links(HTMLParser):
    """Collects the links of a page, and checks that every element is closed in its order."""

    def __init__(self, html):
        super().__init__()
        self.found, self.open = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if tag == "a":
            self.found.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def sandbox(books):
    with Sandbox(books) as fresh:
        yield fresh


@pytest.fixture
def gateway(sandbox):
    return embedded_gateway(sandbox)


def shown(sandbox, path):
    status, html = pages.page(sandbox, path)
    assert status == 200
    Links(html)
    return html


def test_every_page_is_whole_and_every_link_leads_somewhere(sandbox, gateway):
    card = make_card(gateway, options={"verify_card": True}, billing_address={"locality": "Oslo"})
    sale = settled_sale(gateway, "10.00", payment_method_token=card.token)
    succeed(gateway.transaction.refund(sale.id, "4.00"))
    try_sale(gateway, "2001.00")
    sandbox.open_dispute(sale.id)
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += Links(shown(sandbox, path)).found
    assert {
        "/books/requests",
        f"/books/transactions/{sale.id}",
        f"/books/cards/{card.token}",
        f"/books/customers/{card.customer_id}",
    } <= seen


def test_empty_books_are_shown_too(sandbox):
    for path in ("/", "/books", "/books/customers", "/books/transactions?q=x", "/books/requests"):
        assert "Nothing here yet" in shown(sandbox, path)


def test_what_a_caller_sent_is_never_taken_for_html(sandbox, gateway):
    evil = "<script>alert('1')</script>"
    customer = make_customer(gateway, first_name=evil, email="a&b@example.com")
    sell(gateway, order_id=evil, customer={"company": evil})
    for path in ("/", "/books/customers", f"/books/customers/{customer.id}", "/books/transactions"):
        html = shown(sandbox, path)
        assert "<script" not in html
        assert evil in unescape(html)
    html = shown(sandbox, '/books/transactions?q="><script>')
    assert "<script" not in html


def test_the_pages_tell_what_was_asked_but_no_secrets(sandbox, gateway):
    make_customer(gateway)
    errors = gateway.transaction.sale({"amount": "x"})
    token = gateway.client_token.generate({"version": 1})
    fingerprint = re.search(r'"authorizationFingerprint": "([^"]+)"', token)[1]
    sandbox.deliver(
        "GET",
        "/merchants/integration_merchant_id/client_api/v1/configuration"
        f"?authorizationFingerprint={fingerprint}",
        {},
        None,
    )
    html = shown(sandbox, "/books/requests")
    assert "/merchants/integration_merchant_id/customers" in html
    assert errors.message.partition("\n")[0] in unescape(html)
    assert fingerprint not in html


def test_a_list_has_fifty_to_a_page_and_goes_both_ways(sandbox, gateway):
    made = [make_customer(gateway).id for _ in range(120)][::-1]

    def ids(html):
        return re.findall(r'href="/books/customers/(\d+)"', html)

    first = shown(sandbox, "/books/customers")
    assert ids(first) == made[:50]
    assert "Newer" not in first
    (older,) = [path for path in Links(first).found if "before=" in path]
    second = shown(sandbox, older)
    assert ids(second) == made[50:100]
    newer, older = [path for path in Links(second).found if "after=" in path or "before=" in path]
    assert ids(shown(sandbox, newer)) == made[:50]
    last = shown(sandbox, older)
    assert ids(last) == made[100:]
    assert "Older" not in last


def test_an_object_is_found_by_its_id(sandbox, gateway):
    sale, other = sell(gateway, order_id="order-1"), sell(gateway, order_id="order-2")
    html = shown(sandbox, "/books/transactions?q=order-1")
    assert sale.id in html
    assert other.id not in html


@pytest.mark.parametrize(
    "path", ["/books/nonsense", "/books/customers/nobody", "/books/customers/a/b", "/books/cards/%3Cb%3E"]
)
def test_a_page_that_is_not_there_is_not_found(sandbox, path):
    status, html = pages.page(sandbox, path)
    assert status == 404
    assert "<b>" not in html


def test_the_books_of_another_merchant_are_a_link_away(sandbox):
    keys = {name: f"dup_checking_integration_{name}" for name in ("merchant_id", "public_key", "private_key")}
    sale = sell(embedded_gateway(sandbox, **keys))
    assert sale.id not in shown(sandbox, "/")
    merchant = "merchant=dup_checking_integration_merchant_id"
    assert f"/?{merchant}" in shown(sandbox, "/")
    assert f"/books/transactions/{sale.id}?{merchant}" in shown(sandbox, f"/?{merchant}")
    assert "dup_checking_integration_merchant_id/transactions" in shown(
        sandbox, f"/books/requests?{merchant}"
    )
    assert sale.id not in shown(sandbox, "/?merchant=nobody")


def test_the_pages_are_for_browsers_on_this_machine(sandbox):
    for host, client, status in (
        ("127.0.0.1:3000", "127.0.0.1", 200),
        ("localhost:3000", "127.0.0.1", 200),
        ("[::1]:3000", "::1", 200),
        ("evil.example:3000", "127.0.0.1", 403),
        ("127.0.0.1:3000", "192.0.2.1", 403),
    ):
        assert pages.answer(sandbox, "GET", "/", host, client)[0] == status
    assert pages.answer(sandbox, "POST", "/", "localhost", "127.0.0.1") == (405, "")


def test_the_server_shows_the_pages(server):
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    for path in ("/", "/books/transactions"):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.read().startswith(b"<!doctype html>")
    connection.close()


def test_the_pages_are_quick_with_many_transactions(sandbox, gateway):
    sale = sell(gateway)
    with sandbox.open_books(writing=True) as books:
        row = dict(books.one("SELECT * FROM transactions WHERE id = ?", [sale.id]))
        del row["number"], row["id"]
        names = ", ".join(row)
        books.run(
            "WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 20000)"
            f" INSERT INTO transactions (id, {names}) SELECT 'many' || n, {names} FROM counter,"
            " (SELECT * FROM transactions WHERE id = ?)",
            [sale.id],
        )
    began = time.perf_counter()
    for path in ("/", "/books/transactions", "/books/transactions?before=500", "/books/transactions/many9"):
        shown(sandbox, path)
    # Some 20 ms where nothing else runs; walking through all would take seconds.
    assert time.perf_counter() - began < 2
