"""What genbilling is compared with: the same work by the driver, or by the SDK, and nothing around it."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
from django.contrib.auth import get_user_model
from django.db import connection

from genbilling.gateway import connections
from genbilling.models import Account, Invoice
from genbilling.periods import get_current_billing_period, next_period
from tests.bench import rows, verbs
from tests.bench.bare_closing import close
from tests.bench.driver import connect
from tests.bench.statements import sent_by


def sell(first, count, threads):
    """The sales of a dispatch, by the SDK alone; the transport is the one that genbilling has."""
    gateway = connections.connect().gateway
    pool = ThreadPoolExecutor(threads)

    def sale(number):
        key = uuid.uuid4().hex
        request = {
            "amount": "9.99",
            "order_id": f"bare-{number}-{key}",
            "payment_method_token": f"token{number}",
            "transaction_source": "recurring",
            "options": {"submit_for_settlement": True},
            "api_request_key": key,
        }
        assert gateway.transaction.sale(request).is_success

    def work():
        with pool:
            list(pool.map(sale, range(first, first + count)))
        return {"count": count}

    return work


def open_invoices():
    """`create_invoices` by one statement."""
    period = next_period(get_current_billing_period())
    source = f"{Account._meta.db_table} WHERE status IN ('active', 'grace')"
    return _one_statement(*rows.insert_select(Invoice, source, account_id="id", period=period))


def restore():
    """`restore_products` by one statement."""
    return _one_statement("UPDATE genbilling_product SET used = 0, restored_for = now()", [])


def reset():
    """`reset_products` by one statement."""
    return _one_statement(
        "UPDATE genbilling_product SET capacity = initial_step, capacity_without_steps = initial_step", []
    )


def use(number, times):
    """The statement that `use_product` sends, as Django sends it: unprepared, with its values in its text."""
    user = get_user_model().objects.get(pk=number)
    with sent_by(connection) as sent:
        verbs.use_product("MSG", user)
    [(statement, parameters)] = [one for one in sent if one[0].startswith("UPDATE")]
    driver = connect(cursor_factory=psycopg.ClientCursor)

    def work():
        for _ in range(times):
            with driver.cursor() as cursor:
                cursor.execute(statement, parameters, prepare=False)
                assert cursor.fetchone()
        return {"count": times}

    return work


def _one_statement(statement, parameters):
    driver = connect()

    def work():
        with driver.transaction():
            return {"count": driver.execute(statement, parameters).rowcount}

    return work


WORKS = {
    "bare close": close,
    "bare sell": sell,
    "bare open_invoices": open_invoices,
    "bare restore": restore,
    "bare reset": reset,
    "bare use": use,
}
