"""The sandbox inside the process: the transport that the SDK's configuration takes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from braintree import BraintreeGateway, Configuration, Environment
from braintree.util.http import Http

from .breaks import Attempt
from .gateway import Sandbox


def connect(sandbox: Sandbox, *, undisturbed: bool = False, **options: Any) -> BraintreeGateway:
    """Return the SDK's gateway on a sandbox, with the keys of its first merchant.

    ``undisturbed`` lets no fault come near it, which is for looking at what happened. The options are
    those of ``braintree.Configuration``.
    """
    merchant = sandbox.merchant
    return BraintreeGateway(
        Configuration(
            Environment.Development,
            merchant_id=merchant.id,
            public_key=merchant.public_key,
            private_key=merchant.private_key,
            http_strategy=http_strategy(sandbox, undisturbed=undisturbed),
            **options,
        )
    )


def http_strategy(sandbox: Sandbox | str | os.PathLike[str], *, undisturbed: bool = False) -> type[Any]:
    """Return a class for the ``http_strategy`` of a ``braintree.Configuration``.

    The sandbox is one that you made, and close, yourself; or the path of its SQLite file, or
    ``:memory:``. All instances of the class share one sandbox, which is its attribute ``sandbox``; that
    closes by itself when the class is forgotten or the process ends. Raises BooksError if the file
    cannot be used. ``undisturbed`` requests meet no faults and are not noted as seen.
    """
    shared = sandbox if isinstance(sandbox, Sandbox) else Sandbox(sandbox)

    class EmbeddedTransport(Http):
        """Hands requests to the sandbox, where the SDK's own transport would send them."""

        sandbox = shared

        def http_do(
            self, http_verb: str, path: str, headers: Mapping[str, str | bytes], request_body: Any
        ) -> list[int | str]:
            """Answer one request, or raise what the SDK's own transport would for a broken connection."""
            if undisturbed:
                return [*shared.handle(http_verb, path, headers, request_body)]
            delivery = shared.deliver(http_verb, path, headers, request_body)
            if delivery.breaks:
                raise Attempt(http_verb, path, self.config.timeout, delivery.text).failure(delivery.breaks)
            return [delivery.status, delivery.text]

        def close(self) -> None:
            """Do nothing: the SDK makes many configurations, and they share the sandbox."""

    return EmbeddedTransport
