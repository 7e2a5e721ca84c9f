"""Closing: due invoices are filled in, their totals frozen, numbers given; a page of accounts at a time.

Accounts of which somebody holds a row at the moment leave the page, and come once more at the end, one by
one, when the lock is waited for. A page that fails is split until the bad account stands alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from ... import books
from ...models import Account, Invoice, Product
from ..invoicing import open_missing_invoices
from ..locks import Patience, is_everybodys, is_held, last_pass
from ..reports import DispatchReport
from ..rows import among
from . import filling, totals
from .page import Page

logger = logging.getLogger(__name__)

PAGE = 500

Progress = Callable[[int], object]
Stop = Callable[[], bool]


def never() -> bool:
    """Ask for no stop."""
    return False


def close_due(period: int, report: DispatchReport) -> None:
    """Open what missed months left out, and close every invoice that is due in `period`.

    Args:
        report: is told what was closed, which accounts failed and which were held all the while.

    Raises:
        OperationalError, InterfaceError: the database is gone.
    """
    closing = Closing(period, report)
    closing.close_pages()
    closing.come_back(last_pass())
    closing.give_up()


def accounts_to_close(period: int) -> QuerySet[Account]:
    """Return the accounts that have an invoice to open or to close in `period`."""
    due = Invoice.objects.due(period).order_by().filter(closed=False, account=OuterRef("pk"))
    lacking = Q(status__in=Account.BILLABLE, invoiced_through__lt=period)
    return Account.objects.filter(lacking | Exists(due))


class Closing:
    """One run of closing. `progress` is told numbers of accounts done; `stop` is asked before each page."""

    def __init__(
        self, period: int, report: DispatchReport, progress: Progress = bool, stop: Stop = never
    ) -> None:
        self._period, self._report, self._progress, self._stop = period, report, progress, stop
        self._held: list[int] = []

    def close_pages(self) -> None:
        """Close what is due of all accounts of which nobody holds a row."""
        for keys in self._pages():
            self._close(keys)

    def come_back(self, patience: Patience) -> list[int]:
        """Come back to the accounts that were held, and wait for their locks; return those that closed."""
        self._drop_what_is_closed()
        came_back = list(self._held)
        while self._held and patience.left and not self._stop():
            held, self._held = self._held, []
            for key in held:
                self._close([key], patience)
        still_held = set(self._held)
        return [key for key in came_back if key not in still_held]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left that somebody held."""
        return not self._held

    def give_up(self) -> None:
        """Report the accounts that were held all the while."""
        self._report.held += self._held

    def _drop_what_is_closed(self) -> None:
        """Look again at what was held; another run has closed most of it, if that was who held it."""
        held, self._held = self._held, []
        for first in range(0, len(held), PAGE):
            keys = held[first : first + PAGE]
            still = accounts_to_close(self._period).filter(among("pk", keys)).order_by("pk")
            self._held += still.values_list("pk", flat=True)
        self._progress(len(held) - len(self._held))

    def _pages(self) -> Iterator[list[int]]:
        last = 0
        wanted = accounts_to_close(self._period).order_by("pk").values_list("pk", flat=True)
        while not self._stop() and (keys := list(wanted.filter(pk__gt=last)[:PAGE])):
            yield from self._apart(keys)
            last = keys[-1]

    def _apart(self, keys: list[int]) -> Iterator[list[int]]:
        """Yield the accounts that the project's own code bills one by one: it may take its time."""
        names = filling.products_with_handler()
        owing = filling.owing(self._period).filter(among("account__pk", keys), name__in=names)
        apart = set(owing.values_list("account_id", flat=True)) if names else set()
        yield [key for key in keys if key not in apart]
        for key in keys:
            if key in apart:
                yield [key]

    def _close(self, keys: list[int], patience: Patience | None = None) -> None:
        if not keys:
            return
        try:
            held = self._close_page(keys, patience)
        except Exception as error:
            if is_held(error) and len(keys) == 1:
                self._held += keys
            elif is_everybodys(error):
                raise
            else:
                self._split(keys, patience, error)
        else:
            self._held += held
            self._progress(len(keys) - len(held))

    def _split(self, keys: list[int], patience: Patience | None, error: Exception) -> None:
        if len(keys) == 1:
            logger.error("Closing failed for account %s", keys[0], exc_info=error)
            self._report.error(f"account {keys[0]}: {type(error).__name__}: {error}")
            self._progress(1)
            return
        middle = len(keys) // 2
        self._close(keys[:middle], patience)
        self._close(keys[middle:], patience)

    def _close_page(self, keys: list[int], patience: Patience | None) -> list[int]:
        """Close what is due of the accounts `keys`; return those of which somebody holds a row.

        With a `patience` locks are waited for instead.
        """
        # Locks are passed by below, but not those that a handler wants, or an item's trigger.
        with books.atomic(lock_timeout=(patience or last_pass()).next_wait):
            page = Page(keys, self._period, skip_locked=patience is None)
            opened = open_missing_invoices(page.billable(), self._period)
            page.lock_what_is_due()
            drafts = page.drafts()
            for (first, last), products in filling.find_owed(drafts, page.products()).items():
                moved = Product.objects.filter(among("pk", (product.pk for product in products)))
                # From here on the rows prove what was billed, if they did not before.
                moved.update(billed_through=last, proven_from=Coalesce("proven_from", first))
            filling.Filling(drafts).fill()
            closed = totals.close(drafts, self._period)
        self._report.closed(opened, closed)
        return page.held()
