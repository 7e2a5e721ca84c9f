"""Products and steps: what an account has is what it was sold, and the steps that it bought."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Prefetch, QuerySet

from ...models import Product, Step
from .found import Found, each, sentences


def rows() -> QuerySet[Product]:
    """Return the rows that are looked at."""
    return Product.objects.all()


def findings() -> Found:
    """Yield what is wrong with each product and its steps."""
    steps = Step.objects.select_related("invoice", "item").order_by("pk")
    wanted = rows().select_related("account__owner").prefetch_related(Prefetch("steps", steps))
    for product in each(wanted):
        bought = list(product.steps.all())
        wrong = [*_capacity(product, bought), *_steps(product, bought)]
        yield "products", sentences(product, wrong, "product ")


def _capacity(product: Product, bought: list[Step]) -> Iterator[str]:
    live = sum(step.units for step in bought if step.live)
    # Not what its terms include: new terms are taken up by the next reset.
    included = product.capacity_without_steps
    if product.capacity != included + live:
        yield f"its capacity is {product.capacity}, but it includes {included} and its steps add {live}"
    if product.first_period is not None and product.billed_through is None:
        yield f"flat rates are owed from {product.first_period}, and billed through is empty"


def _steps(product: Product, bought: list[Step]) -> Iterator[str]:
    for step in bought:
        if step.invoice.account_id != product.account_id:
            yield f"step {step.pk} is on an invoice of account {step.invoice.account_id}"
        if step.item is not None and step.item.invoice_id != step.invoice_id:
            yield f"step {step.pk} is on invoice {step.invoice_id}, and its item on {step.item.invoice_id}"
        if not step.live and not step.invoice.closed:
            yield f"step {step.pk} was taken away before it was invoiced"
