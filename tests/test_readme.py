"""The README keeps its word: its steps lead to a paid invoice, and every example in it runs."""

import pytest
from django.db import connection

from genbilling import signals
from genbilling.models import Invoice
from tests.factories import GOOD_CARD, amounts, an_owner, at, declare, invoice_of, lines, product, run
from tests.newcomer import FOLLOWED, play, script
from tests.readme import blocks

EXAMPLES = ("Corrections", "Products", "Signals")


def example(heading, **names):
    """Run the example below `heading`, which finds `names`; return all names that there are then."""
    [text] = [one.text for one in blocks() if one.heading == heading and one.python]
    exec(compile(text, f"README.rst, {heading}", "exec"), names)
    return names


def test_every_example_is_run():
    assert {one.heading for one in blocks() if one.python} == {*FOLLOWED, *EXAMPLES}


@pytest.mark.long
def test_a_newcomer_who_follows_the_steps_ends_with_a_paid_invoice(tmp_path):
    """Without the installing, which `tox -e newcomer` does."""
    play(connection.vendor, tmp_path, here=True)


@pytest.mark.parametrize(("database", "other"), [("sqlite", "createdb"), ("postgresql", "IMMEDIATE")])
def test_a_newcomer_does_what_is_for_the_own_database(database, other):
    steps = script(database)
    assert steps.startswith("set -e\nmkdir shop && cd shop\npython3 -m venv .venv")
    assert other not in steps
    assert other in script("postgresql" if database == "sqlite" else "sqlite")


@pytest.fixture
def settled(settings, db, braintree):
    """An owner whose October invoice is paid, and the money settled."""
    declare(settings, product("MSG"))
    with at("2026-09-10"):
        user = an_owner("MSG", card=GOOD_CARD)
    with at("2026-10-01"):
        run("dispatch_invoices")
        braintree.sandbox.settle()
    return user


def test_the_example_of_corrections(settled, braintree):
    paid = invoice_of(settled, 202610)
    braintree.declining_card(settled)
    with at("2026-11-01"):
        run("dispatch_invoices")
        unpaid = invoice_of(settled, 202611)
        example("Corrections", user=settled, paid=paid, unpaid=unpaid)
        assert str(paid.paying_charge.refunded()) == "5.00"
        assert Invoice.objects.get(pk=unpaid.pk).void
        assert lines(invoice_of(settled, 202612)) == [("Outage on the 5th", -5), ("Set-up", 40)]


def test_the_example_of_a_handler(settings, settled):
    declare(settings, product("MSG", bill=example("Products")["bill"]))
    with at("2026-11-01"):
        run("dispatch_invoices")
    assert lines(invoice_of(settled, 202611)) == [("Messages", 10)]


def test_the_example_of_the_receivers(settled):
    names = example("Signals")
    receivers = {
        signals.credit_card_error: "on_error",
        signals.invoice_sent: "on_sent",
        signals.account_expired: "on_expired",
        signals.low_capacity: "on_low",
    }
    with at("2026-11-01"):
        run("dispatch_invoices")
    assert amounts(invoice_of(settled, 202611)) == [10]
    assert all(signal.disconnect(names[name]) for signal, name in receivers.items())
