"""The demo's project: what genbilling needs of a project, and the admin to look at the books."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent

# All that the demo writes: the project's database and the books of the embedded Braintree.
FOLDER = Path(os.environ.get("GENBILLING_DEMO_FOLDER", TOP / "build" / "demo"))

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "project.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What follows is genbilling's own.
BRAINTREE_ENVIRONMENT = "embedded"
BRAINTREE_MERCHANT_ID = "integration_merchant_id"
BRAINTREE_PUBLIC_KEY = "integration_public_key"
BRAINTREE_PRIVATE_KEY = "integration_private_key"

GENBILLING = {
    "PRODUCTS": "tests.demo.products.PRODUCTS",
    "PRORATE_FIRST_PERIOD": True,
    "RETRY_DAYS": (1, 3, 7),
    # One by one: the story is told in the same order every time.
    "CALLS_IN_FLIGHT": 1,
    "EMBEDDED_DB": FOLDER / "braintree.sqlite3",
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "genbilling",
    "tests.demo",
]

# What follows any project has.
SECRET_KEY = "only for the demo"
DEBUG = True
USE_TZ = True
TIME_ZONE = "America/New_York"
ROOT_URLCONF = "tests.demo.urls"
STATIC_URL = "static/"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
