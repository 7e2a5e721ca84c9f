"""The turn of the month: opening invoices, restoring usage, resetting capacity.

Each takes the current period and is a statement for each range of keys: no row comes into Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from .. import books
from ..models import Account, FormerTerms, Invoice, Product, Step
from ..periods import next_period
from . import ranges, runs
from .ranges import Change, Done, Keys, Progress, keys_of

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
        WHERE step.product_id = changed.id AND step.live AND invoice.id = step.invoice_id AND invoice.closed
    )
    SELECT count(*) FROM changed
"""


@dataclass(frozen=True, kw_only=True)
class MonthReport:
    """How many rows were changed, and the keys of those that somebody else held all the while."""

    changed: int
    held: list[int]


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
    """Set the usage of all periodic products to zero, once per period.

    Args:
        force: also those that were restored in `period` already.
    """

    def wanted(keys: Keys) -> QuerySet[Product]:
        products = _periodic(period, keys)
        return products if force else products.filter(restored_period__lt=period)

    def restore(keys: Keys) -> Done:
        free = wanted(keys).select_for_update(no_key=True, skip_locked=True)
        products = Product.objects.filter(keys("pk"), pk__in=free.values("pk"))
        changed = products.update(used=0, restored_period=period)
        # By force those are wanted that were just changed, too.
        return changed, keys_of(wanted(keys).exclude(used=0, restored_period=period))

    def changes() -> Iterator[Change]:
        yield Change(rows=Product.objects.all(), wanted=wanted, make=restore, settles=not force)

    return _work("restore_products", period, changes, dry_run, progress)


def reset_products(period: int, *, dry_run: bool = False, progress: Progress = bool) -> MonthReport:
    """Set every product's capacity back to its initial step.

    Steps whose invoice is still open are kept: what a customer is about to pay for is not taken away.
    """

    def changes() -> Iterator[Change]:
        wrong, reset = partial(_wrong, period), partial(_reset, period)
        yield Change(rows=Product.objects.all(), wanted=wrong, make=reset)

    return _work("reset_products", period, changes, dry_run, progress)


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
    select, parameters = _sql(accounts.values("id"))
    names = ", ".join(connection.ops.quote_name(name) for name in values)
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        # A conflict is another run's, or a purchase that opened the same invoice.
        cursor.execute(
            f"INSERT INTO genbilling_invoice (account_id, {names}) "
            f"SELECT id, {marks} FROM ({select}) lacking WHERE true ON CONFLICT DO NOTHING",
            [*values.values(), *parameters],
        )
        opened = int(cursor.rowcount)
    return opened, keys_of(_lacking(period, keys))


def _periodic(period: int, keys: Keys) -> QuerySet[Product]:
    products = Product.objects.in_period(period).filter(keys("pk"))
    return products.alias(periodic_now=_terms_in(period, "periodic")).filter(periodic_now=True)


def _wrong(period: int, keys: Keys) -> QuerySet[Any]:
    """The products with an invoiced step to be taken, or whose capacity is not what it has to be."""
    live = Step.objects.filter(keys("product"), live=True)
    kept = live.filter(product=OuterRef("pk"), invoice__closed=False).order_by().values("product")
    units = Coalesce(Subquery(kept.values(units=Sum("units"))), 0)
    # Few have steps: whether one does is looked up in a set, and only then is a query worth it.
    products = Product.objects.filter(keys("pk")).annotate(
        right_without_steps=_terms_in(period, "initial_step"),
        right_capacity=F("right_without_steps")
        + Case(When(pk__in=live.values("product"), then=units), default=0),
    )
    right = Q(capacity=F("right_capacity"), capacity_without_steps=F("right_without_steps"))
    return products.filter(~right | Q(pk__in=live.filter(invoice__closed=True).values("product")))


def _reset(period: int, keys: Keys) -> Done:
    wrong = _wrong(period, keys).values("id", "right_capacity", "right_without_steps")
    connection = books.connection()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The planner expects steps of every product, and would compile the statement for each range.
            cursor.execute("SET LOCAL jit = off")
            free = wrong.annotate(ctid=RawSQL("genbilling_product.ctid", []))
            select, parameters = _sql(free.select_for_update(no_key=True, skip_locked=True))
            cursor.execute(RESET_WHAT_IS_FREE.format(free=select), parameters)
            [changed] = cursor.fetchone()
            return changed, keys_of(_wrong(period, keys))
        select, parameters = _sql(wrong)
        cursor.execute(f"{RESET} FROM ({select}) AS wrong WHERE product.id = wrong.id", parameters)
        changed = cursor.rowcount
    Step.objects.filter(keys("product"), live=True, invoice__closed=True).update(live=False)
    return changed, []


def _sql(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    sql, parameters = rows.query.get_compiler(books.alias()).as_sql()
    return str(sql), tuple(parameters)


def _terms_in(period: int, name: str) -> Any:
    """Return the expression for a product's terms as they are valid in `period`."""
    former = FormerTerms.objects.filter(product=OuterRef("pk"), through_period__gte=period)
    before = Coalesce(Subquery(former.order_by("through_period").values(name)[:1]), F(name))
    return Case(When(terms_from__lte=period, then=F(name)), default=before)
