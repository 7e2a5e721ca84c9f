"""The jobs as Celery tasks. What a real worker does with them is shown by `tox -e celery`."""

import json

import pytest

from genbilling import jobs
from genbilling.exceptions import BadPeriod

pytest.importorskip("celery")

from genbilling import celery_tasks

NAMES = (
    "dispatch_invoices",
    "create_invoices",
    "reset_products",
    "restore_products",
    "reconcile_payments",
    "audit_billing",
    "send_payment",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_job_is_a_task_with_a_name_that_stays(name):
    task = getattr(celery_tasks, name)
    assert task.name == f"genbilling.{name}"
    assert task.run is getattr(jobs, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_that_is_killed_leaves_its_message_for_another_one(name):
    task = getattr(celery_tasks, name)
    assert (task.acks_late, task.reject_on_worker_lost) == (True, True)


def test_a_task_returns_what_the_job_returns(db):
    result = celery_tasks.create_invoices.apply((202610,))
    assert json.loads(json.dumps(result.get())) == jobs.create_invoices(202610)


def test_a_task_fails_as_the_job_fails(db):
    result = celery_tasks.dispatch_invoices.apply(("202610",))
    assert result.state == "FAILURE"
    assert isinstance(result.result, BadPeriod)
