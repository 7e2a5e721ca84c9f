"""The short form of `python -m tests.crash`: a few dozen commands, started cold as by cron, and killed."""

import random

import pytest

from tests.crash.campaign import Attack, Campaign
from tests.crash.starts import cold
from tests.crash.world import World
from tests.sandbox.connections import serve

pytestmark = [pytest.mark.postgres, pytest.mark.long]

MONTHS = 4


@pytest.fixture
def campaign(database_env, tmp_path, settings):
    """A function that begins a campaign against a served Braintree."""
    books = tmp_path / "served.sqlite3"
    # The server's package complains on standard error where there is no such folder.
    environment = database_env | {"XDG_RUNTIME_DIR": str(tmp_path)}
    # Who is killed tells nothing of its coverage, and would take half as long again to be measured.
    environment.pop("COVERAGE_PROCESS_CONFIG", None)
    start = cold(environment)
    with serve(books) as server:
        settings.BRAINTREE_ENVIRONMENT = f"http://127.0.0.1:{server.port}"

        def begin(**options):
            rng = random.Random(1)
            return Campaign(
                World(books, rng),
                start,
                rng,
                folder=tmp_path,
                gateway=settings.BRAINTREE_ENVIRONMENT,
                **options,
            )

        yield begin


@pytest.mark.parametrize(
    ("attack", "points"),
    [
        # Steps are taken away once dispatch has closed their invoices.
        pytest.param(Attack(attempts=80, commands=("dispatch_invoices", "reset_products")), 24, id="alone"),
        pytest.param(
            Attack(attempts=12, commands=("create_invoices", "restore_products"), number=2), 4, id="in pairs"
        ),
    ],
)
def test_whoever_is_killed_at_any_point_the_next_runs_make_everything_good(campaign, attack, points):
    campaign = campaign()
    killed = campaign.tally.of(attack.number)
    for _ in range(MONTHS):
        assert campaign.month(attack) == []
        if not any(name.startswith(attack.commands) for name in campaign.tally.unkilled(attack.number)):
            break
    assert len(killed) >= points
    assert list(campaign.findings()) == []


def test_with_the_claim_switched_off_the_double_charge_is_seen(campaign):
    campaign = campaign(without_claim=True)
    campaign.month(Attack(attempts=2, commands=("dispatch_invoices",), at="after POST /transactions in"))
    assert campaign.tally.kills
    assert campaign.findings().charged_twice
