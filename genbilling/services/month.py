"""The turn of the month: opening invoices, restoring usage, resetting capacity.

Each takes the current period and is a statement for each range of keys: no row comes into Python. All may run
every day: the first run of a month does the month's work, the others what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from django.db.models import Exists, OuterRef, QuerySet

from .. import books
from ..models import Account, Invoice
from ..periods import next_period
from . import ranges, resetting, restoring, runs
from .ranges import Change, Done, Keys, Progress, keys_of
from .resetting import Kept
from .restoring import Restored
from .statements import sql_of


@dataclass(frozen=True, kw_only=True)
class MonthReport:
    """How many rows were changed, and the keys of those that somebody else held all the while.

    `restored` says why nothing was to be restored, `kept` what a reset left.
    """

    changed: int
    held: list[int]
    restored: Restored | None = None
    kept: Kept | None = None


def create_invoices(
    period: int, *, ahead: bool = False, dry_run: bool = False, progress: Progress = bool
) -> MonthReport:
    """Open the next period's invoice for every billable account that lacks it.

    Args:
        ahead: `period` has not come yet, and its own invoices are opened, too, where they are not there.
    """

    def changes() -> Iterator[Change]:
        for target in [period, next_period(period)] if ahead else [next_period(period)]:
            lacking = partial(_lacking, target)
            yield Change(rows=Account.objects.all(), wanted=lacking, make=partial(_open, target))

    return _work("create_invoices", period, changes, dry_run, progress)


def restore_products(
    period: int, *, force: bool = False, dry_run: bool = False, progress: Progress = bool
) -> MonthReport:
    """Set the usage of all periodic products to zero, once per period: of those sold up to its moment.

    Args:
        force: fix a new moment, so that all are restored that were sold up to now.
    """
    changes = partial(restoring.changes, period, force, dry_run)
    report = _work("restore_products", period, changes, dry_run, progress)
    idle = not (report.changed or report.held)
    return replace(report, restored=restoring.restored_before(period) if idle else None)


def reset_products(
    period: int, *, force: bool = False, dry_run: bool = False, progress: Progress = bool
) -> MonthReport:
    """Set every product's capacity back to its initial step.

    Steps are kept whose invoice is still open, or whose invoice's period has not come: what a customer is
    about to pay for, or has paid for ahead, is not taken away.

    Args:
        force: take all steps.
    """
    changes = partial(resetting.changes, period, force)
    report = _work("reset_products", period, changes, dry_run, progress)
    return replace(report, kept=resetting.kept_by(period, force))


def _work(
    command: str,
    period: int,
    changes: Callable[[], Iterator[Change]],
    dry_run: bool,
    progress: Progress,
) -> MonthReport:
    books.refuse_misplaced()
    if dry_run:
        return MonthReport(changed=sum(map(ranges.count, changes())), held=[])
    run = runs.begin(command, period)
    changed, held = 0, list[int]()
    for change in changes():
        done, left = ranges.work(change, progress)
        changed, held = changed + done, held + left
    runs.end(run, {"changed": changed, "held": len(held)})
    return MonthReport(changed=changed, held=held)


def _lacking(period: int, keys: Keys) -> QuerySet[Account]:
    invoices = Invoice.objects.filter(keys("account"), account=OuterRef("pk"), period=period)
    return Account.objects.filter(keys("pk"), ~Exists(invoices), status__in=Account.BILLABLE)


def _open(period: int, keys: Keys) -> Done:
    connection = books.connection()
    invoice = Invoice(period=period)
    # What the ORM would write, column by column; the database's clock is not the project's.
    values = {
        str(field.column): field.get_db_prep_save(field.pre_save(invoice, add=True), connection)
        for field in Invoice._meta.concrete_fields
        if field.column not in ("id", "account_id")
    }
    accounts = _lacking(period, keys).order_by("pk").select_for_update(no_key=True, skip_locked=True)
    select, parameters = sql_of(accounts.values("id"))
    names = ", ".join(connection.ops.quote_name(name) for name in values)
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        # Another run, or a purchase, opened the same invoice. A key that is taken is an error.
        cursor.execute(
            f"INSERT INTO genbilling_invoice (account_id, {names}) "
            f"SELECT id, {marks} FROM ({select}) lacking WHERE true "
            "ON CONFLICT (account_id, period) DO NOTHING",
            [*values.values(), *parameters],
        )
        opened = int(cursor.rowcount)
    return opened, keys_of(_lacking(period, keys))
