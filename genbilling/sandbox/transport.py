"""The sandbox inside the process: the transport that the SDK's configuration takes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

from .gateway import Sandbox


def http_strategy(sandbox: Sandbox | str | os.PathLike[str]) -> type[Any]:
    """Return a class for the ``http_strategy`` of a ``braintree.Configuration``.

    The sandbox is one that you made, and close, yourself; or the path of its SQLite file, or
    ``:memory:``. All instances of the class share one sandbox, which is its attribute ``sandbox``; that
    closes by itself when the class is forgotten or the process ends. Raises BooksError if the file
    cannot be used.
    """
    shared = sandbox if isinstance(sandbox, Sandbox) else Sandbox(sandbox)

    class EmbeddedTransport:
        """Hands requests to the sandbox, where the SDK's own transport would send them."""

        sandbox = shared

        def __init__(self, config: Any, environment: Any) -> None:
            self.config = config
            self.environment = environment

        def http_do(
            self, http_verb: str, path: str, headers: Mapping[str, str | bytes], request_body: Any
        ) -> tuple[int, str]:
            """Answer one request."""
            return shared.handle(http_verb, path, headers, request_body)

        def handle_exception(self, exception: BaseException) -> NoReturn:
            """Raise the exception: there is no network whose errors could be told apart."""
            raise exception

        def close(self) -> None:
            """Do nothing: the SDK makes many configurations, and they share the sandbox."""

    return EmbeddedTransport
