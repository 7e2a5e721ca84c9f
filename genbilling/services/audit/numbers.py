"""Invoice numbers: from 1 on, without gaps or repeats."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count

from ...models import Invoice, InvoiceNumber
from .found import Found


def findings() -> Found:
    """Yield, as one row to look at, what is wrong with the sequence of numbers."""
    yield "sequences", [*_gaps_and_repeats(), *_printed_twice()]


def _gaps_and_repeats() -> Iterator[str]:
    expected = 1
    numbers = Invoice.objects.numbered().order_by("number").values_list("number", flat=True)
    for number in numbers.iterator(chunk_size=10_000):
        assert number is not None
        if number < expected:
            yield f"Invoice number {number} is there twice."
            continue
        if number > expected:
            missing = str(expected) if number == expected + 1 else f"{expected} to {number - 1}"
            yield f"Invoice numbers are missing: {missing}."
        expected = number + 1
    last = InvoiceNumber.objects.filter(pk=1).values_list("last", flat=True).first() or 0
    if last != expected - 1:
        yield f"The last invoice number given is noted as {last}, but the highest one is {expected - 1}."


def _printed_twice() -> Iterator[str]:
    printed = Invoice.objects.exclude(printed_number="").order_by().values("printed_number")
    repeated = printed.annotate(times=Count("pk")).filter(times__gt=1).order_by("printed_number")
    for row in repeated:
        yield f"The printed invoice number {row['printed_number']} is there {row['times']} times."
