"""Many threads at the same moment, and waiting until something is so; no sleep stands for an order."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

PATIENCE = 60
NEVER_LONGER_MS = 60_000


def at_once(*jobs, expecting=()):
    """Run each job in a thread of its own, all let go together; return what they returned, in their order.

    An error of a kind in `expecting` is returned like a value, any other is raised.
    """
    barrier = threading.Barrier(len(jobs), timeout=PATIENCE)

    def run(job):
        with own_connection():
            barrier.wait()
            try:
                return job()
            except expecting as error:
                return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result(PATIENCE) for done in [pool.submit(run, job) for job in jobs]]


@contextmanager
def in_background():
    """Yield `begin(job)`: it starts `job` in a thread and returns its future.

    The block ends when all jobs have.
    """

    def run(job):
        with own_connection():
            return job()

    with ThreadPoolExecutor(8) as pool:
        begun = []

        def begin(job):
            begun.append(pool.submit(run, job))
            return begun[-1]

        yield begin
        for done in begun:
            done.exception(PATIENCE)


@contextmanager
def own_connection():
    """Let the thread's database connection end with the block, and none of its statements take for ever."""
    try:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout = {NEVER_LONGER_MS}")
        yield
    finally:
        connection.close()


def until(condition, what, pause=0.005):
    """Wait until `condition()` is true; `what` says it in words, for when it never is."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not so after {PATIENCE} s: {what}"
        time.sleep(pause)


def until_waiting(number=1):
    """Wait until `number` other connections stand still for a lock (PostgreSQL)."""
    # What PostgreSQL has to find out for this is dear, and keeps those from working that are waited for.
    until(lambda: len(waiting()) >= number, f"{number} connections wait for a lock", pause=0.03)


def waiting():
    """The ids of the backends on this database that wait for somebody's lock (PostgreSQL)."""
    with connection.cursor() as cursor:
        # Inside a transaction the list of backends is read once and kept.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
        )
        return [pid for (pid,) in cursor.fetchall()]
