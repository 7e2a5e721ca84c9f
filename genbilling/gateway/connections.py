"""The SDK's gateway object, one for each setting and process."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import braintree
import requests
from braintree.util.http import Http

from .. import conf
from ..exceptions import BadSetting
from ..sandbox import BooksError, Sandbox, http_strategy

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The SDK's gateway object, and what was asked once for all the calls on it."""

    gateway: Any
    sandbox: Sandbox | None
    currencies: dict[str, str] = field(default_factory=dict)
    """What merchant accounts charge in, by their ids."""


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


def connection() -> Connection:
    """Return this process's connection for the settings of this moment.

    Raises:
        BadSetting: a setting is missing or wrong.
    """
    config, embedded_db = conf.braintree(), conf.embedded_db()
    # A forked child must not write on its parent's connections, so each process has its own.
    key = (config, embedded_db, os.getpid())
    with _connecting:
        if key not in _connections:
            _connections[key] = _connect(config, embedded_db)
        return _connections[key]


def _connect(config: conf.Braintree, embedded_db: str) -> Connection:
    options: dict[str, Any] = {"wrap_http_exceptions": True, "timeout": TIMEOUT_SECONDS}
    environment: Any = config.environment
    sandbox = None
    if environment == "embedded":
        environment = braintree.Environment.Development
        try:
            sandbox = Sandbox(embedded_db)
        except BooksError as error:
            raise BadSetting(f"GENBILLING['EMBEDDED_DB'] cannot be used: {error}") from error
        options["http_strategy"] = http_strategy(sandbox)
    elif conf.is_local_url(environment):
        environment = _local_environment(environment)
        options["http_strategy"] = DirectHttp
    configuration = braintree.Configuration(
        environment,
        merchant_id=config.merchant_id,
        public_key=config.public_key,
        private_key=config.private_key,
        **options,
    )
    return Connection(gateway=braintree.BraintreeGateway(configuration), sandbox=sandbox)


def _local_environment(address: str) -> Any:
    url = urlsplit(address)
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return braintree.Environment(
        "local", host, str(url.port), auth_url=address, is_ssl=False, ssl_certificate=None
    )


class DirectHttp(Http):
    """The SDK's transport without proxies, for a gateway on this host; the SDK ignores ``no_proxy``."""

    def __init__(self, config: Any, environment: Any = None) -> None:
        super().__init__(config, environment)
        self._threads = threading.local()

    def http_do(self, http_verb: str, path: str, headers: dict[str, Any], request_body: Any) -> list[Any]:
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
            self._threads.session.trust_env = False
        response: requests.Response = self._threads.session.request(
            http_verb, path, headers=headers, data=request_body, timeout=self.config.timeout
        )
        return [response.status_code, response.text]
