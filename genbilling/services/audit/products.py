"""Products and steps: what an account has is what it was sold, and the steps that it bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import Prefetch, QuerySet

from ... import money, periods
from ...models import InvoiceItem, Product, Step
from .found import Found, each, sentences


def rows() -> QuerySet[Product]:
    """Return the rows that are looked at."""
    return Product.objects.all()


def findings() -> Found:
    """Yield what is wrong with each product and its steps."""
    steps = Step.objects.select_related("invoice", "item").order_by("pk")
    flat_rates = InvoiceItem.objects.filter(period__isnull=False).order_by().only("product", "period")
    parts = Prefetch("steps", steps), Prefetch("items", flat_rates), "handled_periods"
    for product in each(rows().select_related("account__owner").prefetch_related(*parts)):
        bought = list(product.steps.all())
        wrong = [*_capacity(product, bought), *_billed(product), *_steps(product, bought)]
        yield "products", sentences(product, wrong, "product ")


def _capacity(product: Product, bought: list[Step]) -> Iterator[str]:
    live = sum(step.units for step in bought if step.live)
    # Not what its terms include: new terms are taken up by the next reset.
    included = product.capacity_without_steps
    if product.capacity != included + live:
        yield f"its capacity is {product.capacity}, but it includes {included} and its steps add {live}"
    if product.first_period is not None and product.billed_through is None:
        yield f"flat rates are owed from {product.first_period}, and billed through is empty"


def _billed(product: Product) -> Iterator[str]:
    """Each period from where the proof begins has one row that billed it, unless nothing was owed."""
    rows = [*product.items.all(), *product.handled_periods.all()]
    billed = Counter(row.period or 0 for row in rows)
    through = product.billed_through or 0
    for period, times in sorted(billed.items()):
        if times > 1:
            yield f"it was billed {times} times for {period}"
        if period > through:
            yield f"it was billed for {period}, and is noted as billed through {product.billed_through}"
        if product.proven_from is None or period < product.proven_from:
            yield f"it was billed for {period}, and is noted as proven from {product.proven_from}"
    for period in periods.from_to(product.proven_from or through + 1, through):
        if period not in billed and product.terms_in(period).flat_rate != money.ZERO:
            yield f"it is noted as billed through {through}, and no row says so for {period}"


def _steps(product: Product, bought: list[Step]) -> Iterator[str]:
    for step in bought:
        if step.invoice.account_id != product.account_id:
            yield f"step {step.pk} is on an invoice of account {step.invoice.account_id}"
        if step.item is not None and step.item.invoice_id != step.invoice_id:
            yield f"step {step.pk} is on invoice {step.invoice_id}, and its item on {step.item.invoice_id}"
        if not step.live and not step.invoice.closed:
            yield f"step {step.pk} was taken away before it was invoiced (reset_products --force does so)"
