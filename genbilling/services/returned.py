"""What a product's own handler returned: an item of the invoice at hand, or nothing."""

from __future__ import annotations

from ..exceptions import HandlerError
from ..models import Invoice, InvoiceItem


def take_item(returned: object, invoice: Invoice, name: str, handler: str) -> InvoiceItem | None:
    """Return the item that the `handler` of product `name` returned; one that it did not save is saved.

    Raises:
        HandlerError: it is neither None nor an item, or one of another invoice or of another account.
    """
    if returned is None:
        return None
    if not isinstance(returned, InvoiceItem):
        raise HandlerError(
            f"The {handler!r} handler of product {name!r} returned {returned!r}: "
            "it must return the new InvoiceItem, or None."
        )
    if not returned.invoice_id:
        returned.invoice = invoice
    stored_on = InvoiceItem.objects.filter(pk=returned.pk).values_list("invoice_id", flat=True).first()
    if problem := _problem(returned, stored_on, invoice):
        raise HandlerError(
            f"The {handler!r} handler of product {name!r} returned the item {returned}, {problem}: "
            f"it must be one of the {invoice}, which was given to it."
        )
    if stored_on is None:
        returned.save()
    return returned


def _problem(item: InvoiceItem, stored_on: int | None, invoice: Invoice) -> str:
    """Return in words where `item` belongs instead, or nothing; it is saved on the invoice `stored_on`."""
    for where in (item.invoice_id, stored_on):
        if where not in (None, invoice.pk):
            return f"which is on invoice {where}"
    if item.product is not None and item.product.account_id != invoice.account_id:
        return f"whose product is of account {item.product.account_id}"
    return ""
