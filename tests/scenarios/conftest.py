import pytest

from tests.factories import hearing
from tests.scenarios.faulty import a_due_bill


@pytest.fixture
def world(db, braintree):
    """An owner with a card and a bill that is due, all signals being heard."""
    with hearing() as heard:
        yield a_due_bill(braintree, heard)
