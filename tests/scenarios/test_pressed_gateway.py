"""A gateway that wants less, that hangs, or that is slow while the run is asked to stop."""

import pytest

from genbilling import gateway
from genbilling.gateway import connections
from genbilling.models import Charge, Invoice
from genbilling.sandbox import Sandbox
from genbilling.services.billing import dispatch_invoices, pressure
from genbilling.services.billing.pressure import MOST_OVERLOADED
from tests.concurrency.due import OCTOBER, assert_each_paid_once, owners, pending
from tests.factories import run, run_failing
from tests.sandbox.connections import serve

State = Charge.State

pytestmark = pytest.mark.django_db(transaction=True)
SALES = {"verb": "POST", "path": "/transactions"}


def test_a_rate_limit_slows_the_run_down_and_everybody_pays(braintree, braintree_books, monkeypatch):
    monkeypatch.setattr(pressure, "PAUSE_SECONDS", 0.2)
    owners(60, "MSG")
    with braintree.fault("limit", requests=20, seconds=1, **SALES) as limit:
        said = run("dispatch_invoices", period=OCTOBER)
        refused = limit.acted
    assert "60 paid" in said
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
    assert not Charge.objects.exclude(state=State.PAID).exists()
    assert 0 < refused < 60


@pytest.fixture
def served(settings, tmp_path):
    """A Braintree in a process of its own, whose answers really take their time."""
    with serve(tmp_path / "served.sqlite3") as server:
        settings.BRAINTREE_ENVIRONMENT = f"http://127.0.0.1:{server.port}"
        yield server


def test_a_gateway_that_only_hangs_ends_the_run_after_a_bounded_number_of_time_outs(served, monkeypatch):
    owners(20, "MSG")
    gateway.disconnect()
    with (
        monkeypatch.context() as patch,
        Sandbox(served.books) as sandbox,
        sandbox.fault("latency", seconds=2, **SALES) as fault,
    ):
        patch.setattr(connections, "TIMEOUT_SECONDS", 0.2)
        said = run_failing("dispatch_invoices", period=OCTOBER, in_flight=4)
        sent = fault.acted
    gateway.disconnect()
    assert "The gateway is overloaded, or hangs" in said
    # Four, then two, then one at a time.
    assert MOST_OVERLOADED <= sent <= 4 + 2 + 1
    # Of those it is not known what came of them; what was not sent is released.
    assert pending().count() == sent
    run("dispatch_invoices", period=OCTOBER)
    assert_each_paid_once(served.books, Invoice.objects.filter(period=OCTOBER))


def test_stopped_between_the_two_calls_of_a_merchant_without_keys_the_claim_is_released(
    braintree, braintree_books
):
    owners(6, "MSG")
    with (
        braintree.fault("latency", seconds=0.2, **SALES) as sent,
        braintree.fault("code", code="915231", **SALES),
    ):
        report = dispatch_invoices(OCTOBER, in_flight=2, stop=lambda: sent.acted >= 2)
    assert "asked to stop" in report.stopped
    assert not pending().exists()
    assert set(Charge.objects.values_list("state", flat=True)) == {State.NOT_SENT}
    run("dispatch_invoices", period=OCTOBER)
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
