"""Django's own tasks, kept in the database by django-tasks-db."""

import sys
from contextlib import contextmanager

from django_tasks_db.models import DBTaskResult

from genbilling import django_tasks
from genbilling.exceptions import LeftUndone
from tests.queues.processes import QueueError, workers

LEFT_UNDONE = f"{LeftUndone.__module__}.{LeftUndone.__qualname__}"


class TasksQueue:
    """Deliveries and workers."""

    def __init__(self, names, folder):
        command = [sys.executable, "manage.py", "db_worker", "--interval", "0.1", "--no-startup-delay"]
        self._commands = {name: [*command, "--worker-id", name] for name in names}
        self._folder = folder

    @contextmanager
    def working(self):
        """Run the workers, and give them."""
        with workers(self._commands, self._folder) as running:
            yield running

    def deliver(self, job, *arguments):
        getattr(django_tasks, job).enqueue(*arguments)

    def is_at_work(self, worker):
        """Whether the worker has a job now."""
        return any(row.worker_ids == [worker.name] for row in DBTaskResult.objects.running())

    def has_ended(self, killed):
        """Whether every job ended: those of the `killed` worker are never delivered again."""
        unfinished = DBTaskResult.objects.difference(DBTaskResult.objects.finished())
        return all(row.worker_ids == [killed.name] for row in unfinished)

    def left_undone(self):
        """Return the names of the jobs that left something undone.

        Raises:
            QueueError: a job failed in another way.
        """
        failed = list(DBTaskResult.objects.failed())
        for row in failed:
            if row.exception_class_path != LEFT_UNDONE:
                raise QueueError(f"{row.task_name} failed: {row.traceback}")
        return [row.task_name for row in failed]
