"""One request and the reply to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import markup
from .params import Params
from .validation import Errors

# Never sent back, as Braintree does.
_SECRET = ("number", "cvv")


@dataclass(frozen=True)
class Orders:
    """What the faults in force want of the work on one request."""

    # A processor's code or a reason for rejection: the sale is refused with it, whatever its amount.
    refusal: str = ""
    # A search overlooks transactions that are younger than so many seconds.
    search_lag: float = 0.0


NO_ORDERS = Orders()


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
    # The last value of each name in the query.
    query: Mapping[str, str] = field(default_factory=dict)
    # The part of the URL before the path, as far as it is known.
    origin: str = ""
    orders: Orders = NO_ORDERS

    def section(self, root: str) -> Params:
        """Return what the body says, if its root element has that name; else nothing."""
        return Params(self.body if self.root == root else None)


@dataclass(frozen=True)
class Reply:
    """The answer: a status and one XML element, or no body at all.

    With content and no root it is JSON, as browsers get it.
    """

    status: int
    root: str = ""
    content: Any = None
    # The transaction that this reply is about, for the record of idempotency keys.
    transaction_id: str | None = None
    # The function of a script that the JSON is handed to, for browsers that load it as one.
    callback: str = ""

    def text(self) -> str:
        """Return the body."""
        if self.root:
            return markup.build(self.root, self.content)
        if self.content is None:
            return ""
        text = json.dumps(self.content)
        return f"{self.callback}({text})" if self.callback else text


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
