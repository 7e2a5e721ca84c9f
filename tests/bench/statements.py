"""Counting what is sent to the database."""

import re
from contextlib import contextmanager

from django.db import connections
from django.db.backends.signals import connection_created

STAMP = re.compile(r'UPDATE "genbilling_charge" SET "signalled_at"')


class Statements:
    """Counts the statements of every connection that this process has or opens."""

    def __init__(self):
        self.count = self.stamps = 0
        for connection in connections.all(initialized_only=True):
            self._watch(connection=connection)
        connection_created.connect(self._watch)

    def _watch(self, connection, **kwargs):
        if self._note not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._note)

    def _note(self, execute, sql, params, many, context):
        # What executemany sends is as many statements.
        sent = len(params) if many else 1
        self.count += sent
        if STAMP.match(sql):
            self.stamps += sent
        return execute(sql, params, many, context)


@contextmanager
def sent_by(connection):
    """Give a list of the statements with their parameters that `connection` sends."""
    sent = []

    def note(execute, sql, params, many, context):
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent
