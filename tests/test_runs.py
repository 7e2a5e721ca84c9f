"""What the four commands share: the period that they work, the clock that they go by, their runs' rows."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError

from genbilling import jobs
from genbilling.exceptions import BadPeriod, ClockWrong
from genbilling.interface import add_step_to_product, use_product
from genbilling.models import Run
from genbilling.services import runs
from tests.factories import GOOD_CARD, an_owner, at, declare, product, run, run_failing

pytestmark = pytest.mark.django_db

COMMANDS = ["create_invoices", "dispatch_invoices", "reset_products", "restore_products"]
every_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture(autouse=True)
def owner(settings):
    """Somebody who owes October, and has bought a step and used some units in September."""
    declare(settings, product("PLAN", periodic=True))
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        add_step_to_product("PLAN", user)
        use_product("PLAN", user, 20)
    return user


@contextmanager
def nothing_changes():
    before = everything()
    yield
    assert everything() == before


def everything():
    models = apps.get_app_config("genbilling").get_models()
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


# The period


@every_command
@pytest.mark.parametrize("period", [202611, 202710])
def test_a_period_that_has_not_come_is_refused_and_nothing_is_done(command, period):
    with at("2026-10-05"), nothing_changes():
        with pytest.raises(CommandError, match=f"The period {period} has not come yet") as refused:
            call_command(command, f"--period={period}")
        # Typed wrongly, and not work left undone.
        assert refused.value.returncode == 2
        for given in (period, str(period)):
            assert "the current one is 202610" in run_failing(command, period=given)


@every_command
def test_a_dry_run_takes_a_period_that_has_not_come(command):
    with at("2026-10-05"), nothing_changes():
        assert run(command, "--period=202710", "--dry-run").startswith(f"{command} 202710 (dry run")


@every_command
def test_an_earlier_period_is_always_allowed(command):
    with at("2026-12-05"):
        assert run(command, "--period=202610").startswith(f"{command} 202610: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_job_takes_no_period_that_has_not_come(command):
    with at("2026-10-05"), nothing_changes(), pytest.raises(BadPeriod, match="has not come yet"):
        getattr(jobs, command)(202611)


@pytest.mark.parametrize("command", ["create_invoices", "dispatch_invoices"])
def test_a_period_and_ahead_do_not_go_together(command):
    with at("2026-10-05"), nothing_changes():
        with pytest.raises(CommandError, match="not allowed with"):
            call_command(command, "--ahead", "--period=202610")
        assert "not both" in run_failing(command, ahead=True, period=202610)


@pytest.mark.parametrize("command", ["reset_products", "restore_products"])
def test_restoring_and_resetting_ahead_there_is_not(command):
    with at("2026-10-05"), nothing_changes(), pytest.raises(CommandError, match="--ahead"):
        call_command(command, "--ahead")


# The clock


@contextmanager
def a_clock_that_is_wrong_by(**span):
    with time_machine.travel(datetime.now(UTC) + timedelta(**span)):
        yield


@every_command
@pytest.mark.parametrize("environment", ["production", "sandbox"])
@pytest.mark.parametrize(
    ("minutes", "said"), [(6, "seconds ahead of"), (-6, "seconds behind")], ids=["ahead", "behind"]
)
def test_a_clock_that_is_not_the_databases_stops_a_run_before_it_starts(
    settings, command, environment, minutes, said
):
    settings.BRAINTREE_ENVIRONMENT = environment
    with a_clock_that_is_wrong_by(minutes=minutes), nothing_changes():
        assert said in run_failing(command)
        with pytest.raises(ClockWrong):
            getattr(jobs, command)()


@pytest.mark.parametrize("minutes", [4, -4])
def test_a_clock_may_be_a_few_minutes_wrong(settings, minutes):
    settings.BRAINTREE_ENVIRONMENT = "production"
    with a_clock_that_is_wrong_by(minutes=minutes):
        runs.refuse_wrong_clock()
        run("create_invoices")


def test_where_no_money_moves_the_clock_may_be_set():
    with a_clock_that_is_wrong_by(days=40):
        runs.refuse_wrong_clock()


# The rows


@every_command
def test_a_run_leaves_a_row(command):
    with at("2026-10-05"):
        before = datetime.now(UTC)
        run(command)
        after = datetime.now(UTC)
    row = Run.objects.get()
    assert (row.command, row.period) == (command, 202610)
    assert before <= row.begun_at <= row.ended_at <= after
    if command == "dispatch_invoices":
        assert (row.counts["counts"]["paid"], row.counts["collected"]) == (1, "25.00")
    else:
        assert row.counts == {"changed": 0 if command == "reset_products" else 1, "held": 0}


@every_command
def test_a_job_leaves_a_row_and_a_dry_run_none(command):
    with at("2026-10-05"):
        run(command, dry_run=True)
        assert not Run.objects.exists()
        getattr(jobs, command)()
    assert Run.objects.get().command == command


def test_a_run_that_worked_ahead_is_one_of_the_next_period():
    with at("2026-10-05"):
        run("create_invoices", ahead=True)
    assert (Run.objects.get().period, Run.objects.get().counts["changed"]) == (202611, 2)


def test_a_run_that_failed_leaves_a_row_without_an_end(settings):
    declare(settings, product("PLAN", flat_rate=10.0))
    with at("2026-10-05"):
        run_failing("dispatch_invoices")
    assert Run.objects.get().ended_at is None
