"""What a handler works with: the books inside one database transaction, at one moment."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .merchants import Merchant

# No vowels and no look-alikes, as in the ids that Braintree makes.
_LETTERS = "bcdfghjkmnpqrstvwxyz23456789"


def to_text(moment: datetime) -> str:
    """Return a UTC time as the books keep it."""
    return f"{moment.isoformat()[:19]}Z"


def to_time(text: str) -> datetime:
    """Return the UTC time that the books keep as text."""
    return datetime.fromisoformat(text)


def global_id(kind: str, own_id: str) -> str:
    """Return the id under which the GraphQL API knows an object."""
    return base64.urlsafe_b64encode(f"{kind}_{own_id}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Books:
    """The open books of one merchant, during one request."""

    db: sqlite3.Connection
    merchant: Merchant
    now: datetime

    @property
    def today(self) -> str:
        """The moment of this request, as the books keep it."""
        return to_text(self.now)

    def one(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows."""
        return self.db.execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Change something."""
        self.db.execute(sql, values)

    def insert(self, table: str, **values: Any) -> None:
        """Add a row; a dict is kept as JSON."""
        marks = ", ".join("?" * len(values))
        kept = [json.dumps(value) if isinstance(value, dict) else value for value in values.values()]
        self.run(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", kept)

    def holds(self, table: str, column: str, value: str) -> bool:
        """Return whether a row with that value exists."""
        return self.one(f"SELECT 1 FROM {table} WHERE {column} = ?", [value]) is not None

    def fresh_id(self, table: str, *, column: str = "id", length: int = 8, letters: str = _LETTERS) -> str:
        """Return a random id that no row of the table has."""
        while True:
            made = "".join(letters[byte % len(letters)] for byte in os.urandom(length))
            if not self.holds(table, column, made):
                return made
