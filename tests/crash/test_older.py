"""A database that comes back older than Braintree's books: restored, run again, nobody is charged twice."""

import random

import pytest

from tests.crash.older import Backup, Restored
from tests.crash.starts import cold
from tests.crash.world import World
from tests.sandbox.connections import serve

pytestmark = [pytest.mark.postgres, pytest.mark.long]


@pytest.fixture
def campaign(database_env, tmp_path, settings):
    """A campaign against a served Braintree."""
    books = tmp_path / "served.sqlite3"
    environment = database_env | {"XDG_RUNTIME_DIR": str(tmp_path)}
    with serve(books) as server:
        settings.BRAINTREE_ENVIRONMENT = f"http://127.0.0.1:{server.port}"
        rng = random.Random(1)
        yield Restored(
            World(books, rng),
            cold(environment),
            rng,
            folder=tmp_path,
            gateway=settings.BRAINTREE_ENVIRONMENT,
        )


def test_a_dump_from_before_in_the_middle_of_and_after_a_dispatch_is_restored(campaign):
    backup = Backup()
    for when, sales in (("before", 0), ("in the middle", 3), ("in the middle", 9), ("after", 0)):
        wrong, said = campaign.month_restored(when, backup, sales=sales)
        assert wrong == []
        assert "Nobody was charged. Braintree has sales" in said
        assert " 0 left." in said, said
    assert list(campaign.findings()) == []
