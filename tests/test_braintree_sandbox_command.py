import re
import signal
import socket
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from genbilling.gateway import PaymentService
from genbilling.sandbox import connect

TOP = Path(__file__).parent.parent


def test_it_serves_the_books_of_the_embedded_braintree_until_control_c(braintree, settings):
    customer = connect(braintree.sandbox).customer.create({}).customer
    command = [sys.executable, "manage.py", "braintree_sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as server:
        line = server.stdout.readline()
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
            assert f"books in {braintree.books}" in line
            assert server.stdout.readline() == "Quit the server with CONTROL-C.\n"
            settings.BRAINTREE_ENVIRONMENT = url
            PaymentService().store_card(customer.id, "token", "fake-valid-nonce")
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
    assert braintree.gateway.customer.find(customer.id).credit_cards[0].token == "token"


def test_it_runs_in_this_process_too(braintree, monkeypatch):
    """The same where coverage sees it; a signal ends it."""
    out = StringIO()
    monkeypatch.setattr(
        out, "flush", lambda: threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()
    )
    before = signal.getsignal(signal.SIGINT)
    call_command("braintree_sandbox", "--port=0", "--fault=latency seconds=0", stdout=out)
    assert signal.getsignal(signal.SIGINT) is before
    assert "Braintree sandbox listening on" in out.getvalue()


def test_a_port_in_use_is_a_clear_error(braintree):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError) as error:
        call_command("braintree_sandbox", port=taken.getsockname()[1])
    assert "Choose another with --port" in str(error.value)


def test_books_that_cannot_be_used_are_a_clear_error(tmp_path):
    with pytest.raises(CommandError, match="cannot use"):
        call_command("braintree_sandbox", port=0, db=str(tmp_path))


def test_a_setting_that_is_wrong_is_a_clear_error(settings):
    settings.GENBILLING = {"EMBEDED_DB": "books.sqlite3"}
    with pytest.raises(CommandError, match="unknown key 'EMBEDED_DB'"):
        call_command("braintree_sandbox")


def test_the_help_explains_the_rules(capsys):
    with pytest.raises(SystemExit):
        call_command("braintree_sandbox", "--help")
    out = capsys.readouterr().out
    assert "\n  timeout " in out
    assert "--db FILE" in out
