"""Claims beside records: what changed while a run looked at it is not tried on what the run saw before."""

from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection

from genbilling.gateway import Ending, Outcome
from genbilling.models import Charge
from genbilling.services.billing import claims, close_due, records
from genbilling.services.reports import DispatchReport
from tests.concurrency.crowd import in_background
from tests.concurrency.due import OCTOBER, owners
from tests.factories import at, invoice_of

pytestmark = pytest.mark.postgres

REFUSED = Outcome(ending=Ending.REFUSED, message="Insufficient funds")


@contextmanager
def before_the_first_query_of(table, job):
    """Do `job` in another thread, on a connection of its own, before the first query of `table`."""
    done = []

    def wrapper(execute, sql, params, many, context):
        if not done and f'FROM "{table}"' in sql:
            done.append(table)
            with in_background() as begin:
                begin(job).result()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
    assert done, f"{table} was not asked"


def test_what_another_run_was_refused_while_this_one_looked_is_not_tried_again(braintree_books):
    [user] = owners(1, "MSG")
    key = user.genbilling_account.pk
    with at("2026-10-01"):
        close_due(OCTOBER, DispatchReport())
    with at("2026-10-01 13:00"):
        [charge] = claims.claim({key: 0}, OCTOBER, whatever).to_send
        # This one has read the invoice, and comes to the card and the charges.
        with before_the_first_query_of("genbilling_card", partial(records.record, [(charge, REFUSED)])):
            claimed = claims.claim({key: 0}, OCTOBER, whatever)
    assert (claimed.to_send, claimed.held) == ([], [key]), "it comes back to it, and sees the refusal"
    assert Charge.objects.get().state == "refused"
    assert invoice_of(user, OCTOBER).failed


def whatever(standing, invoice, now):
    """Try it."""
    return None
