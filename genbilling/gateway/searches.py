"""Searching the gateway's books: in parts that a search can list, and again where it is asked too often."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ..exceptions import GatewayBusy
from .connections import Connection

T = TypeVar("T")

# A search answers with no more; Braintree's documents, 2023.
SEARCH_LIMIT = 50_000
SECOND = timedelta(seconds=1)
PAUSES_WHEN_BUSY = (0.2, 0.4, 0.8, 1.6, 3.2)


def search_in_parts(
    connection: Connection, since: datetime, until: datetime | None, *criteria: Any
) -> Iterator[Any]:
    """Yield what was created from `since` to before `until` (aware) and fits, for each part of the time.

    Args:
        until: None: whatever has come since, by the gateway's clock and not by ours.

    Raises:
        GatewayUnusable, GatewayUncertain: the gateway did not answer.
    """
    search, within = connection.gateway.transaction.search, _created(connection.sdk, since, until)
    found = patiently(connection, lambda: search(within, *criteria))
    middle = since + ((until or datetime.now(UTC)) - since) / 2
    if found.maximum_size < SEARCH_LIMIT or middle - since < SECOND:
        yield found
        return
    yield from search_in_parts(connection, since, middle, *criteria)
    yield from search_in_parts(connection, middle, until, *criteria)


def _created(sdk: Any, since: datetime, until: datetime | None) -> Any:
    # Both ends of a range count, in whole seconds. The SDK takes a moment for UTC as it is.
    created = sdk.TransactionSearch.created_at
    if until is None:
        return created >= since.astimezone(UTC)
    return created.between(since.astimezone(UTC), until.astimezone(UTC) - SECOND)


def sales_begun_with(sdk: Any, order_ids: str) -> tuple[Any, ...]:
    """Return the criteria for sales whose order id begins with `order_ids`."""
    return (sdk.TransactionSearch.type == "sale", sdk.TransactionSearch.order_id.starts_with(order_ids))


def patiently(connection: Connection, call: Callable[[], T]) -> T:
    """Make a call of the SDK's, a few times more where the rate limit refuses it; return its answer.

    Raises:
        GatewayUnusable, GatewayUncertain: the gateway did not answer.
    """
    for pause in PAUSES_WHEN_BUSY:
        try:
            return connection.ask(call)
        except GatewayBusy:
            time.sleep(pause)
    return connection.ask(call)
