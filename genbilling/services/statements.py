"""Pieces of statements over many rows."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from .. import books
from ..models import FormerTerms


def sql_of(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that reads `rows`, and its parameters."""
    sql, parameters = rows.query.get_compiler(books.alias()).as_sql()
    return str(sql), tuple(parameters)


def terms_in(period: int, name: str) -> Any:
    """Return the expression for a product's terms as they are valid in `period`."""
    former = FormerTerms.objects.filter(product=OuterRef("pk"), through_period__gte=period)
    before = Coalesce(Subquery(former.order_by("through_period").values(name)[:1]), F(name))
    return Case(When(terms_from__lte=period, then=F(name)), default=before)
