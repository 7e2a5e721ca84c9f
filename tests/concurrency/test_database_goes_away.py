"""The database server is stopped in the middle of a run and started again: nothing is lost or done twice."""

import os

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from genbilling.models import Charge, Invoice
from genbilling.services.billing.announcing import OVERDUE_AFTER
from tests.concurrency.crowd import until
from tests.concurrency.due import (
    OCTOBER,
    assert_each_paid_once,
    assert_numbers_without_gaps,
    assert_totals_are_sums,
    owners,
    pending,
    sales,
    the_gateway_does_not_answer,
)
from tests.concurrency.processes import Process

pytestmark = pytest.mark.postgres

INVOICES = 24
IN_FLIGHT = 8  # at once at the gateway; all are claimed by then


@pytest.fixture(scope="module")
def own_server():
    # Imported here: whoever works on SQLite needs no psycopg and no server.
    from tests.concurrency.own_server import OwnServer  # noqa: PLC0415

    server = OwnServer()
    yield server
    server.remove()


@pytest.fixture
def server(nothing_left_behind, own_server):
    """A server of this test's own, running, on which the models' tables are empty."""
    with own_server.in_use():
        own_server.start()
        call_command("migrate", verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
        yield own_server


@pytest.fixture
def start(server, braintree_books, tmp_path):
    processes = []
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "GENBILLING_TEST_POSTGRES_URI": server.uri,
        "GENBILLING_TEST_DATABASE_NAME": connection.settings_dict["NAME"],
        "GENBILLING_TEST_BRAINTREE": str(braintree_books),
        # The server's package complains on standard error where there is no such folder.
        "XDG_RUNTIME_DIR": str(tmp_path),
    }

    def start(command, *options):
        processes.append(Process(["manage.py", command, "--period", OCTOBER, *options], environment))
        return processes[-1]

    yield start
    for process in processes:
        process.end()


def let_time_pass():
    """So long that whoever made the pending charges is surely gone, and did not send a signal any more."""
    pending().update(created_at=F("created_at") - 2 * Charge.IN_FLIGHT)
    silent = Charge.objects.filter(signalled_at__isnull=True, ended_at__isnull=False)
    silent.update(ended_at=F("ended_at") - 2 * OVERDUE_AFTER)


def assert_ended_with_an_error_in_words(said):
    assert said.status == 1
    assert "The database failed (" in said.err
    assert "safe to run the command again" in said.err
    assert "Traceback" not in said.err


def assert_the_next_run_makes_everything_good(start, books):
    let_time_pass()
    said = start("dispatch_invoices").said()
    assert (said.status, said.err) == (0, "")
    assert len(sales(books)) == INVOICES
    assert_each_paid_once(books, Invoice.objects.filter(period=OCTOBER))
    assert Invoice.objects.filter(period=OCTOBER, paid=True).count() == INVOICES
    assert_numbers_without_gaps()
    assert_totals_are_sums()
    assert not Charge.objects.filter(signalled_at__isnull=True).exists()


def test_stopped_while_the_gateway_takes_the_money(server, start, braintree_books):
    owners(INVOICES, "MSG")
    with the_gateway_does_not_answer(braintree_books):
        run = start("dispatch_invoices")
        until(lambda: pending().count() == INVOICES, "all are claimed, and the first are sent")
        server.stop("immediate")
    said = run.said()
    assert_ended_with_an_error_in_words(said)
    assert (said.count("closed"), said.count("paid")) == (INVOICES, 0)
    # Paid for, and there was no place to write it down.
    assert len(sales(braintree_books)) >= IN_FLIGHT
    server.start()
    assert pending().count() == INVOICES
    assert_the_next_run_makes_everything_good(start, braintree_books)


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_stopped_wherever_the_run_was(server, start, braintree, braintree_books, mode):
    owners(INVOICES, "MSG")
    with braintree.fault("latency", seconds=1, path="/transactions"):
        run = start("dispatch_invoices")
        until(lambda: Invoice.objects.filter(paid=True).count() >= INVOICES // 4, "some are paid")
        server.stop(mode)
        assert_ended_with_an_error_in_words(run.said())
    server.start()
    assert 0 < Invoice.objects.filter(paid=True).count() < INVOICES
    assert_the_next_run_makes_everything_good(start, braintree_books)


@pytest.mark.parametrize(
    "command", ["create_invoices", "dispatch_invoices", "reset_products", "restore_products"]
)
def test_a_command_that_finds_no_database_says_so(server, start, command):
    server.stop("fast")
    assert_ended_with_an_error_in_words(start(command).said())
