"""The test project's Celery app: `celery -A tests.queues.celery_app worker`."""

from celery import Celery

app = Celery("queues")
app.config_from_object("django.conf:settings", namespace="CELERY")
