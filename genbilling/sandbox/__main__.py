"""``python -m genbilling.sandbox``: an offline Braintree over HTTP."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from .errors import BooksError
from .gateway import Sandbox
from .server import SandboxServer


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status: 0, or 2 if it could not start."""
    options = _options(argv)
    try:
        sandbox = Sandbox(options.db)
    except BooksError as error:
        return _fail(str(error))
    with sandbox:
        try:
            server = SandboxServer((options.host, options.port), sandbox, latency=options.latency / 1000)
        except OSError as error:
            return _fail(
                f"The sandbox cannot listen on {options.host}:{options.port}: {error.strerror or error}. "
                "Choose another with --port (0 picks a free one) and --host."
            )
        with server:
            _serve(server, options.db)
    return 0


def _serve(server: SandboxServer, db: str) -> None:
    _stop_on_signals(server)
    host, port = server.server_address[:2]
    print(
        f"Braintree sandbox listening on http://{host!s}:{port} "
        f"(merchant {server.sandbox.merchant.id}, books in {db})",
        flush=True,
    )
    server.serve_forever(poll_interval=0.1)


def _stop_on_signals(server: SandboxServer) -> None:
    def stop(*_: object) -> None:
        # In a thread of its own: shutdown waits for the loop that this signal interrupted.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genbilling.sandbox", description="An offline Braintree, served over HTTP."
    )
    parser.add_argument("--port", type=_port, default=3000, help="0 picks a free one (default: 3000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--db", required=True, metavar="FILE", help="SQLite file of the books, or :memory:")
    parser.add_argument(
        "--latency", type=_latency, default=0, metavar="MS", help="delay of each answer, in milliseconds"
    )
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535")
    return int(text)


def _latency(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 3_600_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a delay; give whole milliseconds, an hour at most")
    return int(text)


def _fail(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
