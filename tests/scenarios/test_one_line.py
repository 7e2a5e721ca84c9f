"""What is told is one line each, whatever somebody is called: nobody writes lines of theirs into a report."""

import pytest

from genbilling import jobs
from genbilling.exceptions import LeftUndone, NoAccount
from genbilling.interface import use_product
from genbilling.models import AccountUser, Invoice
from tests.factories import GOOD_CARD, a_user, an_owner, at, declare, product, run_failing
from tests.scenarios.calls import SALES

pytestmark = pytest.mark.django_db

BREAKS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029")
FORGED = "left: all"
# The last is what makes a terminal write over the line above.
NAME = f"eve{''.join(f'{one}{FORGED}' for one in BREAKS)}\x1b[1A"


def failing(account, invoice):
    raise ValueError(f"first\n{FORGED}")


@pytest.fixture
def eve(settings):
    declare(settings, product("PLAN"), product("BAD", bill=failing))
    with at("2026-09-10"):
        return an_owner("PLAN", card=GOOD_CARD, name=NAME)


def assert_forged_by_nobody(said):
    assert "\x1b" not in said
    assert FORGED in said, "it is told"
    assert not any(line.strip().startswith(FORGED) for line in said.splitlines())


def lose_the_answer(braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        return run_failing("dispatch_invoices")


def test_of_a_dispatch(eve, braintree):
    assert_forged_by_nobody(lose_the_answer(braintree))


def test_of_an_account_whose_handler_raises(settings, eve):
    with at("2026-09-10"):
        an_owner("BAD")
    with at("2026-10-01"):
        assert_forged_by_nobody(run_failing("dispatch_invoices"))


def test_of_a_comparison_with_braintree(eve, braintree):
    lose_the_answer(braintree)
    with at("2026-10-02"), braintree.fault("status", status=503, **SALES):
        assert_forged_by_nobody(run_failing("reconcile_payments"))


@pytest.mark.tampers
def test_of_an_audit(eve):
    Invoice.objects.update(printed_number="1")
    assert_forged_by_nobody(run_failing("audit_billing"))


def test_of_a_job(eve, braintree):
    lost = braintree.fault("timeout", when="before", **SALES)
    with at("2026-10-01"), lost, pytest.raises(LeftUndone) as caught:
        jobs.dispatch_invoices()
    for told in (str(caught.value), *caught.value.report["left"]):
        assert_forged_by_nobody(told)
        assert len(told.splitlines()) == 1


def test_of_an_error(settings, eve):
    with pytest.raises(NoAccount) as caught:
        use_product("PLAN", a_user(f"adam\n{FORGED}"))
    assert_forged_by_nobody(str(caught.value))


def test_of_a_row(eve):
    assert len(str(AccountUser.objects.get()).splitlines()) == 1
    assert len(str(eve.genbilling_account).splitlines()) == 1
