"""Histories of accounts that Hypothesis makes up, on the real thing: interface, commands, SDK, gateway.

Other ones in each run, so that they add up. What fails is a bug, of genbilling's or of what is expected here,
and never chance: no step depends on the time of day or on what ran before. Hypothesis shrinks it to the few
steps that it takes, for up to five minutes, and prints them. It is tried first in the next run from the same
folder (``.hypothesis``); anywhere else put the ``@reproduce_failure`` line that is printed above ``history``.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.machine import BillingHistory

# `tox -e histories` asks for thousands.
HISTORIES = int(os.environ.get("GENBILLING_TEST_HISTORIES", "50"))
STEPS = 25
RETRY_DAYS = (None, (1, 3))

EXTENT = settings(
    max_examples=HISTORIES // len(RETRY_DAYS),
    stateful_step_count=STEPS,
    deadline=None,
    print_blob=True,
    # A step may be three dispatches and more: of course it is slow.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.parametrize("retry_days", RETRY_DAYS)
def test_whatever_happens_the_books_are_right(retry_days, braintree):
    def history():
        return BillingHistory(braintree, retry_days)

    run_state_machine_as_test(history, settings=EXTENT)
