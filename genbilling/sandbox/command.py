"""Serving the sandbox from a command line: the options, and the run until a signal ends it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import merchant_files
from .errors import BooksError
from .fault_effects import EFFECTS
from .faults import Fault, FaultError
from .gateway import Sandbox
from .server import SandboxServer

FAULTS = (
    "A rule for --fault is one line, EFFECT [before|after] [VERB] [/PATH] [NAME=VALUE ...], or JSON:\n"
    '  --fault "timeout after POST /transactions times=1"\n'
    '  --fault "503 probability=0.1 seed=7"\n'
    '  --fault "decline code=2001 token=TOKEN"\n'
    '  --fault \'{"effect": "latency", "seconds": 0.2, "jitter": 0.1}\'\n'
    "Effects:\n"
    + "".join(
        f"  {name:<16} {effect.help}{'; needs ' if effect.needs else ''}{', '.join(effect.needs)}\n"
        for name, effect in EFFECTS.items()
    )
    + "A status alone, as 503, stands for status, and a code 9152xx, as 915233, for code. Which requests:\n"
    "verb, path (with *), order_id (with *), token, nth, times, probability, seed."
)


def add_arguments(parser: argparse.ArgumentParser, *, db: str | None = None) -> None:
    """Add the options of serving; ``db`` is the default for the file of the books."""
    parser.add_argument("--port", type=_port, default=3000, help="0 picks a free one (default: 3000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--db",
        required=db is None,
        default=db,
        metavar="FILE",
        help="SQLite file of the books, or :memory:" + (" (default: %(default)s)" if db else ""),
    )
    parser.add_argument(
        "--latency", type=_latency, default=0, metavar="MS", help="delay of each answer, in milliseconds"
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="RULE",
        help="what shall go wrong, while this server runs; may be given several times",
    )
    parser.add_argument(
        "--merchants",
        metavar="FILE",
        help='JSON list of the merchants to serve, e.g. [{"id": "shop", "rejects_cvv": true}]',
    )
    parser.add_argument(
        "--no-daily-settlement",
        action="store_true",
        help="settle nothing when the day turns, and let no authorization expire",
    )
    parser.add_argument(
        "--now", type=_moment, metavar="TIME", help="set the clock, e.g. to 2026-01-31T23:59:00 (UTC)"
    )


def run(options: argparse.Namespace, say: Callable[[str], None] = print) -> None:
    """Serve until SIGTERM or SIGINT. Raises BooksError, or OSError where it cannot listen."""
    with _open(options) as sandbox, _listen(options, sandbox) as server:
        if options.now is not None:
            sandbox.clock.set(options.now)
        placed = [sandbox.faults.add(fault) for fault in options.fault]
        try:
            _serve(server, options.db, say)
        finally:
            for fault in placed:
                fault.remove()


def problem(error: Exception, options: argparse.Namespace) -> str:
    """Return one line about why it could not be served."""
    if isinstance(error, BooksError):
        return str(error)
    text = error.strerror if isinstance(error, OSError) else None
    return (
        f"The sandbox cannot listen on {options.host}:{options.port}: {text or error}. "
        "Choose another with --port (0 picks a free one) and --host."
    )


def fail(text: str) -> int:
    """Say what is wrong, and return the exit status for it."""
    print(f"error: {text}", file=sys.stderr)
    return 2


def _open(options: argparse.Namespace) -> Sandbox:
    merchants = merchant_files.read(options.merchants) if options.merchants else None
    return Sandbox(options.db, merchants=merchants, settles_daily=not options.no_daily_settlement)


def _listen(options: argparse.Namespace, sandbox: Sandbox) -> SandboxServer:
    return SandboxServer((options.host, options.port), sandbox, latency=options.latency / 1000)


def _serve(server: SandboxServer, db: str, say: Callable[[str], None]) -> None:
    before = _stop_on_signals(server)
    host, port = server.server_address[:2]
    say(
        f"Braintree sandbox listening on http://{host!s}:{port} "
        f"(merchant {server.sandbox.merchant.id}, books in {db})"
    )
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_on_signals(server: SandboxServer) -> dict[signal.Signals, Any]:
    """Stop the server on either signal; return what was done with them before."""

    def stop(*_: object) -> None:
        # In a thread of its own: shutdown waits for the loop that this signal interrupted.
        threading.Thread(target=server.shutdown).start()

    return {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535")
    return int(text)


def _latency(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 3_600_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a delay; give whole milliseconds, an hour at most")
    return int(text)


def _fault(text: str) -> Fault:
    try:
        return Fault.from_text(text)
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time; write 2026-01-31T23:59:00, in UTC or with its offset"
        ) from error
