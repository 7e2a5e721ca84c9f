"""The PostgreSQL that is measured: out of a wheel, and with everything on that keeps what was committed."""

import itertools
import os
from contextlib import contextmanager

import psycopg

from tests import postgres

CONFIGURATION = """
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
"""


class Server:
    """A server of this run's own, with a database for each thing that is measured.

    Args:
        quick: it is one of the tests', that throws away what it has: for runs that measure nothing.
    """

    def __init__(self, *, quick=False):
        if quick:
            postgres.database()
        self.uri = os.environ[postgres.URI] if quick else postgres.start(CONFIGURATION)
        self._names = (f"bench_{os.getpid()}_{number}" for number in itertools.count(1))
        self._made = set()
        with self._connected() as connection:
            self.version = connection.info.parameter_status("server_version")

    def environment(self):
        """Return the environment of the processes that work on its databases."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
            "GENBILLING_TEST_DATABASE": "postgres",
            postgres.URI: self.uri,
        }

    def new(self, template="template1"):
        """Return the name of a new database, a copy of `template`."""
        name = next(self._names)
        self._made.add(name)
        with self._connected() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            # What the copy has written is not to be written out while something is measured.
            connection.execute("CHECKPOINT")
        return name

    @contextmanager
    def copy(self, template):
        """Give the name of a copy of `template`, that is dropped afterwards."""
        name = self.new(template)
        try:
            yield name
        finally:
            self.drop(name)

    def drop(self, name):
        with self._connected() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.discard(name)

    def drop_all(self):
        for name in list(self._made):
            self.drop(name)

    def _connected(self):
        return psycopg.connect(self.uri, autocommit=True)
