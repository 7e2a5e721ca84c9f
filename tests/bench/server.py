"""The PostgreSQL that is measured: out of a wheel, and with everything on that keeps what was committed."""

import itertools
import os
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

from tests import postgres

CONFIGURATION = """
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
"""


class Server:
    """A server of this run's own, with a database for each thing that is measured."""

    def __init__(self):
        self.uri = postgres.start(CONFIGURATION)
        self._names = (f"books{number}" for number in itertools.count(1))
        with self._connected() as connection:
            self.version = connection.info.parameter_status("server_version")

    def environment(self, name):
        """Return the environment of a process that works on the database `name`."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
            "GENBILLING_TEST_DATABASE": "postgres",
            "GENBILLING_TEST_DATABASE_NAME": name,
            postgres.URI: self.uri,
        }

    def dsn(self, name):
        return make_conninfo(self.uri, dbname=name)

    def new(self, template="template1"):
        """Return the name of a new database, a copy of `template`."""
        name = next(self._names)
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

    def _connected(self):
        return psycopg.connect(self.uri, autocommit=True)
