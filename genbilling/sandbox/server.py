"""The sandbox over HTTP."""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from .gateway import MAX_BODY, Sandbox


class SandboxServer(ThreadingHTTPServer):
    """Serves one sandbox, a thread for each connection."""

    # Nothing to wait for at the end: what is in the books is whole.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    # Else a second server on the port would start, and take a part of the requests.
    allow_reuse_port = False

    def __init__(self, address: tuple[str, int], sandbox: Sandbox, *, latency: float = 0.0) -> None:
        """Listen at an address. Each answer waits ``latency`` seconds. Raises OSError."""
        self.sandbox = sandbox
        self.latency = latency
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind, but ask no name server what this machine is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that hang up; anything else goes to standard error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "BraintreeSandbox"
    # What is taken for HTTP/0.9 would be answered without a status.
    default_request_version = "HTTP/1.0"
    server: SandboxServer
    # TCP_NODELAY: else each answer waits for the acknowledgement of the one before.
    disable_nagle_algorithm = True
    # Buffered, so that the head and the body of an answer go out together.
    wbufsize = 65536
    # An idle connection is given up after this many seconds; the SDK does after 60.
    timeout = 120

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not even HTTP, or has a verb that nothing here has, and hang up."""
        self.close_connection = True
        self._send(405 if code == 501 else code, "")

    def handle_expect_100(self) -> bool:
        """Ask for the body that a client holds back until then."""
        asked = super().handle_expect_100()
        self.wfile.flush()
        return asked

    def log_message(self, *_: Any) -> None:
        """Keep quiet: request lines hold ids of customers."""

    def _serve(self) -> None:
        problem = self._length_problem()
        if problem:
            # The body was not read, so the connection cannot be used again.
            self.close_connection = True
            self._send(problem, "")
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # The client hung up half way. A void without its body would look like a void without one.
            self.close_connection = True
            return
        if self.server.latency:
            time.sleep(self.server.latency)
        status, text = self.server.sandbox.handle(self.command, self.path, dict(self.headers.items()), body)
        self._send(status, text)

    def _length_problem(self) -> int:
        """Return the status for a body that cannot be read, or 0."""
        if "Transfer-Encoding" in self.headers:
            return 411
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdigit()) or len(length) > 18:
            return 400
        return 413 if int(length) > MAX_BODY else 0

    def _send(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
