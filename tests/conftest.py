import os
import platform
import sqlite3
from pathlib import Path

import django
import hypothesis
import pytest
from django.db import connection

from genbilling.gateway import searches
from genbilling.services.billing import pressure

pytest_plugins = ["genbilling.testing"]

# How long one example takes says nothing on a machine that runs four workers and a server.
hypothesis.settings.register_profile("genbilling", deadline=None)
hypothesis.settings.load_profile("genbilling")


def pytest_collection_modifyitems(items):
    # Begun at the end, what takes a minute by itself would keep one worker busy and the others idle.
    items.sort(key=lambda item: not item.get_closest_marker("long"))
    if connection.vendor == "postgresql":
        return
    skip = pytest.mark.skip(reason="needs PostgreSQL: set GENBILLING_TEST_DATABASE=postgres")
    for item in items:
        if item.get_closest_marker("postgres"):
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def braintree_books(braintree, monkeypatch):
    """A Braintree of its own for each test, and for the processes that the test starts."""
    monkeypatch.setenv("GENBILLING_TEST_BRAINTREE", str(braintree.books))
    return braintree.books


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """A gateway that refuses for its rate limit is asked again soon."""
    monkeypatch.setattr(pressure, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(searches, "PAUSES_WHEN_BUSY", (0.001,) * 5)


@pytest.fixture
def database_env(transactional_db):
    """The environment under which another process works on this test's database, as in
    `subprocess.run([sys.executable, "manage.py", ...], cwd=TOP, env=database_env)`.

    It sees only what is committed, hence `transactional_db`.
    """
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "GENBILLING_TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
    }


def pytest_terminal_summary(terminalreporter, config):
    """Write down, for the list at the end of a tox run, what this run really ran on."""
    record = os.environ.get("GENBILLING_TEST_RECORD")
    if record and not hasattr(config, "workerinput"):  # once, not in each worker of pytest-xdist
        Path(record).parent.mkdir(parents=True, exist_ok=True)
        with open(record, "a") as file:
            file.write(f"{ran_on()}: {counts(terminalreporter.stats)}\n")


def ran_on():
    python = f"Python {platform.python_version()}"
    return f"{python}, Django {django.__version__}, {database_version()}"


def database_version():
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    # Imported here: whoever works on SQLite needs no psycopg and no server.
    from tests.postgres import server_version  # noqa: PLC0415

    return f"PostgreSQL {server_version()}"


def counts(stats):
    passed, failed, errors, skipped = (
        len(stats.get(outcome, ())) for outcome in ("passed", "failed", "error", "skipped")
    )
    return f"{passed} passed, {failed + errors} failed, {skipped} skipped"
