"""The test project with a queue: Celery on a Redis, or Django's tasks in the database."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

# Set by the story for the workers that it starts.
BRAINTREE_ENVIRONMENT = os.environ.get("GENBILLING_TEST_GATEWAY", "embedded")
GENBILLING_TEST_HEARD = os.environ.get("GENBILLING_TEST_HEARD")

INSTALLED_APPS = [*INSTALLED_APPS, "tests.queues"]

if REDIS := os.environ.get("GENBILLING_TEST_REDIS"):
    CELERY_BROKER_URL = CELERY_RESULT_BACKEND = REDIS
    CELERY_IMPORTS = ["genbilling.celery_tasks"]
    # One message at a time for each worker, the other ones for its peers.
    CELERY_WORKER_PREFETCH_MULTIPLIER = 1
    CELERY_WORKER_CONCURRENCY = 1
    # A message that was not acknowledged within so many seconds is delivered again, whoever is still at it.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 15,
        # Look for such messages each second, instead of every hundred.
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
else:
    INSTALLED_APPS += ["django_tasks_db"]
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
