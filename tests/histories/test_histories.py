"""Histories of accounts that Hypothesis makes up, on the real thing: interface, commands, SDK, gateway.

A failure is a real one, shrunk to the few steps that it takes, which are printed as they would be typed.
Hypothesis tries it again first in the next run (folder ``.hypothesis``); elsewhere, a run that failed prints
the ``@reproduce_failure`` line.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.machine import BillingHistory

# `tox -e histories` asks for thousands.
HISTORIES = int(os.environ.get("GENBILLING_TEST_HISTORIES", "50"))
STEPS = 25


@pytest.mark.django_db
def test_whatever_happens_the_books_are_right(braintree, settings):
    run_state_machine_as_test(lambda: BillingHistory(braintree, settings), settings=EXTENT)


EXTENT = settings(
    max_examples=HISTORIES,
    stateful_step_count=STEPS,
    deadline=None,
    print_blob=True,
    # A step is a dispatch, or several: of course it is slow.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
