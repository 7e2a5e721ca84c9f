"""A run beside somebody who works on the same rows: it sees what has just happened, and waits for nobody."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from genbilling.models import Charge, Invoice
from genbilling.services import locks
from genbilling.services.billing import charging, claims, close_due, dispatch_invoices
from genbilling.services.reports import DispatchReport
from tests.concurrency.crowd import in_background
from tests.concurrency.due import OCTOBER, assert_each_paid_once, owners, pending
from tests.factories import invoices_of

State = Charge.State

pytestmark = pytest.mark.postgres

SALES = {"verb": "POST", "path": "/transactions"}

BROKEN = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken row'; END $$;
CREATE TRIGGER broken BEFORE UPDATE OF keyed ON genbilling_charge FOR EACH ROW
WHEN (new.invoice_id = %s) EXECUTE FUNCTION broken();
"""


@contextmanager
def once_before(table, work):
    """Do `work` in another connection right before the first statement that reads `table`."""
    done = []

    def watch(execute, sql, params, many, context):
        if not done and f'FROM "{table}"' in sql:
            done.append(sql)
            with in_background() as begin:
                begin(work).result(30)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert done


def claim(user):
    """Claim the user's invoice of October, as a run does."""
    policy = charging.dispatch_policy(timezone.now())
    return claims.claim({user.genbilling_account.pk: OCTOBER}, OCTOBER, policy)


def lose_charge(user):
    """Leave the charge of a run that died before it had sent it."""
    close_due(OCTOBER, DispatchReport())
    [charge] = claim(user).to_send
    pending().update(created_at=F("created_at") - 2 * Charge.IN_FLIGHT)
    return charge


def assert_the_next_run_pays_the_rest(books):
    assert dispatch_invoices(OCTOBER).complete
    assert_each_paid_once(books, Invoice.objects.filter(period=OCTOBER))


def test_a_lost_charge_that_somebody_holds_keeps_nobody_else_waiting(braintree_books, monkeypatch):
    monkeypatch.setattr(locks, "LAST_PASS_SECONDS", 0.5)
    lost = lose_charge(owners(4, "MSG")[1])
    with in_background() as begin, transaction.atomic():
        Charge.objects.select_for_update().get(pk=lost.pk)
        report = begin(lambda: dispatch_invoices(OCTOBER)).result(30)
    assert report.counts["paid"] == 3
    assert not report.complete
    assert_the_next_run_pays_the_rest(braintree_books)


def test_a_charge_that_cannot_be_gone_on_with_stops_no_other(braintree, braintree_books):
    """As where a trigger of the project's own refuses to write down that the key was given up."""
    bad, *_ = owners(4, "MSG")
    close_due(OCTOBER, DispatchReport())
    with a_trigger_that_breaks(invoices_of(bad)[0]), braintree.fault("code", code="915231", times=4, **SALES):
        report = dispatch_invoices(OCTOBER, in_flight=4)
    assert report.counts["paid"] == 3
    assert "broken row" in report.uncertain[0]
    assert [one.invoice.account.owner for one in pending()] == [bad]


@contextmanager
def a_trigger_that_breaks(invoice):
    with connection.cursor() as cursor:
        cursor.execute(BROKEN, [invoice.pk])
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION broken() CASCADE")
