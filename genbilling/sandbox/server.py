"""The sandbox over HTTP."""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from . import bodies, client_api, control, pages
from .breaks import cut
from .delivery import Delivery
from .gateway import Sandbox

# Longer than any client waits for an answer; the SDK does for 60 seconds.
LONG_ENOUGH = 600.0


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
    # Where what came was no request that has one.
    path = ""
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

    def do_OPTIONS(self) -> None:
        """Let pages of other addresses use the client API, as a checkout in a browser has to."""
        if not client_api.is_for(self.path):
            self.send_error(501)
            return
        self.send_response(204)
        self._allow_pages()
        self.send_header("Access-Control-Allow-Methods", "GET, POST")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not even HTTP, or has a verb that nothing here has, and hang up."""
        self.close_connection = True
        self._send(Delivery(405 if code == 501 else code, ""))

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
            self._send(Delivery(problem, ""))
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # The client hung up half way. A void without its body would look like a void without one.
            self.close_connection = True
            return
        delivery = self._answer(body)
        if delivery.breaks:
            self.close_connection = True
            self._break(delivery)
        else:
            self._send(delivery)

    def _answer(self, body: bytes) -> Delivery:
        """Answer what belongs to the sandbox itself, or have the sandbox answer as Braintree."""
        sandbox, headers = self.server.sandbox, dict(self.headers.items())
        if control.is_for(self.path):
            return control.answer(sandbox, self.command, self.path, headers, body, self.client_address[0])
        if pages.is_for(self.path):
            host = self.headers.get("Host", "")
            return Delivery(*pages.answer(sandbox, self.command, self.path, host, self.client_address[0]))
        if self.server.latency:
            time.sleep(self.server.latency)
        return sandbox.deliver(self.command, self.path, headers, body)

    def _length_problem(self) -> int:
        """Return the status for a body that cannot be read, or 0."""
        if "Transfer-Encoding" in self.headers:
            return 411
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdigit()) or len(length) > 18:
            return 400
        return 413 if int(length) > bodies.limit_for(self.path) else 0

    def _send(self, delivery: Delivery) -> None:
        body = delivery.text.encode()
        self._send_head(delivery, len(body))
        self.wfile.write(body)

    def _send_head(self, delivery: Delivery, length: int) -> None:
        self.send_response(delivery.status)
        self.send_header("Content-Type", delivery.content_type)
        self.send_header("Content-Length", str(length))
        if client_api.is_for(self.path):
            self._allow_pages()
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _allow_pages(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")

    def _break(self, delivery: Delivery) -> None:
        """Break the connection in one of the ways in which connections break."""
        if delivery.breaks == "timeout":
            self._hold(LONG_ENOUGH if delivery.hold is None else delivery.hold)
        elif delivery.breaks == "cut-off":
            body = delivery.text.encode()
            self._send_head(delivery, len(body))
            self.wfile.write(body[: cut(len(body))])
        elif delivery.breaks != "hang-up":
            # It was accepted already, so that a refusal comes as a reset.
            self._reset()

    def _hold(self, seconds: float) -> None:
        """Wait until the client gives up, and for so many seconds at most."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            selector.select(seconds)

    def _reset(self) -> None:
        """Close the socket at once and with an RST, which is what not lingering for no time means."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # All that share the socket have to close it.
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
