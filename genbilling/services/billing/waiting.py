"""Credits that wait: of an account that is not billed any more, an invoice that holds nothing but a credit.

It stays open, until something is to pay: closed, it would be a numbered zero, with the credit carried over to
the next one, every month.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby, takewhile
from operator import attrgetter
from typing import NamedTuple

from django.db.models import F, Q

from ...models import Product
from ...money import ZERO, total
from ..rows import among
from .filling import Draft


class Lying(NamedTuple):
    """What the items on an invoice come to, and the highest of them."""

    total: Decimal
    highest: Decimal


There = Mapping[int, Lying]


def let_wait(drafts: Iterable[Draft], there: There) -> None:
    """Mark the `drafts` that stay open; they are filled in, and an account's come in the order of periods.

    Args:
        there: what lies on the invoices beside what was filled in, by their keys; without the empty ones.
    """
    of_accounts = [list(group) for _, group in groupby(drafts, key=attrgetter("account"))]
    ended = [own for own in of_accounts if not own[0].account.billable() and _end(own, there)]
    if ended:
        going_on = _accounts_to_bill(ended)
        for own in ended:
            if own[0].account.pk not in going_on:
                _mark(own, there)


def _accounts_to_bill(of_accounts: list[list[Draft]]) -> set[int]:
    """Return the accounts that have a product with a period left to fill in, after what is filled in now."""
    not_ended = Q(last_period__isnull=True) | Q(last_period__gt=F("billed_through"))
    keys = (own[0].account.pk for own in of_accounts)
    left = Product.objects.filter(not_ended, among("account__pk", keys), first_period__isnull=False)
    # Which a dry run does not write down.
    moved = {product.pk: product for own in of_accounts for draft in own for product, _ in draft.owed}
    return {
        account
        for key, account, last in left.values_list("pk", "account_id", "last_period")
        if key not in moved or last is None or last > (moved[key].billed_through or 0)
    }


def _end(drafts: list[Draft], there: There) -> list[Draft]:
    """Return the last of an account's `drafts` on which nothing is to pay: credits, or nothing at all."""
    backwards = takewhile(lambda draft: _is_nothing_to_pay(draft, there), reversed(drafts))
    return list(backwards)[::-1]


def _is_nothing_to_pay(draft: Draft, there: There) -> bool:
    lying = there.get(draft.invoice.pk)
    return not draft.added and (lying is None or lying.highest < ZERO)


def _mark(drafts: list[Draft], there: There) -> None:
    end = _end(drafts, there)
    carried = ZERO
    for draft in drafts[: len(drafts) - len(end)]:
        lying = there.get(draft.invoice.pk)
        comes_to = total(item.amount for item in draft.added) + (lying.total if lying else ZERO)
        carried = min(carried + comes_to, ZERO)
    for position, draft in enumerate(end):
        # What the invoices before it carry over comes on the first one.
        draft.waits = draft.invoice.pk in there or (position == 0 and carried < ZERO)
