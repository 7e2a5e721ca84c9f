"""What is not settled on an account: what it owes by now, and the credit that is open on it."""

from __future__ import annotations

from collections.abc import Iterator

from ..models import Account, Invoice
from ..money import ZERO
from .billing import filling


def unsettled(account: Account, period: int) -> Iterator[str]:
    """Yield, in words, what is owed on `account` in `period`, and what credit is open; it is locked."""
    for invoice in account.invoices.unsettled().order_by("period"):
        total = invoice.get_total_amount()
        if invoice.closed:
            yield f"{total} of the {invoice} is not paid"
        elif total > ZERO:
            yield f"{total} is due on the open {invoice}"
        elif total < ZERO:
            yield f"a credit of {-total} is open on the {invoice}"
    yield from _not_filled_in(account, period)


def _not_filled_in(account: Account, period: int) -> Iterator[str]:
    """Yield the flat rates up to `period` that a dispatch has still to put on an invoice."""
    draft = filling.Draft(account=account, invoice=Invoice(account=account, period=period))
    filling.find_owed([draft], filling.owing(period).filter(account=account).order_by("pk"))
    by_handler = filling.products_with_handler()
    for product, one in draft.owed:
        if product.name in by_handler:
            yield f"your handler has not billed {product.name} for {one} yet"
    draft.owed = [owed for owed in draft.owed if owed[0].name not in by_handler]
    filling.Filling([draft]).fill()
    for item in draft.added:
        yield f"{item.amount} is not billed yet ({item.description})"
