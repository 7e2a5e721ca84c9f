"""Dispatch: every account's due invoices are filled in, closed, charged; the project is told.

Any number of runs may go on at once, on any number of machines. Each account is visited once, in the order of
keys; what somebody else holds at the moment is visited again at the end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from .. import conf
from ..exceptions import GatewayUncertain, GatewayUnusable, InvoiceVoid
from ..gateway import PaymentService
from ..models import Account, Card, Charge, Invoice
from . import retries
from .announcing import announce_overdue
from .cards import current_card, take_out_of_vault
from .charging import charge_invoice
from .invoicing import close_invoice, open_missing_invoices
from .locks import is_held, limit_lock_wait, lock_account_unless_held
from .refunding import resolve_pending
from .reports import DispatchReport
from .retries import Wait
from .standing import follow_and_announce

logger = logging.getLogger(__name__)

PAGE = 500
LOCK_WAIT_MS = 2_000
LAST_TRIES_SECONDS = 10.0
PAUSE_SECONDS = 0.2


class _Held(Exception):
    """Another transaction or run holds the account; it is visited again before this run ends."""


@dataclass(kw_only=True)
class _Run:
    period: int
    dry_run: bool
    progress: Callable[[int], object]
    service: PaymentService | None
    started: datetime = field(default_factory=timezone.now)
    report: DispatchReport = field(default_factory=DispatchReport)
    held: list[int] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)


def dispatch_invoices(
    period: int, *, dry_run: bool = False, progress: Callable[[int], object] = bool
) -> DispatchReport:
    """Dispatch every invoice that is due in `period`, and return what was done.

    A dry run closes nothing and charges nothing: it reports what would be, by doing it and rolling back.

    Raises:
        BadSetting: the gateway or the products are not set up.
    """
    run = _Run(
        period=period, dry_run=dry_run, progress=progress, service=None if dry_run else PaymentService()
    )
    try:
        _before(run)
        _visit_all(run)
        _visit_held(run)
    except (OperationalError, InterfaceError) as error:
        _stop(run, _database_failed(error))
    finally:
        run.stop.set()
    return run.report


def accounts_to_visit(period: int) -> int:
    """Return how many accounts a dispatch of `period` has to visit."""
    return _to_visit(period).count()


def _before(run: _Run) -> None:
    if run.service is None:
        return
    run.report.announced = announce_overdue()
    try:
        for message in resolve_pending(run.service):
            run.report.error(message)
        take_out_of_vault(run.service)
    except GatewayUncertain as error:
        logger.warning("A card that left is still in the vault: %s", error)
    except GatewayUnusable as error:
        _stop(run, f"{type(error).__name__}: {error}")


def _visit_all(run: _Run) -> None:
    accounts = _account_ids(run.period)
    # One worker where threads would not see the same books: SQLite has one writer and may live in memory,
    # and inside a test case's transaction only this connection sees what the test wrote.
    alone = not connection.features.has_select_for_update or connection.in_atomic_block
    workers = 1 if alone or run.dry_run else conf.dispatch_workers()
    if workers == 1:
        _work(run, accounts)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="dispatch") as pool:
        try:
            for done in [pool.submit(_work_and_close, run, accounts) for _ in range(workers)]:
                done.result()
        except BaseException:
            # Ctrl-C or a bug: each worker ends the account that it is at, and no more.
            run.stop.set()
            raise


def _work_and_close(run: _Run, accounts: Iterator[int]) -> None:
    try:
        _work(run, accounts)
    finally:
        connection.close()


def _work(run: _Run, accounts: Iterator[int]) -> None:
    while not run.stop.is_set():
        with run.lock:
            account_id = next(accounts, None)
        if account_id is None:
            return
        try:
            _visit(run, account_id)
        except _Held:
            run.held.append(account_id)
        else:
            run.progress(1)


def _visit_held(run: _Run) -> None:
    deadline = time.monotonic() + LAST_TRIES_SECONDS
    while run.held and not run.stop.is_set():
        account_id = run.held.pop(0)
        try:
            _visit(run, account_id)
        except _Held:
            if time.monotonic() > deadline:
                run.report.held.append(account_id)
                continue
            run.held.append(account_id)
            time.sleep(PAUSE_SECONDS)
        else:
            run.progress(1)


def _visit(run: _Run, account_id: int) -> None:
    """Work one account; whatever goes wrong with it is reported and stops no other."""
    try:
        _close_due(run, account_id)
        if run.service is not None:
            _charge_due(run, run.service, account_id)
            # Also where nothing was tried: the retry days of a card that is left alone run out, too.
            follow_and_announce(account_id)
    except _Held:
        raise
    except GatewayUnusable as error:
        _stop(run, f"{type(error).__name__}: {error}")
    except (OperationalError, InterfaceError) as error:
        if isinstance(error, OperationalError) and is_held(error):
            raise _Held from error
        if _database_is_gone(error):
            _stop(run, _database_failed(error))
        else:
            _failed(run, account_id, error)
    except Exception as error:
        _failed(run, account_id, error)


def _failed(run: _Run, account_id: int, error: Exception) -> None:
    logger.error("Dispatch failed for account %s", account_id, exc_info=error)
    run.report.error(f"account {account_id}: {type(error).__name__}: {error}")


def _database_is_gone(error: Exception) -> bool:
    # A statement that fails, in a handler say, is that account's matter; a lost connection is everybody's.
    return isinstance(error, InterfaceError) or connection.connection is None or not connection.is_usable()


def _close_due(run: _Run, account_id: int) -> None:
    opened, closed = 0, []
    with transaction.atomic():
        limit_lock_wait(LOCK_WAIT_MS)
        account = lock_account_unless_held(account_id)
        if account is None:
            raise _Held
        if account.billable():
            opened = open_missing_invoices(account, run.period)
        # Locked before its items are read: one that is put on it directly comes before, or is refused.
        for invoice in account.invoices.due(run.period).filter(closed=False).select_for_update(no_key=True):
            close_invoice(account, invoice, run.period)
            closed.append(invoice)
        if run.dry_run:
            _foretell(run, account)
            transaction.set_rollback(True)
    run.report.closed(opened, closed)


def _charge_due(run: _Run, service: PaymentService, account_id: int) -> None:
    # One whose outcome is open comes first: until it is known no other of the account can be charged.
    due = Invoice.objects.due(run.period).filter(account=account_id, closed=True)
    for invoice in due.order_by(F("pending_charge").asc(nulls_last=True), "period"):
        try:
            result = charge_invoice(service, invoice, _policy(run))
        except InvoiceVoid:
            continue  # an operator was faster
        if result is Wait.AT_WORK_ELSEWHERE:
            raise _Held
        run.report.result(result)
        refused = isinstance(result, Charge) and result.state != Charge.State.PAID
        if refused or result is Wait.TRIED_IN_THIS_RUN:
            # The account's other invoices wait: a card that refused one is not asked again in the same run.
            return


def _foretell(run: _Run, account: Account) -> None:
    card = current_card(account)
    for invoice in account.invoices.due(run.period):
        wait = _policy(run)(invoice, card, run.started)
        run.report.foretold(invoice, card, wait)


def _policy(run: _Run) -> Callable[[Invoice, Card | None, datetime], Wait | None]:
    def policy(invoice: Invoice, card: Card | None, now: datetime) -> Wait | None:
        if invoice.failed_at and invoice.failed_at >= run.started:
            return Wait.TRIED_IN_THIS_RUN
        if wait := retries.card_forbids(invoice, card, now):
            return wait
        if retries.is_scheduled(invoice, card, now):
            return None
        used_up = retries.days_are_used_up(invoice, card, now)
        return Wait.DAYS_USED_UP if used_up else Wait.NOT_SCHEDULED

    return policy


def _account_ids(period: int) -> Iterator[int]:
    last = 0
    while page := list(
        _to_visit(period).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:PAGE]
    ):
        yield from page
        last = page[-1]


def _to_visit(period: int) -> QuerySet[Account]:
    due = Invoice.objects.due(period).order_by().filter(account=OuterRef("pk"))
    lacking = Q(status__in=Account.BILLABLE, invoiced_through__lt=period)
    # Their invoices may be paid, by a process that died before it said so here.
    recovering = Account.objects.recovering().values("pk")
    return Account.objects.filter(lacking | Q(pk__in=recovering) | Exists(due))


def _stop(run: _Run, reason: str) -> None:
    run.report.stopped = reason
    run.stop.set()


def _database_failed(error: Exception) -> str:
    # A charge that was under way is pending in the books, and found out about like any other.
    words = " ".join(str(error).split())
    return f"The database failed ({words}). A later run finds out what became of the charges under way."
