"""The requests seen, the last thousand of them, for whoever wants to know what a client really did."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from .books import to_text
from .clock import Clock
from .delivery import Delivery
from .store import Store

KEPT = 1000

_MESSAGE = re.compile(r"<message>([^<]*)</message>")


@dataclass(frozen=True)
class Seen:
    """One request, and how it was answered."""

    number: int
    # In the sandbox's own time.
    at: str
    verb: str
    # As it was sent, with the merchant and the query.
    path: str
    status: int
    milliseconds: float
    # The message of an answer that is no success, and what a fault broke.
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


class RequestLog:
    """The requests seen by all processes on the books."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, verb: str, path: str, delivery: Delivery, seconds: float) -> None:
        """Note a request, and forget the one that is the thousandth before it."""
        with self._store.transaction(writing=True) as db:
            added = db.execute(
                "INSERT INTO requests (at, verb, path, status, milliseconds, note) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    to_text(self._clock.read(db)),
                    verb,
                    _path(path),
                    delivery.status,
                    round(seconds * 1000, 1),
                    _note(delivery),
                ],
            )
            db.execute("DELETE FROM requests WHERE number <= ?", [(added.lastrowid or 0) - KEPT])

    def list(self, limit: int = KEPT) -> list[Seen]:
        """Return the last requests, the newest first."""
        with self._store.transaction(writing=False) as db:
            rows = db.execute("SELECT * FROM requests ORDER BY number DESC LIMIT ?", [limit])
            return [Seen(**row) for row in rows]


def _path(url: str) -> str:
    start = url.find("/merchants/")
    return url[max(start, 0) :][:500]


def _note(delivery: Delivery) -> str:
    found = _MESSAGE.search(delivery.text) if delivery.status >= 400 else None
    said = found[1].replace("\n", " ")[:500] if found else ""
    return "; ".join(part for part in (said, delivery.breaks and f"broken: {delivery.breaks}") if part)
