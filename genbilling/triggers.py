"""On SQLite, triggers that keep a closed invoice and its items from change, raw SQL included.

On PostgreSQL migrations make them (0002, 0009, 0012). SQLite loses a table's triggers when Django alters the
table by copying it, and refuses to rename the copy while a trigger of another table names it; so here they go
before migrations and come back after, whatever the migrations are. Deleting is not among what they refuse:
Django empties a SQLite database, between the tests of a TransactionTestCase for instance, by deleting row by
row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connections, transaction

# How the message of every trigger begins, on PostgreSQL too.
SAID_BY_A_TRIGGER = "genbilling:"

FROZEN_COLUMNS = (
    "account_id",
    "period",
    "number",
    "printed_number",
    "total",
    "currency",
    "closed",
    "closed_at",
    "seal",
)

TRIGGERS = {
    "genbilling_keep_closed_invoice": """
        BEFORE UPDATE ON genbilling_invoice WHEN OLD.closed AND ({changed})
        BEGIN SELECT RAISE(ABORT, 'genbilling: the invoice is closed and does not change'); END
    """,
    "genbilling_keep_closed_item": """
        BEFORE UPDATE ON genbilling_invoiceitem
        WHEN EXISTS (SELECT 1 FROM genbilling_invoice WHERE closed AND id IN (OLD.invoice_id, NEW.invoice_id))
        BEGIN SELECT RAISE(ABORT, 'genbilling: the invoice is closed, its items do not change'); END
    """,
    "genbilling_refuse_items": """
        BEFORE INSERT ON genbilling_invoiceitem
        WHEN EXISTS (
            SELECT 1 FROM genbilling_invoice WHERE closed AND id = NEW.invoice_id
            -- Whoever loads books puts back what the seal names; audit_billing compares it.
            AND json_extract(seal, '$.items."' || NEW.id || '"') IS NULL
        )
        BEGIN SELECT RAISE(ABORT, 'genbilling: the invoice is closed, it takes no items'); END
    """,
}


def drop(using: str, plan: Iterable[object], **kwargs: Any) -> None:
    """Take the triggers away before migrations; a receiver of ``pre_migrate``."""
    if plan and connections[using].vendor == "sqlite":
        _execute(using, (f"DROP TRIGGER IF EXISTS {name}" for name in TRIGGERS))


def create(using: str, **kwargs: Any) -> None:
    """Make the triggers as they are in this version; a receiver of ``post_migrate``."""
    if connections[using].vendor != "sqlite":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT name FROM pragma_table_info('genbilling_invoice')")
        there = {name for (name,) in cursor.fetchall()}
    # Migrated back to before a column, or before the tables.
    changed = " OR ".join(_changes(column) for column in FROZEN_COLUMNS if column in there)
    if not changed:
        return
    for name, trigger in TRIGGERS.items():
        made = f"CREATE TRIGGER {name} {trigger.format(changed=changed)}"
        _execute(using, [f"DROP TRIGGER IF EXISTS {name}", made])


def _changes(column: str) -> str:
    if column == "seal":
        # Some of Django's statements write JSON without spaces, some with.
        return "json(NEW.seal) IS NOT json(OLD.seal)"
    return f"NEW.{column} IS NOT OLD.{column}"


def _execute(using: str, statements: Iterable[str]) -> None:
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
