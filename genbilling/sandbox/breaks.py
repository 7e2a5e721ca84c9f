"""The exceptions that the SDK's own transport would raise when a connection breaks.

The kinds, and what is inside them, are those of requests 2.34 with urllib3 2.8 on Linux; the tests compare
them with what arrives over a real socket.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import exceptions
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)


class Attempt:
    """One request that the SDK's transport would have sent."""

    def __init__(self, verb: str, url: str, timeout: Any, text: str) -> None:
        """``text`` is the body of the answer, for an answer that breaks off."""
        parts = urlsplit(url)
        self.request = requests.Request(verb, url).prepare()
        self.host, self.port = parts.hostname or "localhost", parts.port or 80
        self.path = parts.path
        self.timeout = timeout
        self.body = text.encode()

    def failure(self, breaks: str) -> exceptions.RequestException:
        """Return the exception for one of the BREAKS."""
        return _FAILURES[breaks](self)

    @property
    def pool(self) -> HTTPConnectionPool:
        """The connections to the host."""
        return HTTPConnectionPool(self.host, self.port)

    @property
    def connection(self) -> HTTPConnection:
        """A connection that nobody has opened."""
        return HTTPConnection(self.host, self.port)


def _timeout(attempt: Attempt) -> exceptions.RequestException:
    text = f"Read timed out. (read timeout={attempt.timeout})"
    return exceptions.ReadTimeout(ReadTimeoutError(attempt.pool, attempt.path, text), request=attempt.request)


def _reset(attempt: Attempt) -> exceptions.RequestException:
    cause = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return exceptions.ConnectionError(ProtocolError("Connection aborted.", cause), request=attempt.request)


def _hang_up(attempt: Attempt) -> exceptions.RequestException:
    cause = RemoteDisconnected("Remote end closed connection without response")
    return exceptions.ConnectionError(ProtocolError("Connection aborted.", cause), request=attempt.request)


def _cut_off(attempt: Attempt) -> exceptions.RequestException:
    came = cut(len(attempt.body))
    cause = IncompleteRead(came, len(attempt.body) - came)
    # requests leaves the request out of this one.
    return exceptions.ChunkedEncodingError(ProtocolError(f"Connection broken: {cause!r}", cause))


def _refuse(attempt: Attempt) -> exceptions.RequestException:
    reason = f"[Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)}"
    cause = NewConnectionError(attempt.connection, f"Failed to establish a new connection: {reason}")
    return exceptions.ConnectionError(
        MaxRetryError(attempt.pool, attempt.path, cause), request=attempt.request
    )


def _connect_timeout(attempt: Attempt) -> exceptions.RequestException:
    text = f"Connection to {attempt.host} timed out. (connect timeout={attempt.timeout})"
    cause = ConnectTimeoutError(attempt.connection, text)
    return exceptions.ConnectTimeout(
        MaxRetryError(attempt.pool, attempt.path, cause), request=attempt.request
    )


def cut(length: int) -> int:
    """Return how many bytes of a body that breaks off do arrive."""
    return length // 2


_FAILURES: dict[str, Callable[[Attempt], exceptions.RequestException]] = {
    "timeout": _timeout,
    "reset": _reset,
    "hang-up": _hang_up,
    "cut-off": _cut_off,
    "refuse": _refuse,
    "connect-timeout": _connect_timeout,
}
