"""The SDK's gateway object, one for each setting and process; the SDK is imported with the first.

A process that bills nothing imports neither the SDK nor the sandbox, which are slow to import and large.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from .. import conf, embedded
from ..exceptions import BadSetting

if TYPE_CHECKING:
    from ..sandbox import Sandbox

T = TypeVar("T")

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Place:
    """The vault that the settings point at; what is not known of it is empty.

    `environment` is ``"production"``, ``"sandbox"``, or ``"offline"`` for a Braintree on this host, of which
    `books_id` is the id of its file.
    """

    environment: str
    merchant_id: str
    books_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The SDK's gateway object, and what was asked once for all the calls on it."""

    gateway: Any
    sdk: Any
    """The module `sdk`, which has what else is needed of the SDK."""
    sandbox: Sandbox | None
    currencies: dict[str, str] = field(default_factory=dict)
    """What merchant accounts charge in, by their ids."""

    def ask(self, call: Callable[[], T]) -> T:
        """Return what `call` does, which calls the SDK.

        Raises:
            GatewayUnusable, GatewayUncertain: the SDK raised. Nothing of that is behind the error: reports of
                errors show the variables of all frames, and among those of the SDK's are the private key and
                what was sent.
        """
        try:
            return call()
        except Exception as error:
            trouble = self.sdk.error_of(error)
        raise trouble

    def each(self, found: Callable[[], Iterable[T]]) -> Iterator[T]:
        """Yield what was `found`, for which the SDK is called again and again; raises as `ask`."""
        items = self.ask(lambda: iter(found()))
        while (one := self.ask(lambda: next(items, None))) is not None:
            yield one


_connections: dict[tuple[Any, ...], Connection] = {}
_connecting = threading.Lock()


def disconnect() -> None:
    """Close every connection to a gateway, the embedded one's file included; the next call opens one."""
    with _connecting:
        while _connections:
            connection = _connections.popitem()[1]
            connection.gateway.config.close()
            if connection.sandbox is not None:
                connection.sandbox.close()


def connect() -> Connection:
    """Return this process's connection for the settings of this moment.

    Raises:
        BadSetting: a setting is missing or wrong.
    """
    config = conf.braintree()
    embedded_db = embedded.path() if config.environment == "embedded" else ""
    # A forked child must not write on its parent's connections, so each process has its own.
    key = (config, embedded_db, os.getpid())
    with _connecting:
        if key not in _connections:
            _connections[key] = _open(config, embedded_db)
        return _connections[key]


def connected_place() -> Place:
    """Return which vault the settings of this moment point at.

    Raises:
        BadSetting: a setting is missing or wrong.
    """
    place, sandbox = place_in_settings(), connect().sandbox
    return place if sandbox is None else replace(place, books_id=sandbox.store.identity())


def place_in_settings() -> Place:
    """Return what the settings alone say of it, without a connection; raises the same."""
    config = conf.braintree()
    real = config.environment in ("production", "sandbox")
    return Place(environment=config.environment if real else "offline", merchant_id=config.merchant_id)


def _open(config: conf.Braintree, embedded_db: str) -> Connection:
    with warnings.catch_warnings():
        # braintree 4.48 warns about two names of its own whenever it is imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        from . import sdk  # noqa: PLC0415

    sandbox, transport = _embedded(embedded_db) if config.environment == "embedded" else (None, None)
    gateway = sdk.gateway(config, timeout=TIMEOUT_SECONDS, embedded=transport)
    return Connection(gateway=gateway, sdk=sdk, sandbox=sandbox)


def _embedded(embedded_db: str) -> tuple[Sandbox, Any]:
    from ..sandbox import BooksError, Sandbox, http_strategy  # noqa: PLC0415

    try:
        sandbox = Sandbox(embedded_db)
    except BooksError as error:
        raise BadSetting(f"GENBILLING['EMBEDDED_DB'] cannot be used: {error}") from error
    return sandbox, http_strategy(sandbox)
