"""A server in bad company: crowds, hang-ups, nonsense, sudden death."""

import http.client
import json
import os
import random
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from braintree import TransactionSearch as Search
from requests.exceptions import RequestException

from genbilling.sandbox import Sandbox, connect

from .connections import http_gateway, serve
from .factories import make_card, submitted_sale, unique
from .test_http import BASE, HEADERS


def test_fifty_clients_at_once_are_all_served(server):
    with http_gateway(server.port) as gateway:
        token = make_card(gateway).token
    order, barrier = unique("order"), threading.Barrier(50)

    def charge(number):
        with http_gateway(server.port) as own:
            barrier.wait()
            return [
                submitted_sale(own, payment_method_token=token, order_id=f"{order}-{number}-{turn}").id
                for turn in range(4)
            ]

    with ThreadPoolExecutor(50) as pool:
        sold = [sale for sales in pool.map(charge, range(50)) for sale in sales]
    assert len(set(sold)) == 200
    with http_gateway(server.port) as gateway:
        found = gateway.transaction.search(Search.order_id.starts_with(order))
        assert sorted(found.ids) == sorted(sold)


def test_clients_that_hang_up_take_nothing_from_the_others(server):
    with http_gateway(server.port) as gateway:
        token = make_card(gateway).token
        with Sandbox(server.books) as sandbox:
            before = threads_of(server)
            with sandbox.fault("timeout", path="/customers/*"):
                for _ in range(20):
                    with socket.create_connection(("127.0.0.1", server.port)) as connection:
                        connection.sendall(f"GET {BASE}/customers/none HTTP/1.1\r\n\r\n".encode())
                assert submitted_sale(gateway, payment_method_token=token).id
        # Who was kept waiting and has left is not waited for.
        wait_until(lambda: threads_of(server) <= before)


def threads_of(process):
    return len(os.listdir(f"/proc/{process.pid}/task"))


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "DELETE"])
def test_every_path_under_every_verb_has_a_sane_answer(server, verb):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    bodies = [None, b"<a", b"<transaction/>", b"\x00" * 100, b"[" * 2000, b"<a>" * 2000]
    for path in ("", "/transactions", "/customers/x", "/payment_methods/any/x", "/transactions/x/refund"):
        for body in bodies:
            connection.request(verb, f"{BASE}{path}", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 201, 204, 400, 404, 422)
    connection.close()


def test_random_bytes_never_bring_it_down(server):
    dice = random.Random(5)
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(dice.randbytes(dice.randrange(1, 2000)) + b"\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
            assert answer[:9] in (b"", b"HTTP/1.1 ", b"HTTP/1.0 ")
    with http_gateway(server.port) as gateway:
        assert gateway.customer.create({}).is_success


@pytest.mark.parametrize("path", ["/customers", "/sandbox/faults"])
def test_a_huge_body_is_not_read(server, path):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nContent-Length: {10**12}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_deep_json_is_no_danger(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/sandbox/faults", "[" * 100_000, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert "cannot be read" in json.loads(answer.read())["error"]
    assert answer.status == 400
    connection.close()


def test_a_server_killed_again_and_again_loses_no_sale_that_it_confirmed(books):
    with Sandbox(books) as sandbox:
        token = make_card(connect(sandbox)).token
        confirmed = set()
        for _ in range(3):
            with serve(books) as server, http_gateway(server.port) as gateway:
                killer = threading.Timer(0.3, server.kill)
                killer.start()
                try:
                    while True:
                        confirmed.add(submitted_sale(gateway, payment_method_token=token).id)
                except RequestException:
                    killer.join()
        found = connect(sandbox).transaction.search(Search.payment_method_token == token)
        assert confirmed
        assert confirmed <= set(found.ids)
    assert sound(books)


def sound(books: Path):
    database = sqlite3.connect(books)
    try:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        database.close()
