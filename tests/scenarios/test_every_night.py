"""All commands run every night: the month's first run restores, and a night that is missed costs nobody."""

import pytest

from genbilling.interface import add_product_to_account, remove_product_from_account, use_product
from genbilling.models import Product, RestoreMoment
from genbilling.services import month, ranges
from tests.factories import GOOD_CARD, an_owner, at, declare, product, run, turn_the_month

pytestmark = pytest.mark.django_db

ALL = 100


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN", periodic=True))


@pytest.fixture
def owner():
    """Somebody who has used all units in September."""
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        use_product("PLAN", user, ALL)
    return user


def restore(day, **options):
    with at(day):
        return run("restore_products", **options)


def used_by(user):
    return list(Product.objects.filter(account__owner=user).order_by("pk").values_list("used", flat=True))


def test_a_night_of_the_first_that_was_missed_is_made_good_in_the_next(owner):
    with at("2026-09-12"):
        turn_the_month()
        use_product("PLAN", owner, ALL)
    with at("2026-10-01"):
        assert use_product("PLAN", owner) is False
    with at("2026-10-02"):
        turn_the_month()
        assert use_product("PLAN", owner) == ALL - 1


def test_a_cron_that_goes_by_another_zone_restores_most_of_a_day_late_and_once(owner):
    # Two in the morning in UTC, day after day.
    for day, said in (("09-30 22:00", 1), ("10-01 22:00", 1), ("10-02 22:00", 0), ("10-31 22:00", 0)):
        assert f"{said} product" in restore(f"2026-{day}")
    assert "1 product restored" in restore("2026-11-01 22:00")


def test_what_was_used_since_the_first_run_stays_used_however_often_it_runs(owner):
    restore("2026-10-01 02:00")
    with at("2026-10-01 09:00"):
        use_product("PLAN", owner, 30)
    for day in range(2, 31):
        assert "0 products restored; nothing to do." in restore(f"2026-10-{day:02} 02:00")
    assert used_by(owner) == [30]


def test_a_product_sold_before_the_periods_first_run_is_restored_by_it_once(owner):
    with at("2026-10-01 00:30"):
        new = an_owner("PLAN")
        use_product("PLAN", new, 50)
    assert "2 products restored" in restore("2026-10-01 02:00")
    with at("2026-10-01 03:00"):
        use_product("PLAN", new, 50)
    restore("2026-10-02")
    assert used_by(new) == [50]


def test_a_product_sold_after_it_keeps_what_it_used_and_the_run_says_so(owner):
    restore("2026-10-01 02:00")
    with at("2026-10-01 02:30"):
        new = an_owner("PLAN")
        use_product("PLAN", new, 50)
    assert restore("2026-10-02").endswith(
        "0 products restored; nothing to do. 202610 was restored on 2026-10-01; sold since, and left with "
        "what they used: 1 periodic product; --force restores these, too."
    )
    assert used_by(new) == [50]
    assert "2 products restored" in restore("2026-10-03", force=True)
    assert used_by(new) == [0]
    assert "2 products restored" in restore("2026-11-01")


def test_where_nothing_was_sold_since_it_says_that(owner):
    restore("2026-10-01")
    assert restore("2026-10-02").endswith(
        "nothing to do. 202610 was restored on 2026-10-01, and no periodic product was sold since."
    )


def test_the_day_of_the_first_is_that_of_the_projects_time_zone(owner):
    # It is the second in UTC by then.
    restore("2026-10-01 23:00")
    assert "202610 was restored on 2026-10-01" in restore("2026-10-03")


def test_force_fixes_a_new_moment_and_the_runs_after_it_go_by_that(owner):
    restore("2026-10-01")
    with at("2026-10-05"):
        new = an_owner("PLAN")
    restore("2026-10-06", force=True)
    with at("2026-10-07"):
        use_product("PLAN", new, 50)
    assert "202610 was restored on 2026-10-06, and no periodic product" in restore("2026-10-08")
    assert used_by(new) == [50]
    assert RestoreMoment.objects.count() == 1


def test_force_on_a_machine_whose_clock_is_behind_restores_all_the_same(owner):
    restore("2026-10-07 12:00")
    with at("2026-10-07 12:01"):
        use_product("PLAN", owner, 5)
    assert "1 product restored" in restore("2026-10-07 11:58", force=True)
    assert used_by(owner) == [0]


