"""What is left out of a new product's row, filled in as a sale does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import catalogue, periods
from .accounts import Account

if TYPE_CHECKING:
    from .products import Product

NUMBERS = ("flat_rate", "initial_step", "step_cost", "step")


def fill_in_all(products: Iterable[Product]) -> None:
    """Fill in each of `products`, with one query at most."""
    wanting = [product for product in products if _is_unbilled(product) and product.account_id]
    unread = [one for one in wanting if not one._meta.get_field("account").is_cached(one)]
    accounts = Account.objects.in_bulk({product.account_id for product in unread})
    for product in unread:
        if product.account_id in accounts:
            product.account = accounts[product.account_id]
    for product in products:
        fill_in(product)


def fill_in(product: Product) -> None:
    """Fill in what is left out: terms as declared today, a full bucket, flat rates from the next period on.

    The first month counts as charged, where the account is billable; no item is made for it.
    """
    _fill_in_terms(product)
    if is_left_out(product.capacity_without_steps):
        product.capacity_without_steps = product.initial_step
    if is_left_out(product.capacity):
        product.capacity = product.capacity_without_steps
    if _is_unbilled(product) and product.account_id and product.account.billable():
        product.billed_through = periods.get_current_billing_period()
    if product.first_period is None and product.billed_through is not None:
        product.first_period = periods.next_period(product.billed_through)
    if product.first_period is not None and product.billed_through is None:
        product.billed_through = periods.previous_period(product.first_period)


def _fill_in_terms(product: Product) -> None:
    declared = catalogue.declarations().get(product.name)
    if declared is not None:
        some_given = any(getattr(product, name) is not None for name in NUMBERS)
        # With terms of its own a product is periodic, and has a trigger, only where they say so.
        others = ("description",) if some_given else ("description", "periodic", "trigger")
        for name in (*NUMBERS, *others):
            if is_left_out(getattr(product, name)):
                setattr(product, name, getattr(declared, name))
    product.description = product.description or product.name


def _is_unbilled(product: Product) -> bool:
    return product.first_period is None and product.billed_through is None


def is_left_out(value: object) -> bool:
    """Return whether a column of a new row was given nothing."""
    return value is None or value is False or value == ""
