"""What an audit goes through, and how it tells what it found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

# A kind of rows, and what is wrong with one of them, a sentence each.
Found = Iterator[tuple[str, list[str]]]

CHUNK = 500


def each(rows: QuerySet[M]) -> Iterator[M]:
    """Yield `rows`, some hundreds at a time with what they prefetch."""
    return rows.order_by("pk").iterator(chunk_size=CHUNK)


def sentences(row: Model, wrong: Iterable[str], kind: str = "") -> list[str]:
    """Return what is `wrong` with `row`, each with its name; `kind` where the name does not say it."""
    return [f"The {kind}{row} (id {row.pk}): {what}." for what in wrong]
