"""A charge that met a sale with another amount: it stays pending until somebody ends it, and not before."""

import pytest
from django.db import transaction

from genbilling.exceptions import BadInput, MoneyHeld, NotPending, PaymentUnderWay, TransactionOpen
from genbilling.gateway import PaymentService
from genbilling.interface import end_charge
from genbilling.models import Charge, Refund
from tests.factories import at, run, run_failing
from tests.scenarios.calls import SALES
from tests.scenarios.faulty import AN_HOUR_LATER, MUCH_LATER, NOON, PAID, UNKNOWN

pytestmark = pytest.mark.django_db

SAID = {"operator": "anna", "memo": "Made by hand, and taken back"}
SETTLED, THEN = "2026-10-03 12:00", "2026-10-03 13:00"


@pytest.fixture
def met(world):
    """A sale of 19.00 that somebody made under the order id of a charge of 20.00 which never arrived."""
    world.dispatch(NOON, "timeout before")
    with at("2026-10-01 12:30"):
        request = {**world.charges().get().request, "amount": "19.00"}
        return world.braintree.gateway.transaction.sale(request).transaction


def end(world, moment=THEN, **said):
    with at(moment):
        return end_charge(world.charges().get(), **SAID | said)


def test_it_stays_pending_and_every_dispatch_says_what_to_do(world, met):
    for moment in (AN_HOUR_LATER, MUCH_LATER, "2026-12-24 02:00"):
        stands = world.dispatch(moment)
        assert (stands.charges, stands.exit) == ("pending", 1)
        assert f"Transaction {met.id} has another amount or order id. Void or refund it" in world.said


@pytest.mark.parametrize("how", ["void", "refund"])
def test_once_the_other_sale_is_taken_back_it_is_ended_and_the_invoice_is_charged(world, met, how):
    with at(AN_HOUR_LATER):
        run_failing("dispatch_invoices")
    with at("2026-10-01 14:00" if how == "void" else SETTLED):
        assert getattr(world.braintree.gateway.transaction, how)(met.id).is_success
        ended = end_charge(world.charges().get(), **SAID)
    assert (ended.state, ended.invoice.pending_charge_id) == ("not_sent", None)
    assert ended.message.endswith("Ended by anna: Made by hand, and taken back")
    assert world.dispatch("2026-10-04 02:00").charges == "not_sent paid"
    with at("2026-10-05"):
        assert ", 0 left" in run("reconcile_payments")
    assert world.dispatch(MUCH_LATER).heard == "invoice_sent"


def test_while_the_other_sale_holds_money_it_is_not_ended(world, met):
    for moment, given_back in (("2026-10-01 14:00", None), (SETTLED, "4.00")):
        with at(moment):
            if given_back:
                assert world.braintree.gateway.transaction.refund(met.id, given_back).is_success
        with pytest.raises(MoneyHeld, match=f"Transaction {met.id} .* void it at Braintree"):
            end(world, moment)
    with pytest.raises(MoneyHeld, match=r"holds 15\.00"):
        end(world)
    assert world.charges().get().state == "pending"
    with at(THEN):
        assert "differs from" not in run_failing("reconcile_payments"), "its answer is what is lost"


def test_what_was_sent_is_written_down_where_it_is_found_after_all(world):
    world.dispatch(NOON, "timeout after")
    assert end(world).state == "paid"
    assert world.stands(0) == PAID


def test_nothing_is_ended_that_may_still_be_found_out(world):
    with at(NOON), world.braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    with pytest.raises(PaymentUnderWay, match="the next dispatch asks Braintree"):
        end(world, "2026-10-01 12:01")
    Charge.objects.update(uncertain_at=None)
    with pytest.raises(PaymentUnderWay, match="the next dispatch asks Braintree"):
        end(world, "2026-10-01 12:01")
    assert world.stands(1) == UNKNOWN


def test_another_run_that_is_at_it_at_the_same_moment_is_left_to_it(world, met, monkeypatch):
    with at("2026-10-01 14:00"):
        world.braintree.gateway.transaction.void(met.id)

    looked_for = PaymentService.sales

    def slowly(service, order_id):
        found = looked_for(service, order_id)
        Charge.objects.update(uncertain_at="2026-10-01 15:00Z")
        return found

    # The real call, and another run that sends the charge again right after it.
    monkeypatch.setattr(PaymentService, "sales", slowly)
    with pytest.raises(PaymentUnderWay):
        end(world, "2026-10-01 15:00")
    assert world.charges().get().state == "pending"


def test_a_charge_that_has_ended_is_not_ended_again(world):
    world.dispatch(NOON)
    with pytest.raises(NotPending, match="there is nothing to end"):
        end(world)


@pytest.mark.parametrize("said", [{"operator": ""}, {"memo": " "}])
def test_it_is_said_who_ended_it_and_why(world, met, said):
    with pytest.raises(BadInput):
        end(world, **said)


@pytest.mark.django_db(transaction=True)
def test_inside_an_atomic_block_nothing_is_ended(world, met):
    with transaction.atomic(), pytest.raises(TransactionOpen, match=r"end_charge\(\)"):
        end(world)
    assert not Refund.objects.exists()
