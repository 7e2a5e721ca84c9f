from collections import Counter

import pytest

from genbilling.services.audit import audit
from tests.factories import hearing
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
