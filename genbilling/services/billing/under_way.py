"""Charges under way: their steps told by the thread that has the books, their calls made by the gateway's."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
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
    # Of the monotonic clock: no call of it begins later, neither the first nor a further one.
    expires: float


class UnderWay:
    """The charges whose calls are waiting or in flight."""

    def __init__(self, service: PaymentService, in_flight: int) -> None:
        self._service = service
        self._calls = Calls(in_flight)
        # Taken out, and not gone on with yet.
        self._answers: deque[Answer] = deque()
        self._trouble = ""

    def send(self, charge: Charge) -> None:
        """Send a charge that was claimed just now."""
        sending, expires = steps.send(self._service, charge), time.monotonic() + CLAIM_LIFETIME
        self._begin(_Work(charge=charge, steps=sending, claimed=True, expires=expires))

    def find_out(self, charge: Charge) -> None:
        """Find out what became of a charge whose answer was lost."""
        finding = steps.find_out(self._service, charge, timezone.now())
        self._begin(_Work(charge=charge, steps=finding, claimed=False, expires=NEVER))

    def _begin(self, work: _Work) -> None:
        self._calls.put(work, next(work.steps), expires=work.expires)

    def __len__(self) -> int:
        return self._calls.under_way

    @property
    def limit(self) -> int:
        """How many calls may be in flight at the moment."""
        return self._calls.limit

    @property
    def waiting(self) -> int:
        """How many calls have not begun."""
        return self._calls.waiting

    @property
    def trouble(self) -> str:
        """Why nothing more should be sent, or empty."""
        return self._calls.given_up or self._trouble

    def take(self, *, patience: float, linger: float, wanted: int) -> Iterator[Finished]:
        """Yield what has finished; wait `patience` seconds for the first, `linger` more for `wanted`."""
        self._answers += self._calls.take(patience=patience)
        if linger and 0 < len(self._answers) < wanted:
            self._answers += self._calls.take(patience=linger, wanted=wanted - len(self._answers))
        while self._answers:
            yield from self._go_on(self._answers.popleft())

    def close(self) -> Iterator[Finished]:
        """Send nothing more, wait for the calls in flight, and yield what has finished, or was not sent."""
        self._answers += self._calls.close()
        while self._answers:
            yield from self._go_on(self._answers.popleft())
            # Where it wanted another call, that comes back as not made.
            self._answers += self._calls.close()

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
            self._calls.put(work, self._next_call(work, answer), expires=work.expires)
        except StopIteration as done:
            yield Finished(charge=work.charge, outcome=done.value, claimed=work.claimed)
        except GatewayUnusable as error:
            # What became of the charge is still open; a later run finds out.
            self._trouble = self._trouble or f"GatewayUnusable: {error}"
        except Exception as error:
            if is_everybodys(error):
                raise
            # Of this one, whose row somebody holds for too long, say: the others go on.
            logger.exception("What became of the %s is not known", work.charge)
            outcome = Outcome(ending=Ending.UNKNOWN, message=f"{type(error).__name__}: {error}")
            yield Finished(charge=work.charge, outcome=outcome, claimed=work.claimed)

    def _next_call(self, work: _Work, answer: Answer) -> Call:
        if answer.error is None:
            return work.steps.send(answer.answer)
        if isinstance(answer.error, GatewayError):
            return work.steps.throw(answer.error)
        raise answer.error
