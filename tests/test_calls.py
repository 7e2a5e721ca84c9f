"""The threads that have the gateway: what is put in comes out again, answered, refused, or not made."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from genbilling.exceptions import GatewayBusy, GatewayOverloaded, GatewayUncertain
from genbilling.gateway import Ending, Outcome
from genbilling.services.billing.calls import Calls
from genbilling.services.billing.pressure import MOST_BUSY, MOST_OVERLOADED

LONG = 30


@pytest.fixture
def calls():
    """Calls, at most 4 in flight; at the end no thread of theirs is left."""
    before = threading.active_count()
    calls = Calls(4)
    yield calls
    calls.close()
    assert threading.active_count() == before


class Gate:
    """Calls that stand still until it is opened; `begun` counts them."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self._opened = threading.Event()

    def call(self):
        self.begun.release()
        assert self._opened.wait(LONG)
        return "answer"

    def wait_for(self, number):
        for _ in range(number):
            assert self.begun.acquire(timeout=LONG)

    def open(self):
        self._opened.set()


def failing(error, times=LONG):
    """A call that raises `error` so many times, and then answers; it counts how often it was made."""

    def call():
        call.made += 1
        if call.made <= times:
            raise error
        return "answer"

    call.made = 0
    return call


def take_all(calls):
    taken = []
    while calls.under_way:
        taken += calls.take(patience=LONG)
    return taken


def test_every_call_is_answered_once_under_its_name(calls):
    for number in range(100):
        calls.put(number, lambda number=number: number * 2)
    assert sorted((one.name, one.answer) for one in take_all(calls)) == [(n, 2 * n) for n in range(100)]


def test_no_more_are_in_flight_than_may_be(calls):
    gate = Gate()
    for number in range(10):
        calls.put(number, gate.call)
    gate.wait_for(4)
    assert (calls.limit, calls.waiting, calls.under_way) == (4, 6, 10)
    assert not gate.begun.acquire(blocking=False)
    gate.open()
    assert len(take_all(calls)) == 10


def test_taking_does_not_wait_for_more_than_is_under_way(calls):
    assert calls.take(patience=LONG, wanted=5) == []
    calls.put("one", lambda: "answer")
    assert [one.name for one in calls.take(patience=LONG, wanted=5)] == ["one"]


def test_taking_gives_up_when_its_patience_ends(calls):
    gate = Gate()
    calls.put("slow", gate.call)
    gate.wait_for(1)
    assert calls.take(patience=0.01) == []
    gate.open()


def test_what_a_call_raised_is_handed_back(calls):
    error = ZeroDivisionError("a mistake")
    calls.put("one", failing(error))
    [answer] = take_all(calls)
    assert (answer.error, answer.made) == (error, True)


@pytest.mark.parametrize("told", ["raised", "in the outcome"])
def test_a_call_that_the_rate_limit_refused_is_made_again(calls, told):
    error = GatewayBusy("Too many.")
    refused = failing(error, times=2)
    if told == "in the outcome":
        answers = [Outcome(ending=Ending.NOT_SENT, error=error)] * 2 + ["answer"]
        calls.put("one", lambda: answers.pop(0))
    else:
        calls.put("one", refused)
    [answer] = take_all(calls)
    assert (answer.answer, answer.error) == ("answer", None)
    # Halved twice, and one more for the answer.
    assert calls.limit == 2


def test_too_many_refusals_in_a_row_end_it_and_nothing_is_lost(calls):
    refused = failing(GatewayBusy("Too many."))
    calls.put("refused", refused)
    [first] = calls.take(patience=LONG)
    for name in ("second", "third"):
        calls.put(name, refused)
    assert isinstance(first.error, GatewayBusy)
    assert "Too many." in calls.given_up
    assert refused.made == MOST_BUSY
    assert [(one.name, one.made) for one in calls.close()] == [("second", False), ("third", False)]


def test_too_many_time_outs_end_it_after_a_bounded_number_of_calls(calls):
    hanging = failing(GatewayOverloaded("No answer."))
    for number in range(40):
        calls.put(number, hanging)
    answers = []
    while not calls.given_up:
        answers += calls.take(patience=LONG)
    answers += calls.close()
    assert "hangs" in calls.given_up
    assert sorted(one.name for one in answers) == list(range(40))
    assert MOST_OVERLOADED <= sum(one.made for one in answers) == hanging.made <= 4 * MOST_OVERLOADED


def test_a_doubtful_answer_is_no_reason_to_press_less(calls):
    calls.put("one", failing(GatewayUncertain("Garbage.")))
    [answer] = take_all(calls)
    assert isinstance(answer.error, GatewayUncertain)
    assert (calls.limit, calls.given_up) == (4, "")


def test_a_call_that_waited_too_long_is_handed_back_unmade(calls):
    gate = Gate()
    for number in range(4):
        calls.put(number, gate.call)
    gate.wait_for(4)
    calls.put("late", gate.call, expires=time.monotonic())
    calls.put("in time", gate.call, expires=time.monotonic() + LONG)
    gate.open()
    made = {one.name: one.made for one in take_all(calls)}
    assert made == {0: True, 1: True, 2: True, 3: True, "late": False, "in time": True}


def test_closing_waits_for_what_is_in_flight_and_hands_back_the_rest(calls):
    gate = Gate()
    for number in range(6):
        calls.put(number, gate.call)
    gate.wait_for(4)
    with ThreadPoolExecutor() as pool:
        closing = pool.submit(calls.close)
        gate.open()
        made = {one.name: one.made for one in closing.result(LONG)}
    # Who answers before the closing has begun may begin one more.
    assert set(made) == set(range(6))
    assert [made[number] for number in range(4)] == [True] * 4
    assert calls.under_way == 0


def test_what_is_put_in_after_closing_is_handed_back_by_closing_again(calls):
    calls.close()
    calls.put("late", lambda: "answer")
    [answer] = calls.close()
    assert (answer.name, answer.made) == ("late", False)
