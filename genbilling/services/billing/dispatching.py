"""Dispatch: due invoices are closed, then charged, and the project is told.

Any number of runs may go on at once, on any number of machines: what one has locked or claimed the others
pass by.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from ... import books, conf
from ...exceptions import GatewayBusy, GatewayError, GatewayUncertain, GatewayUnusable, TransactionError
from ...gateway import PaymentService
from ...models import Account
from .. import runs
from ..cards import take_out_of_vault
from ..failures import is_behind
from ..installations import payment_service
from ..locks import last_pass
from ..refunding import resolve_pending
from ..reports import DispatchReport
from . import currency
from .announcing import announce_expiry, announce_overdue
from .charging import Charging, accounts_to_charge
from .checking import books_know_all_sales, name_unknown
from .closing import Closing, Progress, Stop, accounts_to_close, never
from .foretelling import accounts_to_look_at, foretell, next_due
from .standing import follow_payments

logger = logging.getLogger(__name__)

PAGE = 500

# Given a stage ("closing", "charging") and the number of accounts in it, returns what is told of each that is
# done.
Stage = Callable[[str, Callable[[], int]], Progress]


def silent(stage: str, total: Callable[[], int]) -> Progress:
    """Show no progress."""
    return bool


def dispatch_invoices(
    period: int,
    *,
    dry_run: bool = False,
    in_flight: int | None = None,
    stage: Stage = silent,
    stop: Stop = never,
) -> DispatchReport:
    """Dispatch every invoice that is due in `period`, and return what was done.

    A dry run writes nothing and charges nothing: it reports what would be, from what is there.

    Args:
        period: ``YYYYMM``.
        in_flight: calls of the gateway at once; None: ``GENBILLING["CALLS_IN_FLIGHT"]``.
        stage: called at the beginning of each stage, for progress bars.
        stop: asked now and then; once it returns True, what is in flight is finished and the rest left.

    Raises:
        BadSetting: the gateway or the products are not set up, or the merchant account charges in another
            currency.
        OtherMerchant: the books belong to another merchant than the settings point at.
        TransactionOpen, NoAutocommit: the caller's transaction would hold what has to be committed.
    """
    books.refuse_open_transaction("dispatch_invoices")
    report = DispatchReport()
    if dry_run:
        foretell(period, report, stage("looking", accounts_to_look_at(period).count))
        report.next_due = next_due(period) if report.idle else None
        return report
    service, started = payment_service(), timezone.now()
    run = runs.begin("dispatch_invoices", period)
    try:
        unasked = _check_currency(service, period)
        _before(service, report, stop)
        if not report.stopped:
            closing = Closing(period, report, stage("closing", accounts_to_close(period).count), stop)
            closing.close_pages()
            report.stopped = report.stopped or unasked
            to_charge = accounts_to_charge(period).exists() or not closing.is_done
            if to_charge and not report.stopped and not books_know_all_sales(service, report):
                closing.come_back(last_pass())
                closing.give_up()
            else:
                with Charging(
                    period,
                    service,
                    report,
                    started,
                    in_flight=in_flight or conf.calls_in_flight(),
                    stop=stop,
                    progress=stage("charging", accounts_to_charge(period).count),
                ) as charging:
                    _charge(charging, closing)
                name_unknown(report)
            if not report.stopped:
                _follow_unpaid()
                _clean_up_the_vault(service, report, stop)
        report.next_due = next_due(period) if report.idle else None
    except TransactionError as error:
        report.stopped = f"{error} A later run finds out what became of the charges under way."
    except (OperationalError, InterfaceError) as error:
        if is_behind():
            raise  # no later run does better
        # A charge that was under way is pending in the books, and found out about like any other.
        words = " ".join(str(error).split())
        report.stopped = (
            f"The database failed ({words}). A later run finds out what became of the charges under way."
        )
    runs.end(run, report.noted())
    return report


def _charge(charging: Charging, closing: Closing) -> None:
    charging.charge_due()
    # What somebody held comes last: nobody else waits for it.
    patience = last_pass()
    charging.come_back(patience, closing.come_back(patience))
    closing.give_up()


def follow_and_announce(accounts: Iterable[int]) -> None:
    """Bring the accounts' status in line with their invoices, and tell the project of those that expired."""
    for account in follow_payments(accounts):
        announce_expiry(account)


def _check_currency(service: PaymentService, period: int) -> str:
    """Ask for the merchant account's currency, if there is work; return why that is not known, or nothing.

    Before the closing: an invoice keeps the currency that it is closed in.
    """
    if not (accounts_to_charge(period).exists() or accounts_to_close(period).exists()):
        return ""
    try:
        currency.check(service)
    except GatewayError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _before(service: PaymentService, report: DispatchReport, stop: Stop) -> None:
    report.announced = announce_overdue()
    for message in resolve_pending(service, stop):
        report.error(message)


def _clean_up_the_vault(service: PaymentService, report: DispatchReport, stop: Stop) -> None:
    """Take out the cards that left; last, since nobody's money hangs on it."""
    try:
        take_out_of_vault(service, stop=stop)
    except (GatewayUncertain, GatewayBusy) as error:
        logger.warning("A card that left is still in the vault: %s", error)
    except GatewayUnusable as error:
        # It is no reason to say that the run was stopped: everything else is done.
        report.error(str(error))


def _follow_unpaid() -> None:
    """Follow the payments of accounts with nothing due: of a process, say, that died before it did."""
    last = 0
    unpaid = Account.objects.filter(unpaid_since__isnull=False).order_by("pk").values_list("pk", flat=True)
    while keys := list(unpaid.filter(pk__gt=last)[:PAGE]):
        follow_and_announce(keys)
        last = keys[-1]
