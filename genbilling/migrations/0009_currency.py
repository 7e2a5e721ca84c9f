"""An invoice keeps the currency that it was closed in; that is among what a closed one does not change."""

from collections.abc import Callable
from typing import Any

from django.db import migrations, models

FROZEN = ("account_id", "period", "number", "printed_number", "total", "closed", "closed_at", "seal")


def _function(columns: tuple[str, ...]) -> str:
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return f"""
CREATE OR REPLACE FUNCTION genbilling_keep_closed_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.closed THEN
            RAISE EXCEPTION 'genbilling: invoice % is closed and stays', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.closed AND ({new}) IS DISTINCT FROM ({old}) THEN
        RAISE EXCEPTION 'genbilling: invoice % is closed and does not change', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def _replace_function(columns: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            # params=None: the function is full of percent signs.
            schema_editor.execute(_function(columns), params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0008_installations")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="currency",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What it was closed in; empty: it was closed before that was kept.",
                max_length=3,
                verbose_name="currency",
            ),
        ),
        migrations.RunPython(_replace_function((*FROZEN, "currency")), _replace_function(FROZEN)),
    ]
