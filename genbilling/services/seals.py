"""Digests of a closed invoice, its items and steps: taken at closing, compared by ``audit_billing``.

Triggers refuse to change what closing froze; the digests show what was done with the triggers switched off,
or by loading rows past them, where sums do not: a text, a date, a product. They have no key: in the same
database it would keep out nobody who writes SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..digests import digest
from ..models import Invoice, InvoiceItem, Step

# What is digested; a seal of an earlier version stays valid. The first ones do not say their version.
VERSIONS = (1, 2)
LATEST = VERSIONS[-1]


def seal(invoice: Invoice, items: Iterable[InvoiceItem], steps: Iterable[Step]) -> dict[str, Any]:
    """Return the digests of what closing freezes: of the invoice, and of each item and step by its key."""
    return {"version": LATEST, **_digests(LATEST, invoice, items, steps)}


def broken_seals(invoice: Invoice, items: Iterable[InvoiceItem], steps: Iterable[Step]) -> Iterator[str]:
    """Yield what changed on a closed invoice since its closing, a row each."""
    then = invoice.seal
    if not isinstance(then, dict) or not all(isinstance(then.get(rows), dict) for rows in ("items", "steps")):
        yield "it has no seal"
        return
    version = then.get("version", 1)
    if version not in VERSIONS:
        yield f"its seal is of a version that this genbilling does not know: {version}"
        return
    now = _digests(version, invoice, items, steps)
    if now["invoice"] != then.get("invoice"):
        yield "its own row was changed after closing"
    for rows, name in (("items", "item"), ("steps", "step")):
        yield from _broken(name, now[rows], then[rows])


def _digests(
    version: int, invoice: Invoice, items: Iterable[InvoiceItem], steps: Iterable[Step]
) -> dict[str, Any]:
    return {
        "invoice": _of_invoice(invoice),
        "items": {str(item.pk): _of_item(item) for item in items},
        "steps": {str(step.pk): _of_step(step, version) for step in steps},
    }


def _broken(name: str, now: dict[str, str], then: dict[str, str]) -> Iterator[str]:
    for key in sorted(now.keys() | then.keys(), key=lambda key: (len(key), key)):
        if key not in then:
            yield f"{name} {key} was added after closing"
        elif key not in now:
            yield f"{name} {key} was taken away after closing"
        elif now[key] != then[key]:
            yield f"{name} {key} was changed after closing"


def _of_invoice(invoice: Invoice) -> str:
    return digest(
        invoice.pk,
        invoice.account_id,
        invoice.period,
        invoice.number,
        invoice.printed_number,
        str(invoice.total),
        invoice.closed_at,
        # Not among what was digested before it was kept.
        *filter(None, [invoice.currency]),
    )


def _of_item(item: InvoiceItem) -> str:
    return digest(
        item.pk,
        item.invoice_id,
        item.product_id,
        item.description,
        str(item.amount),
        item.operator,
        item.created_at,
    )


def _of_step(step: Step, version: int) -> str:
    # Whether it is live moves on.
    since_2 = [step.bought_at] if version >= 2 else []
    return digest(step.pk, step.product_id, step.invoice_id, step.item_id, step.amount, step.units, *since_2)
