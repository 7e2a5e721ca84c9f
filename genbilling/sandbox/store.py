"""The SQLite file of the books: opening it, and one database transaction per request.

A process has one connection, and a lock so that its threads take turns: SQLite lets one write at a time
anyway, ``:memory:`` then needs nothing special, and a fork has one thing to close. The connection must
not be open across a fork: the child would believe that it holds SQLite's locks, which the operating
system leaves with the parent.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import BooksError
from .schema import APPLICATION_ID, SCHEMA, VERSION

MEMORY = ":memory:"
# How long one process waits for another to finish writing.
BUSY_SECONDS = 30.0

_stores: weakref.WeakSet[Store] = weakref.WeakSet()
# Held while a store is added, and during a fork.
_registry = threading.Lock()


class Store:
    """The books in one file, or in memory (``:memory:``, shared by the threads of this process)."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the file, and make it if there is none.

        Raises BooksError where that cannot be done, or where the file is something else.
        """
        # Absolute, so that a later change of the working directory does not start new books.
        self.path = MEMORY if str(path) == MEMORY else str(Path(path).absolute())
        self.lock = threading.RLock()
        # A list, so that the finalizer sees the connection of the day without keeping the store alive.
        self._open: list[sqlite3.Connection] = []
        # For a store that is forgotten, or still open when the process ends.
        self._finalizer = weakref.finalize(self, _close, self.lock, self._open)
        # Known before it is open, so that no fork can miss it.
        with _registry:
            _stores.add(self)
        with self.lock:
            self._connection()

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[sqlite3.Connection]:
        """Give a connection inside a database transaction; any exception rolls it back."""
        with self.lock:
            connection = self._connection()
            with _transaction(connection, "BEGIN IMMEDIATE" if writing else "BEGIN"):
                yield connection

    def empty(self) -> None:
        """Delete everything that is kept."""
        with self.transaction(writing=True) as db:
            # Else the order of the tables would matter.
            db.execute("PRAGMA defer_foreign_keys = ON")
            for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                db.execute(f"DELETE FROM {row['name']}")

    def identity(self) -> str:
        """Return what tells these books from all others: random, and another once they were emptied.

        Books in memory have none: it is empty.
        """
        if self.path == MEMORY:
            return ""
        with self.transaction(writing=False) as db:
            if found := _identity(db):
                return found
        with self.transaction(writing=True) as db:
            # Not in the schema: files that were made before it had this stay good.
            db.execute("CREATE TABLE IF NOT EXISTS identity (id TEXT NOT NULL)")
            if not _identity(db):
                db.execute("INSERT INTO identity VALUES (?)", [secrets.token_hex(16)])
            return _identity(db)

    def close(self) -> None:
        """Close the file. The next use opens it again; books in memory are lost."""
        _close(self.lock, self._open)

    def _connection(self) -> sqlite3.Connection:
        if not self._open:
            try:
                self._open.append(_connect(self.path))
            except (sqlite3.Error, OSError) as error:
                raise BooksError(
                    f"The sandbox cannot use {self.path} for its books: {error}. "
                    "Name a SQLite file of the sandbox, or one that does not exist yet in a folder "
                    "that can be written."
                ) from error
        return self._open[0]


def _identity(db: sqlite3.Connection) -> str:
    """Return the id of the books, or nothing if they have none yet."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'identity'").fetchone():
        return ""
    row = db.execute("SELECT id FROM identity").fetchone()
    return str(row["id"]) if row else ""


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back on its own, when the disk is full for one.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # Before anything is written: a file of someone else must stay as it is.
        _look(connection)
        _use_wal(connection)
        # With WAL this survives the death of the process; only a power cut can lose the last moments.
        connection.execute("PRAGMA synchronous = NORMAL")
        _lay_out(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait here for another process that is switching too, so we do."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _lay_out(connection: sqlite3.Connection) -> None:
    if _look(connection):
        return
    with _transaction(connection, "BEGIN IMMEDIATE"):
        # Looked at again: another process may have made the tables in the meantime.
        if _holds_books(connection):
            return
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _look(connection: sqlite3.Connection) -> bool:
    with _transaction(connection, "BEGIN"):
        return _holds_books(connection)


def _holds_books(connection: sqlite3.Connection) -> bool:
    """Return whether the tables of the books are there. Raises for tables of anything else."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if (application, version) == (APPLICATION_ID, VERSION):
        return True
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise sqlite3.DatabaseError("it holds other data, or books of another version")
    return False


def _close(lock: threading.RLock, connections: list[sqlite3.Connection]) -> None:
    with lock:
        while connections:
            connections.pop().close()


def _before_fork() -> None:
    _registry.acquire()
    for store in list(_stores):
        # Waits for the request that is under way.
        store.lock.acquire()
        if store.path != MEMORY:
            store.close()
        _forking.append(store)


def _after_fork() -> None:
    while _forking:
        _forking.pop().lock.release()
    _registry.release()


_forking: list[Store] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
