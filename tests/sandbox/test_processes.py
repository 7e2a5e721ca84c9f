import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from braintree import TransactionSearch as Search

from genbilling.sandbox import Sandbox

from .connections import ROOT, embedded_gateway, environment_of_servers, http_gateway, serve
from .factories import make_card, make_customer, sell, submitted_sale, unique


def start_worker(how, books, keys):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.worker", how, str(books), *keys],
        cwd=ROOT, env=environment_of_servers(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(worker):
    out, err = worker.communicate(timeout=60)
    assert (worker.returncode, err) == (0, "")
    return out.split()


def whole(books):
    """Check that the file is sound, and that nothing in it is half there."""
    database = sqlite3.connect(books)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        lone = "SELECT id FROM transactions WHERE id NOT IN (SELECT transaction_id FROM status_events)"
        assert database.execute(lone).fetchall() == []
        keyless = "SELECT id FROM transactions WHERE order_id NOT IN (SELECT key FROM request_keys)"
        assert database.execute(keyless).fetchall() == []
    finally:
        database.close()


def test_threads_that_sell_under_one_key_make_one_sale(gateway):
    key, order, count = unique("key"), unique("order"), 8
    token = make_card(gateway).token
    barrier = threading.Barrier(count)

    def charge(_):
        barrier.wait()
        sale = sell(gateway, api_request_key=key, order_id=order, payment_method_token=token)
        gateway.config.close()
        return sale.id

    with ThreadPoolExecutor(count) as pool:
        sold = set(pool.map(charge, range(count)))
    assert len(sold) == 1
    assert gateway.transaction.search(Search.order_id == order).ids == list(sold)


def test_threads_that_make_one_customer_make_it_once(gateway):
    own_id, count = unique("customer"), 8
    barrier = threading.Barrier(count)

    def create(_):
        barrier.wait()
        result = gateway.customer.create({"id": own_id})
        gateway.config.close()
        return result.is_success

    with ThreadPoolExecutor(count) as pool:
        assert sorted(pool.map(create, range(count))) == [False] * (count - 1) + [True]


def test_threads_cannot_refund_more_than_was_paid(gateway):
    sale = submitted_sale(gateway, "10.00")
    gateway.testing.settle_transaction(sale.id)
    barrier = threading.Barrier(4)

    def refund(_):
        barrier.wait()
        result = gateway.transaction.refund(sale.id, "4.00")
        gateway.config.close()
        return result.is_success

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(refund, range(4))) == 2
    assert len(gateway.transaction.find(sale.id).refund_ids) == 2


def test_processes_that_start_on_one_new_file_see_one_braintree(books):
    keys = [unique("key") for _ in range(10)]
    workers = [start_worker("threads", books, keys) for _ in range(3)]
    sold = [finish(worker) for worker in workers]
    assert sold[0] == sold[1] == sold[2]
    with serve(books) as server, http_gateway(server.port) as over_http:
        found = [over_http.transaction.search(Search.order_id == key).ids for key in keys]
        assert found == [[transaction_id] for transaction_id in sold[0]]
    whole(books)


def test_a_server_and_an_embedded_sandbox_share_their_books(books):
    with Sandbox(books) as sandbox, serve(books) as server, http_gateway(server.port) as over_http:
        embedded = embedded_gateway(sandbox)
        customer = make_customer(embedded)
        card = make_card(over_http, customer)
        sale = sell(embedded, payment_method_token=card.token, api_request_key="key")
        assert sell(over_http, payment_method_token=card.token, api_request_key="key").id == sale.id
        over_http.transaction.void(sale.id)
        assert embedded.transaction.find(sale.id).status == "voided"


def test_a_process_may_fork_with_open_books(books):
    keys = [unique("key") for _ in range(9)]
    sold = finish(start_worker("fork", books, keys))
    assert len(set(sold)) == len(keys)
    with Sandbox(books) as sandbox:
        found = embedded_gateway(sandbox).transaction.search(Search.ids.in_list(sold))
        assert sorted(found.ids) == sorted(sold)
    whole(books)


def test_a_fork_leaves_books_in_memory_to_both():
    out = finish(start_worker("fork", ":memory:", [unique("key") for _ in range(3)]))
    assert len(set(out)) == 3


def test_a_server_that_is_killed_in_the_middle_of_sales_leaves_whole_books(books):
    sold, sent, enough = {}, [], threading.Event()

    def charge_until_it_dies(port):
        with http_gateway(port) as gateway:
            while True:
                key = unique("key")
                sent.append(key)
                try:
                    sold[key] = submitted_sale(gateway, api_request_key=key, order_id=key).id
                except requests.exceptions.RequestException:
                    return
                if len(sold) > 40:
                    enough.set()

    with serve(books) as server, ThreadPoolExecutor(4) as pool:
        charging = [pool.submit(charge_until_it_dies, server.port) for _ in range(4)]
        assert enough.wait(60)
        server.kill()
        for future in charging:
            future.result()
    with serve(books) as server, http_gateway(server.port) as gateway:
        for key, transaction_id in sold.items():
            found = gateway.transaction.find(transaction_id)
            assert (found.order_id, found.status) == (key, "submitted_for_settlement")
            assert len(found.status_history) == 2
        # What was under way when the server died has happened once or not at all, so that
        # sending it again under its key charges once.
        for key in set(sent) - set(sold):
            again = submitted_sale(gateway, api_request_key=key, order_id=key)
            assert gateway.transaction.search(Search.order_id == key).ids == [again.id]
    whole(books)
