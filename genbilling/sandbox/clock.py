"""The time of the sandbox. It is kept in the books, so that every process on the file agrees."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .store import Store

Tell = Callable[[], datetime]


class Clock:
    """A clock that runs ahead of, or behind, the real one by a fixed span, or stands still."""

    def __init__(self, store: Store, tell: Tell) -> None:
        """Set by nobody yet, it goes by ``tell``, which is in UTC if it is naive."""
        self._store = store
        self._tell = tell

    def now(self) -> datetime:
        """Return the time, in UTC."""
        with self._store.transaction(writing=False) as db:
            return self.read(db)

    def read(self, db: sqlite3.Connection) -> datetime:
        """Return the time, in UTC, inside a database transaction."""
        row = db.execute("SELECT ahead, stopped_at FROM clock").fetchone()
        if row is None:
            return self._real()
        if row["stopped_at"] is not None:
            return datetime.fromisoformat(row["stopped_at"])
        return self._real() + timedelta(seconds=row["ahead"])

    def set(self, moment: datetime, *, ticking: bool = True) -> None:
        """Set it to a moment (UTC if naive), from which it goes on, or stands still if not ``ticking``."""
        with self._store.transaction(writing=True) as db:
            self._set(db, _aware(moment), ticking)

    def move(self, by: timedelta) -> None:
        """Move it forward, or back; if it stands still, it goes on standing still."""
        with self._store.transaction(writing=True) as db:
            self._set(db, self.read(db) + by, not self._stands_still(db))

    def reset(self) -> None:
        """Go by the real time again."""
        with self._store.transaction(writing=True) as db:
            db.execute("DELETE FROM clock")

    def stands_still(self) -> bool:
        """Return whether it was set not to tick."""
        with self._store.transaction(writing=False) as db:
            return self._stands_still(db)

    def _stands_still(self, db: sqlite3.Connection) -> bool:
        return db.execute("SELECT 1 FROM clock WHERE stopped_at IS NOT NULL").fetchone() is not None

    def _set(self, db: sqlite3.Connection, moment: datetime, ticking: bool) -> None:
        ahead = (moment - self._real()).total_seconds()
        stopped_at = None if ticking else moment.isoformat()
        db.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", [ahead, stopped_at])

    def _real(self) -> datetime:
        return _aware(self._tell())


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
