"""The triggers that keep closed invoices from change: there, and switched on."""

from __future__ import annotations

from collections.abc import Iterator

from ... import books
from ...triggers import TRIGGERS
from .found import Found

# On PostgreSQL, each with its table, which is found by the search path as in every other statement.
ON_POSTGRESQL = """
    SELECT wanted.name, wanted.place, found.tgenabled::text FROM (VALUES
        ('genbilling_keep_closed_invoice', 'genbilling_invoice'),
        ('genbilling_keep_closed_item', 'genbilling_invoiceitem')
    ) AS wanted (name, place)
    LEFT JOIN pg_trigger found ON found.tgname = wanted.name AND found.tgrelid = to_regclass(wanted.place)
    WHERE found.tgenabled IS NULL OR found.tgenabled NOT IN ('O', 'A') ORDER BY 1
"""


def findings() -> Found:
    """Yield, as one row to look at, which triggers are missing or switched off."""
    wrong = _missing() if books.connection().vendor == "sqlite" else _missing_or_off()
    yield "guards", [f"{sentence} Closed invoices can be changed." for sentence in wrong]


def _missing() -> Iterator[str]:
    with books.connection().cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        there = {name for (name,) in cursor.fetchall()}
    for name in sorted(TRIGGERS.keys() - there):
        yield f"The trigger {name} is missing; `manage.py migrate` makes it."


def _missing_or_off() -> Iterator[str]:
    with books.connection().cursor() as cursor:
        cursor.execute(ON_POSTGRESQL)
        found = cursor.fetchall()
    for name, table, enabled in found:
        if enabled is None:
            yield f"The trigger {name} of {table} is missing; the migrations of an empty database show it."
        else:
            yield f"The trigger {name} is off; ALTER TABLE {table} ENABLE TRIGGER {name} switches it on."
