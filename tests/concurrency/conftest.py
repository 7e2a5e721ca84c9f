import threading
from collections import Counter

import pytest
from django.db import connection
from tqdm import TMonitor

from genbilling.services.audit import audit
from tests.concurrency.crowd import until
from tests.concurrency.processes import Process


@pytest.fixture(autouse=True)
def nothing_left_behind(transactional_db, request):
    """A test ends with the threads that it began with, with no connection but its own, and sound books."""
    before = set(threading.enumerate())
    yield
    # The progress bar's own watchman stays with the process.
    assert [one for one in set(threading.enumerate()) - before if not isinstance(one, TMonitor)] == []
    if connection.vendor == "postgresql":
        until(lambda: _other_connections() == 0, "the others' connections are closed")
    if not request.node.get_closest_marker("tampers"):
        assert list(audit(Counter())) == []


@pytest.fixture
def start(database_env, nothing_left_behind, tmp_path):
    """Start a process on this test's database and Braintree: `start("manage.py", "dispatch_invoices")`."""
    processes = []
    # The server's package complains on standard error where there is no such folder.
    environment = database_env | {"XDG_RUNTIME_DIR": str(tmp_path)}

    def start(*arguments):
        processes.append(Process(arguments, environment))
        return processes[-1]

    yield start
    for process in processes:
        process.end()


def _other_connections():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]
