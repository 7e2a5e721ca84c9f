"""Celery, with a Redis of its own."""

import shutil
import subprocess
import sys
from contextlib import contextmanager

from django.conf import settings
from redis import Redis
from redis.exceptions import ConnectionError as NotYet

from genbilling import celery_tasks
from genbilling.exceptions import LeftUndone
from tests.queues.celery_app import app
from tests.queues.processes import QueueError, until, workers

HELP = "There is no redis-server here. On Debian and Ubuntu: apt-get install redis-server"


@contextmanager
def broker(program):
    """Run a Redis on the socket that the settings name."""
    socket = settings.REDIS.removeprefix("redis+socket://")
    options = ["--port", "0", "--unixsocket", socket, "--save", ""]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as server:
        try:
            with Redis(unix_socket_path=socket) as redis:
                until(lambda: _answers(redis), "Redis answers")
            yield
        finally:
            server.terminate()


def _answers(redis):
    try:
        return redis.ping()
    except NotYet:
        return False


class CeleryQueue:
    """Deliveries and workers; every worker has one message at a time."""

    def __init__(self, names, folder):
        command = [sys.executable, "-m", "celery", "-A", "tests.queues.celery_app", "worker", "-l", "INFO"]
        self._commands = {name: [*command, "-n", f"{name}@here"] for name in names}
        self._folder = folder
        self._redis = shutil.which("redis-server") or sys.exit(HELP)
        self._results = []

    @contextmanager
    def working(self):
        """Run the workers, and give them when all are there."""
        with broker(self._redis), workers(self._commands, self._folder) as running:
            until(lambda: len(app.control.ping(timeout=0.5)) == len(running), "the workers answer")
            yield running

    def deliver(self, job, *arguments):
        self._results.append((job, getattr(celery_tasks, job).delay(*arguments)))

    def is_at_work(self, worker):
        """Whether the worker has a job now."""
        name = f"{worker.name}@here"
        answers = app.control.inspect([name], timeout=10).active() or {}
        return bool(answers.get(name))

    def has_ended(self, killed):
        """Whether every job ended: those of the `killed` worker were delivered again."""
        return all(result.ready() for _, result in self._results)

    def left_undone(self):
        """Return the names of the jobs that left something undone.

        Raises:
            QueueError: a job failed in another way.
        """
        left = []
        for job, result in self._results:
            error = result.get(propagate=False)
            if isinstance(error, LeftUndone) and error.report["job"] == job:
                left.append(job)
            elif not isinstance(error, dict):
                raise QueueError(f"{job} failed: {error!r}")
        return left
