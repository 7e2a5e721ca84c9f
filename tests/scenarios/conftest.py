from collections import Counter

import pytest

from genbilling.services.audit import audit
from tests.factories import GOOD_CARD, an_owner, at, declare, hearing, invoice_of, product, turn_the_month
from tests.scenarios.faulty import a_due_bill


@pytest.fixture(autouse=True)
def books_fit_together(db, request):
    """Whatever happened, the audit has nothing to say of the books; a test that tampers with them says so."""
    yield
    if not request.node.get_closest_marker("tampers"):
        assert list(audit(Counter())) == []


@pytest.fixture
def world(db, braintree):
    """An owner with a card and a bill that is due, all signals being heard."""
    with hearing() as heard:
        yield a_due_bill(braintree, heard)


@pytest.fixture
def plan(settings):
    """One product, PLAN, for 10.00 a month."""
    declare(settings, product("PLAN"))


@pytest.fixture
def user(plan):
    """An owner with a good card, who owes 20.00 on the first of October."""
    with at("2026-09-10"):
        return an_owner("PLAN", card=GOOD_CARD)


@pytest.fixture
def charge(user):
    """The charge of 20.00 that paid October."""
    with at("2026-10-01"):
        turn_the_month()
    return invoice_of(user, 202610).paying_charge
