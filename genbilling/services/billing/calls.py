"""The threads that have the gateway, and nothing else: calls are put in, answers are taken out.

No thread here touches the database, so whatever the project set on its connection holds for the whole run.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from ...exceptions import GatewayBusy, GatewayError, GatewayOverloaded
from ...gateway import Outcome
from ..attempts import Call
from .pressure import Pressure

NEVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a call: the `answer`, or the `error` that it raised; or it was too old to be `made`."""

    name: Any
    answer: Any = None
    error: BaseException | None = None
    made: bool = True


@dataclass(frozen=True, kw_only=True)
class _Task:
    name: Any
    call: Call
    expires: float


class Calls:
    """At most `most` calls in flight, fewer when the gateway wants it; a thread for each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pressure = Pressure(most)
        self._lock = threading.Lock()
        self._work_there = threading.Condition(self._lock)
        self._answer_there = threading.Condition(self._lock)
        self._waiting: deque[_Task] = deque()
        self._answers: deque[Answer] = deque()
        self._in_flight = 0
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.given_up = ""
        """Why no more calls are made, once the gateway was too busy or hung for too long."""

    def put(self, name: Any, call: Call, *, expires: float = NEVER) -> None:
        """Have `call` made, unless it is still waiting at `expires` (of `time.monotonic`)."""
        with self._lock:
            self._waiting.append(_Task(name=name, call=call, expires=expires))
            if self._closed:
                return  # it is handed back by the next close()
            if len(self._threads) < min(self._most, self._in_flight + len(self._waiting)):
                thread = threading.Thread(target=self._work, name="genbilling-gateway", daemon=True)
                thread.start()
                # Only now: close() waits for each of them, and cannot for one that did not start.
                self._threads.append(thread)
            self._work_there.notify()

    @property
    def limit(self) -> int:
        """How many calls may be in flight at the moment."""
        return max(int(self._pressure.limit), 1)

    @property
    def waiting(self) -> int:
        """The number of calls that have not begun."""
        return len(self._waiting)

    @property
    def under_way(self) -> int:
        """The number of calls whose answers were not taken out yet."""
        with self._lock:
            return len(self._waiting) + self._in_flight + len(self._answers)

    def take(self, *, patience: float, wanted: int = 1) -> list[Answer]:
        """Take the answers that are there; wait up to `patience` seconds until there are `wanted`."""
        until = time.monotonic() + patience
        with self._lock:
            while len(self._answers) < min(wanted, len(self._waiting) + self._in_flight + len(self._answers)):
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._answer_there.wait(left)
            answers = list(self._answers)
            self._answers.clear()
        return answers

    def close(self) -> list[Answer]:
        """Begin no more calls, wait for those in flight, and return their answers and the calls not made."""
        with self._lock:
            self._closed = True
            self._work_there.notify_all()
        for thread in self._threads:
            thread.join()
        with self._lock:
            answers = [*self._answers, *(Answer(name=task.name, made=False) for task in self._waiting)]
            self._answers.clear()
            self._waiting.clear()
        return answers

    def _work(self) -> None:
        while (task := self._next()) is not None:
            began = time.monotonic()
            answer = error = None
            try:
                answer = task.call()
            except BaseException as raised:  # it is raised again where the books are
                error = raised
            with self._lock:
                self._in_flight -= 1
                self._take_down(task, answer, error, began)
                self._work_there.notify()

    def _next(self) -> _Task | None:
        with self._lock:
            while True:
                if self._closed or self.given_up:
                    return None
                now = time.monotonic()
                if self._waiting and self._waiting[0].expires <= now:
                    self._report(Answer(name=self._waiting.popleft().name, made=False))
                elif self._waiting and self._pressure.allows(self._in_flight, now):
                    self._in_flight += 1
                    return self._waiting.popleft()
                else:
                    pause = self._pressure.not_before - now
                    # Not past the moment from which the first one that waits must not be made.
                    expiry = self._waiting[0].expires - now if self._waiting else NEVER
                    until = min(pause if pause > 0 else NEVER, expiry)
                    self._work_there.wait(None if until == NEVER else until)

    def _take_down(self, task: _Task, answer: Any, error: BaseException | None, began: float) -> None:
        """Tell the pressure how it went; what the rate limit refused is made again. The lock is held."""
        now = time.monotonic()
        trouble = answer.error if isinstance(answer, Outcome) else error
        if isinstance(trouble, GatewayBusy):
            if not self._pressure.busy(began, now):
                self._waiting.appendleft(task)
                return
            self._give_up(f"GatewayUnusable: {trouble}")
        elif isinstance(trouble, GatewayOverloaded):
            if self._pressure.overloaded(began, now):
                self._give_up(f"The gateway is overloaded, or hangs: {trouble}")
        elif not isinstance(trouble, GatewayError):
            self._pressure.answered(began, now)
        self._report(Answer(name=task.name, answer=answer, error=error))

    def _give_up(self, why: str) -> None:
        self.given_up = why
        self._work_there.notify_all()
        self._answer_there.notify_all()

    def _report(self, answer: Answer) -> None:
        self._answers.append(answer)
        self._answer_there.notify()
