"""One request and the reply to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import markup
from .params import Params
from .validation import Errors

# Never sent back, as Braintree does.
_SECRET = ("number", "cvv")


@dataclass(frozen=True)
class Request:
    """A request that was let in and read."""

    verb: str
    # Below the merchant's own path, without the query.
    path: str
    # The ids in the path, in order.
    ids: tuple[str, ...] = ()
    root: str = ""
    body: Any = None

    def section(self, root: str) -> Params:
        """Return what the body says, if its root element has that name; else nothing."""
        return Params(self.body if self.root == root else None)


@dataclass(frozen=True)
class Reply:
    """The answer: a status and one XML element, or no body at all."""

    status: int
    root: str = ""
    content: Any = None
    # The transaction that this reply is about, for the record of idempotency keys.
    transaction_id: str | None = None

    def text(self) -> str:
        """Return the body."""
        return markup.build(self.root, self.content) if self.root else ""


EMPTY = Reply(200)


def refused(
    request: Request,
    message: str,
    errors: Errors | None = None,
    *,
    transaction_id: str | None = None,
    **objects: Any,
) -> Reply:
    """Return a 422: validation errors, or a transaction or verification that was declined, or both."""
    content = {
        "errors": (errors or Errors()).tree(),
        "params": _echo({request.root: request.body} if request.root else {}),
        "message": message,
        **objects,
    }
    return Reply(422, "api_error_response", content, transaction_id)


def _echo(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _echo(inner) for name, inner in value.items() if name not in _SECRET}
    if isinstance(value, list):
        return [_echo(inner) for inner in value]
    return value
