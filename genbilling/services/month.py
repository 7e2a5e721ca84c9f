"""The turn of the month: opening invoices, restoring usage, resetting capacity, as statements over batches.

Each takes the current period, and works in batches of keys, one transaction each, tried again when another
one breaks it off. Rows that somebody else holds at the moment are passed over and tried again at the end, so
that one transaction left open stops nothing else. `progress` is called with the number of rows done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from ..models import Account, FormerTerms, Invoice, Product, Step
from ..periods import next_period
from .locks import again_on_conflict

BATCH = 1000
LAST_TRIES_SECONDS = 10.0
PAUSE_SECONDS = 0.2

Progress = Callable[[int], object]
Change = Callable[[list[int]], int]


@dataclass(frozen=True, kw_only=True)
class MonthReport:
    """How many rows were changed, and the keys of those that somebody else held all the while."""

    changed: int
    held: list[int]


def create_invoices(period: int, *, dry_run: bool = False, progress: Progress = bool) -> MonthReport:
    """Open the next period's invoice for every billable account that lacks it."""
    target = next_period(period)
    lacking = Account.objects.filter(status__in=Account.BILLABLE).exclude(
        Exists(Invoice.objects.filter(account=OuterRef("pk"), period=target))
    )
    return _in_batches(lacking, partial(_open, target), dry_run, progress)


def restore_products(
    period: int, *, force: bool = False, dry_run: bool = False, progress: Progress = bool
) -> MonthReport:
    """Set the usage of all periodic products to zero, once per period.

    Args:
        force: also those that were restored in `period` already.
    """
    products = (
        Product.objects.in_period(period)
        .annotate(periodic_now=_terms_in(period, "periodic"))
        .filter(periodic_now=True)
    )
    due = products if force else products.filter(restored_period__lt=period)
    return _in_batches(due, partial(_restore, period), dry_run, progress)


def reset_products(period: int, *, dry_run: bool = False, progress: Progress = bool) -> MonthReport:
    """Set every product's capacity back to its initial step.

    Steps whose invoice is still open are kept: what a customer is about to pay for is not taken away.
    """
    invoiced = Step.objects.filter(product=OuterRef("pk"), live=True, invoice__closed=True)
    changed = Product.objects.annotate(
        right=_right_capacity(period), now_included=_terms_in(period, "initial_step")
    ).filter(Exists(invoiced) | ~Q(capacity=F("right"), included=F("now_included")))
    return _in_batches(changed, partial(_reset, period), dry_run, progress)


def _in_batches(rows: QuerySet[Any], change: Change, dry_run: bool, progress: Progress) -> MonthReport:
    changed = 0
    held: list[int] = []
    for keys in _pages(rows):
        done, left = again_on_conflict(partial(_work, rows, change, keys, dry_run))
        changed, held = changed + done, held + left
        progress(len(keys) - len(left))
    deadline = time.monotonic() + LAST_TRIES_SECONDS
    while held and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        before = len(held)
        done, held = again_on_conflict(partial(_work, rows, change, held, dry_run))
        changed += done
        progress(before - len(held))
    return MonthReport(changed=changed, held=held)


def _pages(rows: QuerySet[Any]) -> Iterator[list[int]]:
    last = 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield keys
        last = keys[-1]


def _work(rows: QuerySet[Any], change: Change, keys: list[int], dry_run: bool) -> tuple[int, list[int]]:
    """Change those of `keys` that still fit and that nobody holds; return how many, and which were held."""
    wanted = rows.filter(pk__in=keys).order_by("pk").values_list("pk", flat=True)
    skip_locked = connection.features.has_select_for_update_skip_locked
    locked = list(wanted.select_for_update(no_key=True, skip_locked=skip_locked))
    held = list(wanted.exclude(pk__in=locked))
    changed = change(locked)
    if dry_run:
        transaction.set_rollback(True)
    return changed, held


def _open(period: int, accounts: list[int]) -> int:
    return len(Invoice.objects.bulk_create(Invoice(account_id=key, period=period) for key in accounts))


def _restore(period: int, products: list[int]) -> int:
    return Product.objects.filter(pk__in=products).update(used=0, restored_period=period)


def _reset(period: int, products: list[int]) -> int:
    Step.objects.filter(product__in=products, live=True, invoice__closed=True).update(live=False)
    included, right = _terms_in(period, "initial_step"), _right_capacity(period)
    wrong = Product.objects.filter(pk__in=products).exclude(capacity=right, included=included)
    return wrong.update(capacity=right, included=included)


def _right_capacity(period: int) -> Any:
    live = Step.objects.filter(product=OuterRef("pk"), live=True).order_by().values("product")
    return _terms_in(period, "initial_step") + Coalesce(
        Subquery(live.annotate(units=Sum("units")).values("units")), 0
    )


def _terms_in(period: int, name: str) -> Any:
    """Return the expression for a product's terms as they are valid in `period`."""
    former = FormerTerms.objects.filter(product=OuterRef("pk"), through_period__gte=period)
    return Coalesce(Subquery(former.order_by("through_period").values(name)[:1]), F(name))
