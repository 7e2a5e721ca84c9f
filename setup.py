"""The package's metadata. Tool settings are in pyproject.toml, environments in tox.ini."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def version() -> str:
    """Read, not imported: a build machine need not have Django or braintree."""
    text = (HERE / "genbilling" / "__init__.py").read_text()
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise RuntimeError("genbilling/__init__.py does not hold a line __version__ = ...")
    return found[1]


def readme() -> str:
    path = HERE / "README.rst"
    return path.read_text() if path.exists() else ""


setup(
    name="genbilling",
    version=version(),
    description="Monthly billing through Braintree, as a reusable Django app",
    long_description=readme(),
    long_description_content_type="text/x-rst",
    author="the genbilling contributors",
    keywords=["billing", "braintree", "credit cards", "django", "invoices", "payments", "subscriptions"],
    license_expression="BSD-3-Clause",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    install_requires=[
        # Django takes nothing away inside a major version without a warning two releases ahead, and
        # our tests turn warnings into errors. The next major has to be tried before it is promised.
        "Django>=5.2,<7",
        # The sandbox sits on the SDK's transport class, which a new major is free to change.
        "braintree>=4.43,<5",
        "python-dateutil>=2.8",
        "tqdm>=4.60",
    ],
    extras_require={
        "celery": ["celery>=5.4"],  # for genbilling.celery_tasks
        "postgres": ["psycopg>=3.1.12"],  # the oldest one that Django 6 takes
        "testing": ["pytest>=8", "pytest-django>=4.9"],  # for the plugin genbilling.testing
    },
    packages=find_packages(include=["genbilling", "genbilling.*"]),
    package_data={
        "genbilling": ["py.typed", "locale/**/*", "static/**/*", "templates/**/*"],
    },
    zip_safe=False,
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Web Environment",
        "Framework :: Django",
        "Framework :: Django :: 5.2",
        "Framework :: Django :: 6.0",
        "Framework :: Django :: 6.1",
        "Intended Audience :: Developers",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Office/Business :: Financial",
        "Typing :: Typed",
    ],
)
