"""The turn of the month: opening invoices, restoring usage, resetting capacity, as statements over batches.

Each takes the current period, and works in batches of keys: one transaction each, in the order of keys, tried
again when it meets a deadlock. `progress` is called with the number of rows done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from ..models import Account, FormerTerms, Invoice, Product, Step
from ..periods import next_period
from .locks import again_on_conflict

BATCH = 1000

Progress = Callable[[int], object]


def create_invoices(period: int, *, dry_run: bool = False, progress: Progress = bool) -> int:
    """Open the next period's invoice for every billable account that lacks it; return how many."""
    target = next_period(period)
    lacking = Account.objects.filter(status__in=Account.BILLABLE).exclude(
        Exists(Invoice.objects.filter(account=OuterRef("pk"), period=target))
    )
    return _in_batches(lacking, partial(_open, lacking, target), dry_run, progress)


def restore_products(
    period: int, *, force: bool = False, dry_run: bool = False, progress: Progress = bool
) -> int:
    """Set the usage of all periodic products to zero, once per period; return how many were restored.

    Args:
        force: also those that were restored in `period` already.
    """
    products = (
        Product.objects.in_period(period)
        .annotate(periodic_now=_terms_in(period, "periodic"))
        .filter(periodic_now=True)
    )
    due = products if force else products.filter(restored_period__lt=period)
    return _in_batches(due, partial(_restore, due, period), dry_run, progress)


def reset_products(period: int, *, dry_run: bool = False, progress: Progress = bool) -> int:
    """Set every product's capacity back to its initial step; return how many changed.

    Steps whose invoice is still open are kept: what a customer is about to pay for is not taken away.
    """
    invoiced = Step.objects.filter(product=OuterRef("pk"), live=True, invoice__closed=True)
    changed = Product.objects.annotate(right=_right_capacity(period)).filter(
        Exists(invoiced) | ~Q(capacity=F("right"))
    )
    return _in_batches(changed, partial(_reset, period), dry_run, progress)


def _in_batches(
    rows: QuerySet[Any], work: Callable[[list[int]], int], dry_run: bool, progress: Progress
) -> int:
    changed = 0
    for keys in _pages(rows):
        changed += again_on_conflict(partial(_work, work, keys, dry_run))
        progress(len(keys))
    return changed


def _pages(rows: QuerySet[Any]) -> Iterator[list[int]]:
    last = 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield keys
        last = keys[-1]


def _work(work: Callable[[list[int]], int], keys: list[int], dry_run: bool) -> int:
    changed = work(keys)
    if dry_run:
        transaction.set_rollback(True)
    return changed


def _open(lacking: QuerySet[Account], period: int, keys: list[int]) -> int:
    accounts = lacking.filter(pk__in=keys)
    return len(Invoice.objects.bulk_create(Invoice(account=account, period=period) for account in accounts))


def _restore(due: QuerySet[Product], period: int, keys: list[int]) -> int:
    _lock_products(keys)
    return due.filter(pk__in=keys).update(used=0, restored_period=period)


def _reset(period: int, keys: list[int]) -> int:
    _lock_products(keys)
    Step.objects.filter(product__in=keys, live=True, invoice__closed=True).update(live=False)
    right = _right_capacity(period)
    return Product.objects.filter(pk__in=keys).exclude(capacity=right).update(capacity=right)


def _lock_products(keys: list[int]) -> None:
    # In the order of keys, so that two runs cannot deadlock with each other.
    list(Product.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def _right_capacity(period: int) -> Any:
    live = Step.objects.filter(product=OuterRef("pk"), live=True).order_by().values("product")
    return _terms_in(period, "initial_step") + Coalesce(
        Subquery(live.annotate(units=Sum("units")).values("units")), 0
    )


def _terms_in(period: int, name: str) -> Any:
    """Return the expression for a product's terms as they are valid in `period`."""
    former = FormerTerms.objects.filter(product=OuterRef("pk"), through_period__gte=period)
    return Coalesce(Subquery(former.order_by("through_period").values(name)[:1]), F(name))
