"""The loop that joins claims, calls, records, standing and signals: closed invoices that are due are charged.

The calling thread alone has the books. Answers that have come are written down before anything else is done;
receivers are called when there is nothing to write down, and enough to send.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Self

from django.db.models import QuerySet

from ... import conf
from ...gateway import PaymentService
from ...models import Account, Charge, Invoice
from ..locks import Patience, is_everybodys, is_held, last_pass
from ..reports import DispatchReport
from ..retries import Wait
from ..rows import among
from . import currency, records, steps
from .announcing import announce_expiry, announce_one, ready_to_announce
from .choosing import dispatch_policy
from .claims import Claims, claim
from .closing import Progress, Stop
from .standing import follow_payments
from .under_way import RELEASED, Finished, UnderWay

logger = logging.getLogger(__name__)

PAGE = 500
# Claimed at a time, for each call in flight, once fewer than half of that wait: the gateway's threads go on
# with what waits while answers are written down and the next ones are claimed.
WINDOW = 6
# Answers come one by one. A moment more lets many be written down together: so many for each call in flight.
# It is shorter where somebody waits to be told.
LINGER_SECONDS = 0.05
LINGER_BEFORE_TELLING_SECONDS = 0.025
ANSWERS = 2
PATIENCE_SECONDS = 0.5
PAUSE_SECONDS = 0.2
# A slow receiver must not let what is still to be told grow without bound.
MOST_UNTOLD = 500
TOLD_TOGETHER = 50

State = Charge.State


def accounts_to_charge(period: int) -> QuerySet[Invoice, int]:
    """Return the keys of the accounts with a closed invoice that is due in `period` and not settled.

    And of those with a later one that was charged ahead and whose answer was lost.
    """
    wanted = Invoice.objects.to_work(period).filter(closed=True).order_by("account_id")
    return wanted.values_list("account_id", flat=True).distinct()


class Charging:
    """One run of charging: one thread with the books, `in_flight` threads with the gateway."""

    def __init__(
        self,
        period: int,
        service: PaymentService,
        report: DispatchReport,
        started: datetime,
        *,
        in_flight: int,
        stop: Stop,
        progress: Progress,
    ) -> None:
        self._period, self._report, self._stop, self._progress = period, report, stop, progress
        self._policy, self._in_flight = dispatch_policy(started), in_flight
        self._under_way = UnderWay(service, in_flight)
        self._pages: Iterator[list[int]] | None = self._account_keys()
        # Accounts that wait for their claim, and for each the first period to look at.
        self._to_claim: deque[tuple[int, int]] = deque()
        self._have_more: set[int] = set()
        self._unpaid: set[int] = set()
        self._held: list[int] = []
        self._finished: list[Finished] = []
        # Finished, and kept from being written down by somebody who holds the invoice.
        self._kept: list[Finished] = []
        self._untold: deque[Charge | Account] = deque()
        self._ready: deque[Charge | Account] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            self._wind_up()
        else:
            self._break_off()

    def charge_due(self) -> None:
        """Charge what is due, and tell the project; accounts that somebody holds are passed by.

        Raises:
            OperationalError, InterfaceError: the database is gone.
            TransactionError: a receiver left the connection in manual transaction mode.
        """
        self._go_on()

    def come_back(self, patience: Patience, more: Iterable[int] = ()) -> None:
        """Come back to the accounts that were passed by, wait for their locks; and to `more` accounts."""
        held, self._held = [*more, *self._held], []
        for first in range(0, len(held), PAGE):
            # Not those that another run has settled by now, if that was who held them.
            still = accounts_to_charge(self._period).filter(among("account__pk", held[first : first + PAGE]))
            self._to_claim.extend((key, 0) for key in still)
        self._go_on()
        while (self._held or self._kept) and patience.left and not self._has_to_stop():
            self._finished, self._kept = self._finished + self._kept, []
            if self._finished:
                self._write_down(patience)
            held, self._held = self._held, []
            for key in held:
                self._claim({key: 0}, patience)
            self._go_on()
            if self._held:
                # There is no lock to wait for where another run asks the gateway.
                time.sleep(min(PAUSE_SECONDS, patience.left))

    def _go_on(self) -> None:
        """Do what is to be done next, until there is nothing left or a reason to stop."""
        while not self._has_to_stop():
            idle = not (self._is_to_tell() or self._wants_claims())
            self._collect(
                self._under_way.take(
                    patience=PATIENCE_SECONDS if idle else 0,
                    linger=LINGER_BEFORE_TELLING_SECONDS if self._is_to_tell() else LINGER_SECONDS,
                    wanted=ANSWERS * self._in_flight,
                )
            )
            if self._finished:
                self._write_down()
            elif self._wants_claims():
                self._claim_window()
            elif self._is_to_tell():
                self._tell()
            elif not self._under_way:
                return

    def _has_to_stop(self) -> bool:
        if not self._report.stopped:
            asked = "It was asked to stop, and finished what was under way." if self._stop() else ""
            self._report.stopped = asked or self._under_way.trouble
        return bool(self._report.stopped)

    def _wind_up(self) -> None:
        """Wait for the calls in flight, release what was not sent, write all of it down, tell the project."""
        self._finished, self._kept = self._finished + self._kept, []
        self._collect(self._under_way.close())
        if self._finished:
            self._write_down(last_pass())
        while self._is_to_tell():
            self._tell()
        for one in self._kept:
            self._report.error(f"{one.charge}: its answer is not written down: somebody holds its invoice.")
        self._report.held += self._held

    def _break_off(self) -> None:
        """The same after an error, as far as it goes: what is not written down is found out about later."""
        try:
            self._finished += self._kept
            try:
                self._collect(self._under_way.close())
            finally:
                self._record(self._finished, last_pass())
        except Exception as error:
            logger.warning("What came of the charges under way is found out by a later run: %r", error)

    def _collect(self, finished: Iterable[Finished]) -> None:
        for one in finished:
            # One by one: where going on with the next one fails, this one has still to be written down.
            self._finished.append(one)

    # Claims

    def _wants_claims(self) -> bool:
        enough = 2 * self._under_way.waiting >= WINDOW * self._under_way.limit
        if enough or len(self._untold) >= MOST_UNTOLD:
            return False
        if not self._to_claim and self._pages is not None:
            page = next(self._pages, None)
            self._to_claim.extend((key, 0) for key in page or ())
            if page is None:
                self._pages = None
        return bool(self._to_claim)

    def _account_keys(self) -> Iterator[list[int]]:
        last = 0
        while keys := list(accounts_to_charge(self._period).filter(account__gt=last)[:PAGE]):
            yield keys
            last = keys[-1]

    def _claim_window(self) -> None:
        size = min(WINDOW * self._under_way.limit, len(self._to_claim))
        self._claim(dict(self._to_claim.popleft() for _ in range(size)))

    def _claim(self, start_from: dict[int, int], patience: Patience | None = None) -> None:
        try:
            claims = claim(start_from, self._period, self._policy, patience)
        except Exception as error:
            self._not_claimed(start_from, patience, error)
        else:
            self._begin(claims)

    def _not_claimed(self, start_from: dict[int, int], patience: Patience | None, error: Exception) -> None:
        held = is_held(error)
        if is_everybodys(error):
            raise error
        if len(start_from) > 1:
            for key, period in start_from.items():
                self._claim({key: period}, patience)
        elif held:
            self._held += start_from
        else:
            [key] = start_from
            logger.error("Charging failed for account %s", key, exc_info=error)
            self._report.error(f"account {key}: {type(error).__name__}: {error}")
            self._progress(1)

    def _begin(self, claims: Claims) -> None:
        for charge in claims.to_send:
            self._under_way.send(charge)
        for charge in claims.to_find_out:
            self._under_way.find_out(charge)
        held = set(claims.held)
        for invoice, wait in claims.left:
            # Of an account that is come back to it is counted then.
            if invoice.account_id not in held:
                self._report.result(wait)
        self._held += claims.held
        self._have_more |= claims.have_more
        self._unpaid |= {key for key, account in claims.accounts.items() if account.unpaid_since}
        for charge in claims.refused:
            self._report.result(charge)
        # Of the others nothing is under way; for their standing a day has gone by.
        busy = {one.invoice.account_id for one in [*claims.to_send, *claims.to_find_out]}.union(held)
        left = [key for key in claims.accounts if key not in busy]
        self._follow_and_queue(left, claims.refused)
        self._progress(len(left))

    def _follow(self, accounts: list[int]) -> list[Account]:
        """Bring the standing of `accounts` in line with their payments; return those that expired by it."""
        if conf.retry_days() is None:
            # Known since they were claimed; those that were not unpaid then have nothing to follow.
            accounts = [key for key in accounts if key in self._unpaid]
        return follow_payments(accounts) if accounts else []

    # Records

    def _write_down(self, patience: Patience | None = None) -> None:
        """Write down what has finished, and go on with each account."""
        results = self._record(self._finished, patience)
        finished, self._finished = self._finished, []
        ended = []
        for one, result in zip(finished, results, strict=True):
            if result is None:
                self._kept.append(one)
            elif isinstance(result, Wait):
                self._held.append(one.charge.invoice.account_id)
            else:
                steps.note_void(result, one.outcome)
                self._move_on(one, result)
                ended += [result] if result.state in (State.PAID, State.REFUSED) else []
        self._follow_and_queue([charge.invoice.account_id for charge in ended], ended)

    def _record(self, finished: Sequence[Finished], patience: Patience | None) -> list[Charge | Wait | None]:
        try:
            wanted = [(one.charge, one.outcome) for one in finished]
            return records.record(wanted, skip_locked=patience is None, patience=patience or last_pass())
        except Exception as error:
            if is_everybodys(error):
                raise
            if len(finished) > 1:
                return [result for one in finished for result in self._record([one], patience)]
            if is_held(error):
                return [None]
            charge = finished[0].charge
            logger.error("The answer to charge %s is not written down", charge.pk, exc_info=error)
            self._report.error(f"charge {charge.pk}: its answer is not written down: {error}")
            return [Wait.AT_WORK_ELSEWHERE]

    def _move_on(self, one: Finished, charge: Charge) -> None:
        """Count what came of a charge, and come back to its account where something is left to do."""
        key, period = charge.invoice.account_id, charge.invoice.period
        if charge.state == State.NOT_SENT:
            if one.claimed and one.outcome.message != RELEASED and not self._report.stopped:
                self._report.stopped = f"GatewayUnusable: {charge.message}"
            self._to_claim.appendleft((key, 0 if not one.claimed else period))
            return
        self._report.result(charge)
        if taken := currency.taken_in_another(charge):
            # Every further sale would do the same.
            self._report.error(f"{charge}: {taken}")
            self._report.stopped = self._report.stopped or "The merchant account charges in another currency."
        if charge.state == State.PAID and (key in self._have_more or not one.claimed):
            self._have_more.discard(key)
            self._to_claim.appendleft((key, period + 1 if one.claimed else 0))
        else:
            self._progress(1)

    def _follow_and_queue(self, accounts: list[int], ended: list[Charge]) -> None:
        """Bring the standing of `accounts` in line first, so that receivers see it; then they are told."""
        expired = self._follow(accounts)
        self._untold.extend([*ended, *expired])

    # Signals

    def _is_to_tell(self) -> bool:
        return bool(self._untold or self._ready)

    def _tell(self) -> None:
        """Tell the project of one thing; what it is told next is read together, and not long before."""
        if not self._ready:
            together = [self._untold.popleft() for _ in range(min(len(self._untold), TOLD_TOGETHER))]
            heard = set(ready_to_announce(one for one in together if isinstance(one, Charge)))
            self._ready.extend(one for one in together if isinstance(one, Account) or one in heard)
        if self._ready:
            one = self._ready.popleft()
            if isinstance(one, Charge):
                announce_one(one)
            else:
                announce_expiry(one)
