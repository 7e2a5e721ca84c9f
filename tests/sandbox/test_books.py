import gc
import sqlite3
import threading

import braintree
import pytest
from braintree import TransactionSearch
from braintree.exceptions.not_found_error import NotFoundError
from braintree.exceptions.server_error import ServerError
from braintree.exceptions.unexpected_error import UnexpectedError

from genbilling.sandbox import BooksError, Merchant, Sandbox, http_strategy

from .connections import KEYS, embedded_gateway
from .factories import make_customer, sell, try_sale, unique


def test_books_in_a_file_outlive_the_sandbox(books):
    with Sandbox(books) as sandbox:
        sale = sell(embedded_gateway(sandbox))
    with Sandbox(str(books)) as sandbox:
        assert embedded_gateway(sandbox).transaction.find(sale.id).id == sale.id


def test_a_closed_sandbox_opens_its_file_again(books):
    with Sandbox(books) as sandbox:
        gateway = embedded_gateway(sandbox)
        sale = sell(gateway)
        sandbox.close()
        assert gateway.transaction.find(sale.id).id == sale.id


def test_books_in_a_file_have_an_id_until_they_are_emptied_and_those_in_memory_have_none(books):
    with Sandbox(books) as sandbox, Sandbox(books) as another, Sandbox(":memory:") as in_memory:
        before = sandbox.store.identity()
        assert len(before) == 32
        assert another.store.identity() == before
        sandbox.store.empty()
        assert another.store.identity() not in (before, "")
        assert in_memory.store.identity() == ""


def test_a_sandbox_that_is_forgotten_closes_its_file(books):
    sell(embedded_gateway(books))
    gc.collect()
    assert books.exists()
    assert not books.with_name(f"{books.name}-wal").exists()


def test_books_in_memory_are_shared_by_threads_and_gone_when_closed():
    with Sandbox(":memory:") as sandbox:
        gateway = embedded_gateway(sandbox)
        sale = sell(gateway)
        found = []
        thread = threading.Thread(target=lambda: found.append(gateway.transaction.find(sale.id)))
        thread.start()
        thread.join()
        assert found[0].id == sale.id
        sandbox.close()
        with pytest.raises(NotFoundError):
            gateway.transaction.find(sale.id)


def test_a_transport_is_made_from_a_path_and_shared_by_all_gateways(books, monkeypatch):
    strategy = http_strategy(books)
    one, other = (embedded_gateway_of(strategy) for _ in range(2))
    customer = make_customer(one)
    one.config.close()
    assert other.customer.find(customer.id).id == customer.id
    monkeypatch.chdir("/")
    assert one.customer.find(customer.id).id == customer.id
    strategy.sandbox.close()


def embedded_gateway_of(strategy):
    return braintree.BraintreeGateway(
        braintree.Configuration(braintree.Environment.Development, **KEYS, http_strategy=strategy)
    )


def test_an_error_of_the_transport_is_wrapped_as_the_sdk_does(books):
    strategy = http_strategy(books)
    config = braintree.Configuration(braintree.Environment.Development, **KEYS)
    with pytest.raises(UnexpectedError):
        strategy(config, config.environment).handle_exception(ZeroDivisionError())
    strategy.sandbox.close()


def test_a_merchant_can_have_keys_and_accounts_of_its_own(books):
    merchant = Merchant("shop", "public", "private", {"euro": "EUR", "dollar": "USD"})
    with Sandbox(books, merchant=merchant) as sandbox:
        gateway = embedded_gateway(sandbox, merchant_id="shop", public_key="public", private_key="private")
        sale = sell(gateway)
        assert (sale.merchant_account_id, sale.currency_iso_code) == ("euro", "EUR")
        assert sell(gateway, merchant_account_id="dollar").currency_iso_code == "USD"
        assert not try_sale(gateway, merchant_account_id="sandbox_credit_card").is_success


def test_a_file_of_something_else_is_refused_and_left_as_it_is(books):
    database = sqlite3.connect(books)
    database.execute("CREATE TABLE mine (a)")
    database.close()
    before = books.read_bytes()
    with pytest.raises(BooksError, match="holds other data"):
        Sandbox(books)
    assert books.read_bytes() == before
    books.write_text("This is no database. " * 100)
    with pytest.raises(BooksError, match="not a database"):
        Sandbox(books)


def test_a_new_file_that_another_process_reads_is_waited_for(books):
    reader = sqlite3.connect(books, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sqlite_master").fetchall()
    opened = []
    thread = threading.Thread(target=lambda: opened.append(Sandbox(books)))
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    reader.close()
    thread.join()
    sell(embedded_gateway(opened[0]))
    opened[0].close()


def test_a_place_where_no_file_can_be_is_refused(tmp_path):
    for place in (tmp_path, tmp_path / "missing" / "books.sqlite3"):
        with pytest.raises(BooksError, match=r"cannot use .* Name a SQLite file"):
            Sandbox(place)


def test_a_full_disk_fails_requests_and_harms_nothing(books, capfd):
    with Sandbox(books) as sandbox:
        gateway, sold = embedded_gateway(sandbox), [unique("order")]
        sell(gateway, order_id=sold[0])
        (connection,) = sandbox.store._open
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

        def sell_without_end():
            while True:
                sold.append(unique("order"))
                sell(gateway, order_id=sold[-1])

        with pytest.raises(ServerError):
            sell_without_end()
        assert "database or disk is full" in capfd.readouterr().err
        connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
        sell(gateway, order_id=sold[-1])
        for order_id in sold:
            assert len(gateway.transaction.search(TransactionSearch.order_id == order_id).ids) == 1


def test_a_failure_of_the_books_is_a_server_error_and_leaves_nothing_half_done(books, capfd):
    with Sandbox(books) as sandbox:
        gateway = embedded_gateway(sandbox)
        spoiler = sqlite3.connect(books)
        spoiler.execute("DROP TABLE status_events")
        spoiler.close()
        status, text = sandbox.handle(
            "POST",
            "/merchants/integration_merchant_id/transactions",
            gateway.config.http()._Http__headers("application/xml"),
            "<transaction><type>sale</type><amount>1.00</amount>"
            "<payment_method_nonce>fake-valid-nonce</payment_method_nonce></transaction>",
        )
        assert status == 500
        assert "status_events" not in text
        assert "no such table: status_events" in capfd.readouterr().err
        counted = sqlite3.connect(books)
        assert counted.execute("SELECT count(*) FROM transactions").fetchone() == (0,)
        counted.close()
