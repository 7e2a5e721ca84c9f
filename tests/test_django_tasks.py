"""The jobs as tasks of Django's own framework. What a real worker does is shown by `tox -e tasks`."""

import inspect

import pytest

pytest.importorskip("django.tasks", reason="needs Django 6.0 or newer")

from django.tasks import TaskResultStatus, task_backends

from genbilling import django_tasks, jobs

MONTH = ["dispatch_invoices", "create_invoices", "reset_products", "restore_products"]
TASKS = {name: one for name, one in vars(django_tasks).items() if hasattr(one, "enqueue")}


def test_every_job_is_a_task_with_the_arguments_of_the_job():
    names = {name for name, one in vars(jobs).items() if getattr(one, "__module__", "") == jobs.__name__}
    assert TASKS.keys() == {name for name in names if not name.startswith("_")}
    for name, task in TASKS.items():
        assert inspect.signature(task.func) == inspect.signature(getattr(jobs, name))
        assert task.module_path == f"genbilling.django_tasks.{name}"


@pytest.mark.parametrize(
    "name", ["dispatch_invoices", "create_invoices", "reset_products", "restore_products"]
)
def test_a_task_of_the_month_returns_what_the_job_returns(db, name):
    result = enqueued(name, 202610)
    assert result.return_value == getattr(jobs, name)(202610)


def test_the_other_tasks_return_what_their_jobs_return(db):
    assert enqueued("reconcile_payments", known=["a"]).return_value == jobs.reconcile_payments()
    assert enqueued("audit_billing").return_value == jobs.audit_billing()


@pytest.mark.parametrize(
    ("name", "argument", "error"),
    [("dispatch_invoices", "202610", "BadPeriod"), ("send_payment", 0, "BadInput")],
)
def test_a_task_fails_as_the_job_fails(db, name, argument, error):
    result = enqueued(name, argument)
    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class_path == f"genbilling.exceptions.{error}"


def enqueued(name, *arguments, **options):
    """Enqueue a task where Django's own backend runs it at once."""
    assert type(task_backends["default"]).__name__ == "ImmediateBackend"
    return TASKS[name].enqueue(*arguments, **options)
