"""What is needed of the SDK; imported by `connections` alone, when it first connects."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import requests
from braintree import (
    BraintreeGateway,
    Configuration,
    CustomerSearch,
    DisputeSearch,
    Environment,
    TransactionSearch,
)
from braintree.util.http import Http

from .. import conf
from .errors import error_of

__all__ = ["CustomerSearch", "DirectHttp", "DisputeSearch", "TransactionSearch", "error_of", "gateway"]


def gateway(config: conf.Braintree, *, timeout: float, embedded: Any) -> Any:
    """Return the SDK's gateway object; `embedded` is the sandbox's transport, where there is one."""
    options: dict[str, Any] = {"wrap_http_exceptions": True, "timeout": timeout}
    environment: Any = config.environment
    if embedded is not None:
        environment = Environment.Development
        options["http_strategy"] = embedded
    elif conf.is_local_url(environment):
        environment = _local_environment(environment)
        options["http_strategy"] = DirectHttp
    return BraintreeGateway(
        Configuration(
            environment,
            merchant_id=config.merchant_id,
            public_key=config.public_key,
            private_key=config.private_key,
            **options,
        )
    )


def _local_environment(address: str) -> Any:
    url = urlsplit(address)
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return Environment("local", host, str(url.port), auth_url=address, is_ssl=False, ssl_certificate=None)


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
