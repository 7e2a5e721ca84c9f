"""How hard the gateway is pressed: times are given, nothing waits."""

import pytest

from genbilling.services.billing import pressure
from genbilling.services.billing.pressure import LEAST, MOST_BUSY, MOST_OVERLOADED, Pressure


@pytest.fixture
def slowed():
    """A pressure of at most 8 that was refused once, at 1 s."""
    slowed = Pressure(8)
    slowed.busy(began=0.5, now=1.0)
    return slowed


def test_it_begins_with_as_many_calls_as_there_may_be():
    assert Pressure(8).allows(7, now=0.0)
    assert not Pressure(8).allows(8, now=0.0)


def test_a_refused_call_halves_the_limit_and_makes_a_pause(slowed):
    assert slowed.limit == 4
    assert not slowed.allows(0, now=1.0)
    assert slowed.allows(3, now=slowed.not_before)
    assert not slowed.allows(4, now=slowed.not_before)


def test_calls_that_were_in_flight_together_halve_it_once(slowed):
    for _ in range(7):
        slowed.busy(began=0.9, now=1.1)
    slowed.overloaded(began=0.9, now=1.1)
    assert slowed.limit == 4
    slowed.busy(began=2.0, now=2.5)
    assert slowed.limit == 2


def test_a_round_of_answers_adds_one_call(slowed):
    for _ in range(4):
        slowed.answered(began=2.0, now=3.0)
    assert 4.8 < slowed.limit <= 5


def test_it_never_goes_beyond_the_most(slowed):
    for _ in range(100):
        slowed.answered(began=2.0, now=3.0)
    assert slowed.limit == 8


def test_the_pause_grows_up_to_the_longest_and_is_jittered(monkeypatch):
    monkeypatch.setattr(pressure, "PAUSE_SECONDS", 0.2)
    pressed, pauses = Pressure(8), []
    for now in range(10, 200, 10):
        pressed.busy(began=now - 1, now=now)
        pauses.append(pressed.not_before - now)
    assert 0.1 <= pauses[0] <= 0.3
    assert 0.8 <= pauses[3] <= 2.4
    assert all(2.5 <= pause <= 7.5 for pause in pauses[6:])
    assert len(set(pauses[6:])) > 1


def test_below_one_call_in_flight_a_call_is_followed_by_a_pause():
    pressed = Pressure(1)
    pressed.busy(began=0.0, now=1.0)
    pressed.answered(began=10.0, now=11.0)
    # Half of the time, and a twentieth more: a second of work, and a little less than a second of rest.
    assert pressed.limit == 0.525
    assert 11.8 < pressed.not_before < 12.0
    assert not pressed.allows(0, now=11.5)
    assert pressed.allows(0, now=12.0)
    assert not pressed.allows(1, now=12.0)


def test_from_below_one_it_comes_back():
    pressed = Pressure(2)
    for now in range(1, 21):
        pressed.busy(began=now - 0.5, now=now)
    assert pressed.limit == LEAST
    for now in range(21, 200):
        pressed.answered(began=now - 0.01, now=now)
    assert pressed.limit == 2


def test_refused_again_and_again_without_an_answer_it_is_too_often():
    pressed = Pressure(8)
    said = [pressed.busy(began=now - 0.5, now=now) for now in range(1, MOST_BUSY + 1)]
    assert said == [False] * (MOST_BUSY - 1) + [True]


def test_overloaded_again_and_again_without_an_answer_it_is_too_often():
    pressed = Pressure(8)
    said = [pressed.overloaded(began=now - 0.5, now=now) for now in range(1, MOST_OVERLOADED + 1)]
    assert said == [False] * (MOST_OVERLOADED - 1) + [True]
    assert pressed.limit == 1


@pytest.mark.parametrize("trouble", [Pressure.busy, Pressure.overloaded])
def test_an_answer_in_between_begins_the_count_anew(trouble):
    pressed = Pressure(8)
    for now in range(1, 100, 2):
        assert not trouble(pressed, began=now - 0.5, now=now)
        pressed.answered(began=now + 0.5, now=now + 1)
