"""Processes of their own: the commands as cron runs them, started together where that matters."""

import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction

from tests.concurrency.crowd import PATIENCE, until_waiting
from tests.settings import TOP

COUNTS = re.compile(r"(\d+) ([a-z][a-z ]*[a-z])(?: \((?:billed )?([\d.]+)\))?")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a process left: its exit status, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def summary(self):
        return self.out.splitlines()[-1]

    def count(self, name):
        """The count called `name` in the summary."""
        return self._found(name)[0]

    def total(self, name):
        """The sum of money beside the count called `name`."""
        return self._found(name)[1]

    def _found(self, name):
        for number, words, money in COUNTS.findall(self.summary):
            if _singular(words) == _singular(name):
                return int(number), Decimal(money or 0)
        raise AssertionError(f"no count of {name!r}: {self}")


def _singular(words):
    """`words` with their first one as it is after a 1: "invoice opened" for "invoices opened"."""
    return re.sub(r"^(\w+)s ", r"\1 ", words)


class Process:
    """A running `python ARGUMENTS`, or `python -m MODULE` if the first one is a module's name."""

    def __init__(self, arguments, environment):
        first, *rest = map(str, arguments)
        run = [first] if first.endswith(".py") else ["-m", first]
        self._process = subprocess.Popen(
            [sys.executable, *run, *rest],
            cwd=TOP,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def running(self):
        return self._process.poll() is None

    def said(self):
        """Wait for the process and return what it said."""
        out, err = self._process.communicate(timeout=PATIENCE)
        return Said(status=self._process.returncode, out=out, err=err)

    def read_line(self):
        return self._process.stdout.readline().rstrip("\n")

    def write_line(self, text):
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """Kill the process where it stands (SIGKILL), and wait until it is gone."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def end(self):
        if self.running:
            self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()


@contextmanager
def all_at_the_gate(number, table):
    """Have the processes that the block starts stop at `table`, and go on together when all have come.

    PostgreSQL holds the table back. On SQLite they just start at the same time.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        until_waiting(number)


def dispatch(start, period, processes=1, *options):
    """Run so many `dispatch_invoices` with `options` at the same time, and return what each said."""
    # The cards are first looked at after a run has noted its beginning: each has begun before any works.
    with all_at_the_gate(processes, "genbilling_card"):
        command = ("manage.py", "dispatch_invoices", "--period", period, *options)
        running = [start(*command) for _ in range(processes)]
    return [process.said() for process in running]
