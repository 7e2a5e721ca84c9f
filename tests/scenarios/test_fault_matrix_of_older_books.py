"""The fault matrix where the database comes back older: whatever a sale met, whenever the backup was taken.

After it is restored dispatches and comparisons go on as the documentation says, and in the end the bill of
20.00 is paid, by one sale.
"""

from contextlib import contextmanager

import pytest

from genbilling.gateway import PaymentService
from genbilling.models import Account, Charge
from genbilling.services import attempts
from genbilling.services.billing import close_due, records, steps
from genbilling.services.billing.claims import claim
from genbilling.services.reports import DispatchReport
from tests.factories import at
from tests.scenarios.backups import lost_afterwards
from tests.scenarios.faulty import BILL, NOON, PERIOD, a_fault, dispatches, status_and_words

pytestmark = pytest.mark.django_db

FAULTS = (
    "",
    "decline code=2001",
    "decline code=3000",
    "401",
    "429",
    "500 before",
    "500 after",
    "503 after",
    "timeout before",
    "timeout after",
    "hang-up before",
    "hang-up after",
    "915231",
)
MUCH_LATER = "2026-10-20 12:00"


def before_the_run(world, faults):
    """The backup has the open invoice."""
    with lost_afterwards():
        world.dispatch(NOON, *faults)
        world.recover(NOON)


def in_the_middle(world, faults):
    """The backup has a charge that was about to be sent."""
    with at(NOON):
        close_due(PERIOD, DispatchReport())
        [claimed] = claim({Account.objects.get().pk: 0}, PERIOD, lambda *_: None).to_send
    with lost_afterwards():
        with at(NOON), placed(world, faults):
            outcome = attempts.carry_out(steps.send(PaymentService(), claimed))
            records.record([(claimed, outcome)])
        world.recover(NOON)


def after_the_run(world, faults):
    """The backup has what the first run left; what later ones made of that is lost."""
    world.dispatch(NOON, *faults)
    with lost_afterwards():
        world.recover(NOON)


@contextmanager
def placed(world, faults):
    rules = [world.braintree.faults.add(a_fault(text)) for text in faults]
    yield
    for rule in rules:
        rule.remove()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("backup", [before_the_run, in_the_middle, after_the_run])
def test_the_bill_is_paid_by_one_sale(world, backup, fault):
    backup(world, [fault] if fault else [])
    for moment in dispatches(MUCH_LATER):
        with at(moment):
            dispatched, words = status_and_words("dispatch_invoices")
            if "Run reconcile_payments" in words:
                dispatched, _ = status_and_words("reconcile_payments")
                assert dispatched == 0
        if dispatched == 0 and Charge.objects.filter(state="paid").exists():
            break
    stands = world.stands(dispatched)
    assert (stands.exit, stands.invoice, stands.sales) == (0, "sent paid", BILL)
    paid, sold = world.paid_and_sold()
    assert paid == sold
    with at("2026-11-09"):
        status, words = status_and_words("reconcile_payments")
    assert (status, "0 repaired, 0 left" in words) == (0, True)
