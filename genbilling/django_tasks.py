"""The jobs as tasks of Django's own framework, which comes with Django 6.0: ``dispatch_invoices.enqueue()``.

A worker finds a task by its function's path, so each is a function here. See `genbilling.jobs` for arguments,
results and errors.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.tasks import task

from . import jobs
from .jobs import Report


@task
def dispatch_invoices(period: int | None = None) -> Report:
    return jobs.dispatch_invoices(period)


@task
def create_invoices(period: int | None = None) -> Report:
    return jobs.create_invoices(period)


@task
def reset_products(period: int | None = None) -> Report:
    return jobs.reset_products(period)


@task
def restore_products(period: int | None = None) -> Report:
    return jobs.restore_products(period)


@task
def reconcile_payments(
    first: str | None = None, last: str | None = None, known: Sequence[str] = ()
) -> Report:
    return jobs.reconcile_payments(first, last, known)


@task
def audit_billing() -> Report:
    return jobs.audit_billing()


@task
def send_payment(invoice_id: int) -> Report:
    return jobs.send_payment(invoice_id)
