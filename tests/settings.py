"""A Django project around the app, for the tests and for manage.py."""

import os
import tempfile
from pathlib import Path

TOP = BASE_DIR = Path(__file__).resolve().parent.parent

# Set for a process that a test starts: the test's own database instead of the project's.
NAME = os.environ.get("GENBILLING_TEST_DATABASE_NAME")


def sqlite():
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": NAME or TOP / "db.sqlite3",
        "OPTIONS": {
            # A transaction that reads first and writes later fails at once when another one has
            # written in between; one that takes the lock at its beginning waits for it.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA synchronous = OFF",
        },
        # A file: a database in memory cannot be seen by another process.
        "TEST": {"NAME": f"{tempfile.gettempdir()}/genbilling-{os.getpid()}.sqlite3"},
    }


def postgres():
    # Imported here: whoever works on SQLite needs no psycopg and no server.
    from tests.postgres import database  # noqa: PLC0415

    found = database()
    return {
        **found,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": NAME or found["NAME"],
        "TEST": {"NAME": "test_genbilling"},
    }


DATABASES = {
    "default": {"sqlite": sqlite, "postgres": postgres}[
        os.environ.get("GENBILLING_TEST_DATABASE", "sqlite")
    ]()
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = "only for tests"
USE_TZ = True
TIME_ZONE = "America/New_York"
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
# The slow hashing of passwords is not what is tested here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "genbilling",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

BRAINTREE_MERCHANT_ID = "integration_merchant_id"
BRAINTREE_PUBLIC_KEY = "integration_public_key"
BRAINTREE_PRIVATE_KEY = "integration_private_key"
BRAINTREE_ENVIRONMENT = "embedded"

PRODUCTS = [
    {
        "name": "ANS_SERV_STAFF",
        "description": "Answering service for staff",
        "flat_rate": "0",
        "initial_step": 0,
        "step_cost": "10.00",
        "step": 1,
        "periodic": False,
    },
    {
        "name": "MSG",
        "description": "Private messages",
        "flat_rate": "9.99",
        "initial_step": 1000,
        "step_cost": "7.99",
        "step": 1000,
        "periodic": True,
        "trigger": 200,
    },
]

GENBILLING = {
    # A fresh one for each test; a process that a test starts finds it by the environment.
    "EMBEDDED_DB": os.environ.get("GENBILLING_TEST_BRAINTREE", TOP / "braintree.sqlite3"),
    # A process that a test starts may be given others, by their path.
    "PRODUCTS": os.environ.get("GENBILLING_TEST_PRODUCTS", PRODUCTS),
}
