"""The database comes back older: a copy of it is taken at some time of a dispatch, and restored later."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg
from django.db import connection, connections

from genbilling.sandbox import Sandbox
from tests.crash.campaign import Campaign
from tests.crash.notes import after
from tests.crash.points import Plan
from tests.factories import at

MONEY = "after POST /transactions in"


class Backup:
    """A copy of the test's database on the same server."""

    def __init__(self):
        self._database = connection.settings_dict["NAME"]
        self._copy = f"{self._database}_backup"

    def take(self):
        self._make(self._copy, self._database)

    def restore(self):
        self._make(self._database, self._copy)

    def _make(self, name, template):
        connections.close_all()
        settings = connection.settings_dict
        server = psycopg.connect(
            host=settings["HOST"],
            port=settings["PORT"],
            user=settings["USER"],
            password=settings["PASSWORD"],
            dbname="postgres",
            autocommit=True,
        )
        with server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


class Restored(Campaign):
    """A campaign in whose months the database comes back older."""

    def month_restored(self, when, backup, *, sales=0):
        """Let one month go by, and return what is wrong in its books, and what the first run said.

        Args:
            when: the copy is taken before the dispatch, in its middle (after so many `sales`), or after it.
        """
        self.period = after(self.period)
        self._clock = self._day(1)
        with at(str(self._clock)):
            self._world.turn(self.period)
        if when == "in the middle":
            [end] = self._run([self._order(("dispatch_invoices",), Plan(at=MONEY, time=sales))])
            assert end.killed
        elif when == "after":
            self._dispatch()
        backup.take()
        for _ in range(2):
            self._dispatch()
            # The day on which what was refused is tried again.
            self._clock += timedelta(days=1)
        backup.restore()
        said = self._dispatch()
        said += self._run([self._order(("reconcile_payments",), Plan())])[0].said
        self._clock += timedelta(days=1)
        with at(str(self._clock)):
            self._world.mend()
        self._run_until_idle()
        return [*self._compare_holdings()], said

    def _run(self, orders, kill_after=None):
        with Sandbox(self._world.books) as sandbox:
            # The days in which sales settle, and are looked for, are those of the story.
            sandbox.clock.set(self._clock.replace(tzinfo=ZoneInfo("America/New_York")))
        return super()._run(orders, kill_after)

    def _dispatch(self):
        [end] = self._run([self._order(("dispatch_invoices",), Plan())])
        return end.said
