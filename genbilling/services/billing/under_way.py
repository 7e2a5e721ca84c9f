"""Charges under way: their steps told by the thread that has the books, their calls made by the gateway's."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from ...exceptions import GatewayError, GatewayUnusable
from ...gateway import Ending, Outcome, PaymentService
from ...models import Charge
from ..attempts import Call, Steps
from ..locks import is_everybodys
from . import steps
from .calls import NEVER, Answer, Calls

logger = logging.getLogger(__name__)

# A claim that waits longer is not sent, but released: far within Charge.IN_FLIGHT, after which others look
# for it.
CLAIM_LIFETIME = 60.0
RELEASED = "It was claimed, and not sent: the run ended, or it waited for too long."


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A charge and what came of it; `claimed` in this run, or found out about."""

    charge: Charge
    outcome: Outcome
    claimed: bool


@dataclass(kw_only=True, eq=False)
class _Work:
    charge: Charge
    steps: Steps
    claimed: bool


class UnderWay:
    """The charges whose calls are waiting or in flight."""

    def __init__(self, service: PaymentService, in_flight: int) -> None:
        self._service = service
        self._calls = Calls(in_flight)
        self._trouble = ""
        # Taken out of the calls, so that none is lost where going on with another one fails.
        self._answers: deque[Answer] = deque()
        self._finished: list[Finished] = []

    def send(self, charge: Charge) -> None:
        """Send a charge that was claimed just now."""
        work = _Work(charge=charge, steps=steps.send(self._service, charge), claimed=True)
        self._calls.put(work, next(work.steps), expires=time.monotonic() + CLAIM_LIFETIME)

    def find_out(self, charge: Charge) -> None:
        """Find out what became of a charge whose answer was lost."""
        finding = steps.find_out(self._service, charge, timezone.now())
        work = _Work(charge=charge, steps=finding, claimed=False)
        self._calls.put(work, next(work.steps), expires=NEVER)

    def __len__(self) -> int:
        return self._calls.under_way

    @property
    def limit(self) -> int:
        """How many calls may be in flight at the moment."""
        return self._calls.limit

    @property
    def has_room(self) -> bool:
        """Whether the gateway's threads want more work."""
        return self._calls.waiting < self._calls.limit

    @property
    def trouble(self) -> str:
        """Why nothing more should be sent, or empty."""
        return self._calls.given_up or self._trouble

    def take(self, *, patience: float, linger: float, wanted: int) -> list[Finished]:
        """Return what has finished; wait `patience` seconds for the first, `linger` more for `wanted`."""
        answers = self._calls.take(patience=patience)
        if linger and 0 < len(answers) < wanted:
            answers += self._calls.take(patience=linger, wanted=wanted - len(answers))
        return self._go_on_with(answers)

    def close(self) -> list[Finished]:
        """Send nothing more, wait for the calls in flight, and return what has finished, or was not sent."""
        return self._go_on_with(self._calls.close())

    def _go_on_with(self, answers: Iterable[Answer]) -> list[Finished]:
        self._answers.extend(answers)
        while self._answers:
            self._finished += self._go_on(self._answers.popleft())
        finished, self._finished = self._finished, []
        return finished

    def _go_on(self, answer: Answer) -> Iterator[Finished]:
        """Go on with what the answer is to: there is another call to make, or it has finished."""
        work: _Work = answer.name
        if not answer.made:
            work.steps.close()
            if work.claimed:
                outcome = Outcome(ending=Ending.NOT_SENT, message=RELEASED)
                yield Finished(charge=work.charge, outcome=outcome, claimed=True)
            return
        try:
            self._calls.put(work, self._next_call(work, answer))
        except StopIteration as done:
            yield Finished(charge=work.charge, outcome=done.value, claimed=work.claimed)
        except GatewayUnusable as error:
            # What became of the charge is still open; a later run finds out.
            self._trouble = self._trouble or f"{type(error).__name__}: {error}"
        except Exception as error:
            if is_everybodys(error):
                raise
            # Of this charge alone: the others are gone on with, and a later run finds out about this one.
            logger.exception("What came of charge %s is not known", work.charge.pk)
            outcome = Outcome(ending=Ending.UNKNOWN, message=f"{type(error).__name__}: {error}")
            yield Finished(charge=work.charge, outcome=outcome, claimed=work.claimed)

    def _next_call(self, work: _Work, answer: Answer) -> Call:
        if answer.error is None:
            return work.steps.send(answer.answer)
        if isinstance(answer.error, GatewayError):
            return work.steps.throw(answer.error)
        raise answer.error
