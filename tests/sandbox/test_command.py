import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from braintree.exceptions.service_unavailable_error import ServiceUnavailableError

from genbilling.sandbox import Sandbox
from genbilling.sandbox.__main__ import main
from genbilling.sandbox.fault_effects import EFFECTS

from .connections import ROOT, environment_of_servers, http_gateway, serve
from .factories import make_customer


def test_the_server_says_where_it_listens(books):
    with serve(books) as server:
        assert server.line == (
            f"Braintree sandbox listening on http://127.0.0.1:{server.port} "
            f"(merchant integration_merchant_id, books in {books})\n"
        )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_cleanly_when_told_to(books, stop):
    with serve(books) as server:
        with http_gateway(server.port) as gateway:
            make_customer(gateway)
        server.send_signal(stop)
        assert server.wait(10) == 0
        assert server.stdout.read() == ""
    assert not books.with_name(books.name + "-wal").exists()


def test_each_answer_can_be_delayed(books):
    with serve(books, "--latency", "150") as server, http_gateway(server.port) as gateway:
        started = time.monotonic()
        make_customer(gateway)
        assert time.monotonic() - started >= 0.15


def test_a_port_in_use_ends_with_one_clear_line(books, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--db", str(books)]) == 2
        command = [sys.executable, "-m", "genbilling.sandbox", "--port", port, "--db", str(books)]
        ended = subprocess.run(
            command, cwd=ROOT, env=environment_of_servers(), capture_output=True, text=True, timeout=30
        )
    error = capsys.readouterr().err
    assert (
        error
        == f"error: The sandbox cannot listen on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}. Choose "
        "another with --port (0 picks a free one) and --host.\n"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", error)


def test_a_file_that_cannot_be_used_ends_with_one_clear_line(tmp_path, capsys):
    assert main(["--port", "0", "--db", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: The sandbox cannot use {tmp_path} for its books: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--port", "70000"], "'70000' is not a port"),
        (["--port", "-1"], "'-1' is not a port"),
        (["--port", "http"], "'http' is not a port"),
        (["--latency", "1.5"], "'1.5' is not a delay"),
        (["--latency", "99999999"], "'99999999' is not a delay"),
        (["--fault", "explode"], "'explode' is no effect"),
        (["--now", "noon"], "'noon' is not a time"),
        ([], "--db"),
    ],
)
def test_wrong_options_are_explained(books, capsys, options, complaint):
    with pytest.raises(SystemExit) as ended:
        main([*options, *(["--db", str(books)] if options else [])])
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_command_serves_until_a_signal_comes(books, capsys):
    """The same in this process, where signals reach the main thread."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    statuses = []

    def use_and_stop():
        while "\n" not in (line := capsys.readouterr().out):
            time.sleep(0.01)
        try:
            with http_gateway(line.split(":")[2].split(" ")[0]) as gateway:
                statuses.append(make_customer(gateway).id.isdigit())
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=use_and_stop)
    thread.start()
    try:
        assert main(["--port", "0", "--db", str(books)]) == 0
    finally:
        thread.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert statuses == [True]


def test_a_server_can_start_with_faults_and_at_a_time(books):
    options = ("--fault", "503 POST /customers times=1", "--now", "2030-01-31T12:00:00")
    with Sandbox(books) as sandbox:
        with serve(books, *options) as server, http_gateway(server.port) as gateway:
            with pytest.raises(ServiceUnavailableError):
                make_customer(gateway)
            assert f"{make_customer(gateway).created_at:%Y-%m-%d}" == "2030-01-31"
        # The clock is part of the books; the rule was for that server.
        assert sandbox.faults.list() == []
        assert sandbox.clock.now().year == 2030


def test_the_help_explains_the_rules(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for effect in EFFECTS:
        assert f"\n  {effect} " in out
