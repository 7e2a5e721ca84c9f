"""What each run of a command, or of its job, begins and ends with: may it run, for which period; its row."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from .. import books, conf
from ..exceptions import BadPeriod, ClockWrong, TransactionError
from ..models import Run
from ..periods import get_current_billing_period, next_period

logger = logging.getLogger(__name__)

# Far more than machines that ask a time server differ by, and far less than what bills a wrong month.
CLOCK_SECONDS = 5 * 60
SECONDS_SINCE_1970 = {
    "postgresql": "extract(epoch FROM clock_timestamp())",
    "sqlite": "strftime('%s', 'now')",
}


def period_to_work(period: int | None, *, ahead: bool = False, dry_run: bool = False) -> int:
    """Return the period that a run works; call it before the run does anything.

    Args:
        period: the one that was asked for; None: the current one.
        ahead: work the period after the current one.
        dry_run: nothing will be changed, so that any period will do.

    Raises:
        BadPeriod: `period` has not come yet, or is given together with `ahead`.
        ClockWrong: this machine's clock, which says what the current period is, is not the database's.
    """
    refuse_wrong_clock()
    current = get_current_billing_period()
    if ahead and period is not None:
        raise BadPeriod("Either the period or to work ahead, which is the next period: not both.")
    if ahead:
        return next_period(current)
    if period is not None and period > current and not dry_run:
        raise BadPeriod(
            f"The period {period} has not come yet, and nothing was done: the current one is {current}. What "
            "a later one would charge cannot be undone. A dry run takes any period, and dispatch_invoices "
            f"and create_invoices take --ahead, which is {next_period(current)}."
        )
    return period or current


def refuse_wrong_clock() -> None:
    """Make sure that where money moves this machine knows what time it is: a month too early is charged.

    Raises:
        ClockWrong: its clock and the database's differ by more than five minutes.
    """
    if not conf.is_braintrees_own():
        return
    seconds = time.time() - _database_time()
    if abs(seconds) > CLOCK_SECONDS:
        raise ClockWrong(
            f"This machine's clock is {abs(seconds):.0f} seconds {'ahead of' if seconds > 0 else 'behind'} "
            "the database's, and nothing was done: by a wrong clock a wrong month would be billed. Set both "
            "by a time server."
        )


def begin(command: str, period: int) -> Run:
    """Note that a run of `command` begins, and return its row."""
    # In a block, which refuses a connection that commits nothing.
    with books.atomic():
        return Run.objects.create(command=command, period=period)


def end(run: Run, counts: dict[str, Any]) -> None:
    """Note that `run` has ended, and what it did; `counts` are JSON.

    Where that cannot be written it is logged, and the row stays without its end: what was done is done.
    """
    try:
        with books.atomic():
            Run.objects.filter(pk=run.pk).update(ended_at=timezone.now(), counts=counts)
    except (OperationalError, InterfaceError, TransactionError) as error:
        logger.warning("The end of the run %s could not be noted: %s", run, error)


def _database_time() -> float:
    connection = books.connection()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {SECONDS_SINCE_1970[connection.vendor]}")
        [seconds] = cursor.fetchone()
    return float(seconds)