def test_a_product_that_is_removed_and_added_again_in_the_period_is_restored_once(owner):
    with at("2026-10-01 00:30"):
        remove_product_from_account("PLAN", owner)
    assert "1 product restored" in restore("2026-10-01 02:00"), "it is had until the month is over"
    with at("2026-10-05"):
        use_product("PLAN", owner, 40)
        add_product_to_account("PLAN", owner)
    restore("2026-10-06")
    assert used_by(owner) == [40]
    assert "1 product restored" in restore("2026-11-01")


def test_a_product_that_is_sold_anew_in_a_later_period_has_a_bucket_of_its_own(owner):
    with at("2026-09-30"):
        remove_product_from_account("PLAN", owner)
    assert "0 products restored" in restore("2026-10-01"), "it ended with September"
    with at("2026-10-05"):
        other = an_owner("PLAN")
    restore("2026-10-06")
    with at("2026-10-07"):
        add_product_to_account("PLAN", owner)
        use_product("PLAN", owner, 40)
    restore("2026-10-08")
    assert used_by(owner) == [ALL, 40]
    assert used_by(other) == [0]
    assert "2 products restored" in restore("2026-11-01")
    assert used_by(owner) == [ALL, 0]


class Killed(Exception):
    pass


def test_a_run_that_is_killed_in_the_middle_is_finished_by_the_next_one(monkeypatch, owner):
    monkeypatch.setattr(ranges, "ROWS", 1)
    with at("2026-09-11"):
        others = [an_owner("PLAN") for _ in range(3)]
        for user in others:
            use_product("PLAN", user, ALL)
    steps = iter(range(3))

    def killed_at_the_third(done):
        if next(steps) == 2:
            raise Killed

    with at("2026-10-01 02:00"), pytest.raises(Killed):
        month.restore_products(202610, progress=killed_at_the_third)
    left = Product.objects.filter(used=ALL).count()
    assert 0 < left < 4
    with at("2026-10-01 09:00"):
        use_product("PLAN", owner, 30)
        new = an_owner("PLAN")
        use_product("PLAN", new, 60)
    assert f"{left} product" in restore("2026-10-02")
    assert (used_by(owner), used_by(new)) == ([30], [60])
    assert [used_by(user) for user in others] == [[0]] * 3
    assert restore("2026-10-03").startswith("restore_products 202610: 0 products restored; nothing to do.")


@pytest.mark.parametrize("force", [False, True])
def test_a_period_before_the_newest_one_that_was_run_changes_nothing(owner, force):
    restore("2026-11-01")
    with at("2026-11-02"):
        use_product("PLAN", owner, 30)
    said = restore("2026-11-03", period=202610, force=force)
    assert said.endswith(
        "0 products restored; nothing to do. 202611 was restored on 2026-11-01, and an earlier period "
        "changes nothing, with --force either."
    )
    assert used_by(owner) == [30]


def test_a_late_run_of_an_earlier_period_takes_nothing_from_the_current_one(owner):
    assert "1 product restored" in restore("2026-11-01", period=202610)
    with at("2026-11-01 13:00"):
        use_product("PLAN", owner, 30)
    assert "1 product restored" in restore("2026-11-02")
    assert used_by(owner) == [0]


def test_a_run_that_finds_no_periodic_product_fixes_no_moment(settings):
    declare(settings, product("PLAN", periodic=True), product("SEAT"))
    with at("2026-09-10"):
        an_owner("SEAT")
    for options in ({}, {"force": True}, {"dry_run": True}):
        assert restore("2026-10-01", **options).endswith("0 products restored; nothing to do.")
    assert not RestoreMoment.objects.exists()
    with at("2026-10-02"):
        first = an_owner("PLAN")
        use_product("PLAN", first, 40)
    assert "1 product restored" in restore("2026-10-03")


def test_a_dry_run_says_what_a_run_would_restore_and_fixes_no_moment(owner):
    assert "1 product restored." in restore("2026-10-01", dry_run=True)
    assert not RestoreMoment.objects.exists()
    restore("2026-10-01")
    assert "0 products restored; nothing to do. 202610 was" in restore("2026-10-02", dry_run=True)
    assert "1 product restored." in restore("2026-10-02", dry_run=True, force=True)
    assert "1 product restored." in restore("2026-10-02", dry_run=True, period=202611)
