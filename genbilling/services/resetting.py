"""Resetting capacity: steps are taken, but not what somebody is about to pay for, or has paid for ahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Case, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from .. import books
from ..models import Product, Step
from .ranges import Change, Done, Keys, keys_of
from .statements import sql_of, terms_in

RESET = """
    UPDATE genbilling_product AS product
    SET capacity = right_capacity, capacity_without_steps = right_without_steps
"""
# One statement, so that products and steps are seen at one moment. What commits between that moment and our
# lock (a purchase) makes another version of the product's row, in another place (ctid), which the update does
# not see. The array is for the planner, which would read the whole table for each range.
RESET_WHAT_IS_FREE = f"""
    WITH free AS MATERIALIZED (
        {{free}}
    ), changed AS (
        {RESET} FROM free
        WHERE product.ctid = ANY (ARRAY(SELECT ctid FROM free)) AND product.ctid = free.ctid
        RETURNING product.id
    ), taken AS (
        UPDATE genbilling_step AS step SET live = false FROM changed, genbilling_invoice invoice
        WHERE step.product_id = changed.id AND step.live AND invoice.id = step.invoice_id
        AND (%s OR invoice.closed AND invoice.period <= %s)
    )
    SELECT count(*) FROM changed
"""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """So many steps that a reset leaves, and the period of the last of their invoices."""

    steps: int
    through: int


def changes(period: int, force: bool) -> Iterator[Change]:
    """Yield the change that is a reset in `period`; with `force` all steps are taken."""
    wanted, make = partial(_wrong, period, force), partial(_reset, period, force)
    yield Change(rows=Product.objects.all(), wanted=wanted, make=make)


def kept_by(period: int, force: bool) -> Kept | None:
    """Return what such a reset keeps, or None if that is nothing."""
    kept = Step.objects.filter(~_taken(period, force), live=True)
    found = kept.aggregate(steps=Sum("amount"), through=Max("invoice__period"))
    return Kept(**found) if found["steps"] else None


def _taken(period: int, force: bool) -> Q:
    """The condition of the live steps that are taken."""
    return Q(live=True) if force else Q(invoice__closed=True, invoice__period__lte=period)


def _wrong(period: int, force: bool, keys: Keys) -> QuerySet[Any]:
    """The products with a step to be taken, or whose capacity is not what it has to be."""
    taken = _taken(period, force)
    live = Step.objects.filter(keys("product"), live=True)
    kept = live.filter(~taken, product=OuterRef("pk")).order_by().values("product")
    units = Coalesce(Subquery(kept.values(units=Sum("units"))), 0)
    # Few have steps: whether one does is looked up in a set, and only then is a query worth it.
    products = Product.objects.filter(keys("pk")).annotate(
        right_without_steps=terms_in(period, "initial_step"),
        right_capacity=F("right_without_steps")
        + Case(When(pk__in=live.values("product"), then=units), default=0),
    )
    right = Q(capacity=F("right_capacity"), capacity_without_steps=F("right_without_steps"))
    return products.filter(~right | Q(pk__in=live.filter(taken).values("product")))


def _reset(period: int, force: bool, keys: Keys) -> Done:
    wrong = _wrong(period, force, keys).values("id", "right_capacity", "right_without_steps")
    connection = books.connection()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The planner expects steps of every product, and would compile the statement for each range.
            cursor.execute("SET LOCAL jit = off")
            free = wrong.annotate(ctid=RawSQL("genbilling_product.ctid", []))
            select, parameters = sql_of(free.select_for_update(no_key=True, skip_locked=True))
            cursor.execute(RESET_WHAT_IS_FREE.format(free=select), [*parameters, force, period])
            [changed] = cursor.fetchone()
            return changed, keys_of(_wrong(period, force, keys))
        select, parameters = sql_of(wrong)
        cursor.execute(f"{RESET} FROM ({select}) AS wrong WHERE product.id = wrong.id", parameters)
        changed = cursor.rowcount
    Step.objects.filter(keys("product"), _taken(period, force), live=True).update(live=False)
    return changed, []
