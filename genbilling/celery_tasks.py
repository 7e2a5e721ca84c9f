"""The jobs as Celery tasks: ``pip install "genbilling[celery]"``, and tell Celery to import this module.

It is not called ``tasks``: Celery is not the only queue that imports every app's ``tasks`` by itself, and a
project with another one need not have Celery.
"""

from __future__ import annotations

from typing import Any

from celery import shared_task

from . import jobs


def _task(job: Any) -> Any:
    # A worker that is killed leaves its message for another one: every job may be delivered again.
    return shared_task(job, name=f"genbilling.{job.__name__}", acks_late=True, reject_on_worker_lost=True)


dispatch_invoices = _task(jobs.dispatch_invoices)
create_invoices = _task(jobs.create_invoices)
reset_products = _task(jobs.reset_products)
restore_products = _task(jobs.restore_products)
reconcile_payments = _task(jobs.reconcile_payments)
audit_billing = _task(jobs.audit_billing)
send_payment = _task(jobs.send_payment)
