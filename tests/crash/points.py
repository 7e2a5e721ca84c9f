"""The points at which a command may die: before and after every commit and every call of the gateway.

Nothing is listed by hand. A point is met while the command runs, and named after what is about to happen, or
has happened, and after the function that wanted it: "dispatch_invoices: after commit in claims.claim".
"""

import os
import re
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from genbilling.services.billing import calls

KILLED = "KILLED"
MERCHANT = re.compile(r"^/merchants/[^/]+")
AN_ID = re.compile(r"(?<=/)(?=[^/]*\d)[A-Za-z0-9_-]{6,}")
WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where to die, if anywhere: whatever of these comes first.

    The first point that is not `spared`; the `number`-th point; the `time`-th one whose name has `at` in it.
    """

    spared: frozenset[str] | None = None
    number: int = 0
    at: str = ""
    time: int = 1


class Points:
    """What this process passes, written down line by line; it dies where the plan says so."""

    def __init__(self, plan, file):
        self.command = ""
        self._plan = plan
        self._passed = self._passed_at = 0
        self._lock = threading.Lock()
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def pass_by(self, what):
        name = f"{self.command}: {what} in {_whoever_wants_it()}"
        with self._lock:
            os.write(self._file, f"{name}\n".encode())
            if self._is_the_end(name):
                os.write(self._file, f"{KILLED}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    def _is_the_end(self, name):
        plan = self._plan
        self._passed += 1
        self._passed_at += bool(plan.at) and plan.at in name
        return (
            (plan.spared is not None and name not in plan.spared)
            or self._passed == plan.number
            or self._passed_at == plan.time
        )

    @contextmanager
    def around(self, what):
        self.pass_by(f"before {what}")
        yield
        self.pass_by(f"after {what}")


def read(file):
    """Return the names of the points that a process passed, and whether it died at the last one."""
    names = file.read_text().splitlines() if file.exists() else []
    died = names[-1:] == [KILLED]
    return (names[:-1] if died else names), died


def watch(points):
    """Have every commit, every statement that commits by itself and every gateway call pass `points`."""
    _watch_commits(points)
    _watch_statements(points)
    _watch_calls(points)


def _watch_commits(points):
    commit = BaseDatabaseWrapper.commit

    def watched(self):
        with points.around("commit"):
            commit(self)

    BaseDatabaseWrapper.commit = watched


def _watch_statements(points):
    def watched(execute, sql, params, many, context):
        verb = sql.lstrip()[:6].upper()
        if verb not in WRITES or context["connection"].in_atomic_block:
            return execute(sql, params, many, context)
        with points.around(f"the commit of {verb}"):
            return execute(sql, params, many, context)

    def watch_connection(connection, **kwargs):
        if watched not in connection.execute_wrappers:
            connection.execute_wrappers.append(watched)

    # Each thread has a connection of its own, which is watched when it is made.
    connections.close_all()
    connection_created.connect(watch_connection, weak=False)


def _watch_calls(points):
    request = requests.Session.request

    def watched(self, method, url, *args, **kwargs):
        path = AN_ID.sub("{id}", MERCHANT.sub("", urlsplit(url).path))
        with points.around(f"{method} {path}"):
            return request(self, method, url, *args, **kwargs)

    requests.Session.request = watched


def _whoever_wants_it():
    """The innermost function with a name of genbilling's services, or the step whose call is being made."""
    frame = sys._getframe()
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        name = frame.f_code.co_name
        if module == calls.__name__:
            # A thread of the gateway's: the steps wait in the one that has the books.
            return _waiting_step(frame.f_locals["task"].name.steps)
        if not name.startswith("<") and module.startswith("genbilling.services."):
            return f"{module.rpartition('.')[2]}.{name}"
        frame = frame.f_back
    return "the command"


def _waiting_step(steps):
    while steps.gi_yieldfrom is not None:
        steps = steps.gi_yieldfrom
    return f"{Path(steps.gi_code.co_filename).stem}.{steps.gi_code.co_name}"
