"""Digests of a closed invoice and its items: taken at closing, compared by ``audit_billing``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from ..models import Invoice, InvoiceItem


def seal(invoice: Invoice, items: Iterable[InvoiceItem]) -> dict[str, Any]:
    """Return the digests of what closing freezes: one of the invoice, one of each item by its key."""
    return {"invoice": _of_invoice(invoice), "items": {str(item.pk): _of_item(item) for item in items}}


def broken_seals(invoice: Invoice, items: Iterable[InvoiceItem]) -> Iterator[str]:
    """Yield what changed on a closed invoice since its closing, a row each."""
    now, then = seal(invoice, items), invoice.seal
    if not isinstance(then, dict) or not isinstance(then.get("items"), dict):
        yield "it has no seal"
        return
    if now["invoice"] != then.get("invoice"):
        yield "its own row was changed after closing"
    for key in sorted(now["items"].keys() | then["items"].keys(), key=lambda key: (len(key), key)):
        if key not in then["items"]:
            yield f"item {key} was added after closing"
        elif key not in now["items"]:
            yield f"item {key} was taken away after closing"
        elif now["items"][key] != then["items"][key]:
            yield f"item {key} was changed after closing"


def _of_invoice(invoice: Invoice) -> str:
    return _digest(
        invoice.pk,
        invoice.account_id,
        invoice.period,
        invoice.number,
        invoice.printed_number,
        str(invoice.total),
        _moment(invoice.closed_at),
    )


def _of_item(item: InvoiceItem) -> str:
    return _digest(
        item.pk,
        item.invoice_id,
        item.product_id,
        item.description,
        str(item.amount),
        item.operator,
        _moment(item.created_at),
    )


def _moment(value: datetime | None) -> str:
    # Milliseconds: dumpdata keeps no more, and books that were moved with it are not tampered with.
    return value.astimezone(UTC).isoformat(timespec="milliseconds") if value else ""


def _digest(*values: Any) -> str:
    # JSON keeps the values apart: "1" and "12" is not "11" and "2".
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
