"""Many consumers of one product: never more units out than there are, and none lost."""

import json
from functools import partial

import pytest
from django.db import transaction

from genbilling.interface import (
    add_step_to_product,
    add_user_account,
    restore_product,
    use_product,
)
from genbilling.models import InvoiceItem, Product, Step
from tests.concurrency.consuming import use_up
from tests.concurrency.crowd import at_once, in_background, until_waiting
from tests.factories import a_user, an_owner, hearing

pytestmark = pytest.mark.django_db(transaction=True)

UNITS = 1000
TRIGGER = 200


class Undo(Exception):
    """What makes a caller's transaction roll back."""


@pytest.fixture
def users():
    """The owner of a product with 1000 units, and three child users."""
    owner = an_owner("MSG")
    children = [a_user() for _ in range(3)]
    for child in children:
        add_user_account(child, owner)
    return [owner, *children]


def the_product():
    return Product.objects.get()


def consume_together(start, users, threads, processes, give_back=0.0):
    """Let threads and processes use the product up, all begun together; return (got, refused, alerts)."""
    others = [
        start("tests.concurrency.consuming", users[i % len(users)].username, "MSG", 1000 + i, give_back)
        for i in range(processes)
    ]
    assert [process.read_line() for process in others] == ["ready"] * processes

    def let_go():
        for process in others:
            process.write_line("go")
        return 0, 1

    jobs = [partial(use_up, users[i % len(users)], "MSG", i, give_back) for i in range(threads)]
    with hearing() as heard:
        results = at_once(let_go, *jobs)
    told = [json.loads(process.said().out) for process in others]
    results += [(said["got"], said["refused"]) for said in told]
    alerts = [said["remaining"] for said in heard.named("low_capacity")]
    return results, alerts + [left for said in told for left in said["alerts"]]


def test_sixteen_threads_and_four_processes_get_every_unit_once(start, users):
    results, alerts = consume_together(start, users, threads=16, processes=4)
    assert sum(got for got, _ in results) == UNITS
    assert all(refused for _, refused in results)
    assert (the_product().used, the_product().capacity) == (UNITS, UNITS)
    # The trigger was crossed once, by whoever it was, in whatever process.
    assert len(alerts) == 1
    assert TRIGGER - 7 <= alerts[0] < TRIGGER


def test_units_given_back_meanwhile_are_given_out_again(start, users):
    results, _ = consume_together(start, users, threads=16, processes=4, give_back=0.3)
    assert sum(got for got, _ in results) == the_product().used <= UNITS
    # What was given back after the last consumer went is still there, and no more than that.
    left = UNITS - the_product().used
    assert use_up(users[0], "MSG", 1)[0] == left
    assert the_product().used == UNITS


def test_giving_back_more_than_was_used_from_many_threads_leaves_nothing_below_zero(users):
    use_product("MSG", users[0], 50)
    at_once(*[partial(restore_product, "MSG", user, 20) for user in users * 4])
    assert the_product().used == 0


def test_steps_bought_meanwhile_are_all_usable(users):
    bought = 5
    jobs = [partial(add_step_to_product, "MSG", user) for user in users[:2] for _ in range(bought)]
    jobs += [partial(use_up, user, "MSG", seed) for seed, user in enumerate(users * 2)]
    results = at_once(*jobs)
    consumed = sum(got for got, _ in results[2 * bought :])
    there_were = UNITS + 2 * bought * 1000
    assert the_product().capacity == there_were
    assert consumed == the_product().used
    # Steps may have come after the last consumer was refused.
    assert consumed + use_up(users[0], "MSG", 99)[0] == there_were == the_product().used
    assert Step.objects.count() == 2 * bought


def test_callers_that_roll_back_leave_no_trace(users):
    items = InvoiceItem.objects.count()

    def undone(user):
        with transaction.atomic():
            assert add_step_to_product("MSG", user)
            # With the new step in hand this goes below the trigger, but for the rollback.
            assert use_product("MSG", user, UNITS + 1000 - 1)
            raise Undo

    with hearing() as heard:
        assert [
            type(end) for end in at_once(*[partial(undone, user) for user in users * 2], expecting=Undo)
        ] == [Undo] * 8
    assert heard == []
    assert (the_product().used, the_product().capacity) == (0, UNITS)
    assert InvoiceItem.objects.count() == items
    assert not Step.objects.exists()


@pytest.mark.postgres
@pytest.mark.parametrize("commits", [True, False])
def test_who_comes_second_waits_and_gets_the_units_only_if_the_first_rolls_back(users, commits):
    use_product("MSG", users[0], UNITS - 5)

    with in_background() as begin:
        with transaction.atomic():
            assert use_product("MSG", users[0], 5) == 0
            second = begin(partial(use_product, "MSG", users[1], 5))
            until_waiting()
            transaction.set_rollback(not commits)
        got = second.result()
    assert got is False if commits else got == 0
    assert the_product().used == UNITS
