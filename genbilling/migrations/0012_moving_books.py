"""On PostgreSQL, the trigger of items finds their invoice whatever the search path, and lets a loader put them back.

``pg_dump`` empties the search path; and whoever loads books loads closed invoices, and then their items: those that
the invoice's seal names, and no others. ``audit_billing`` compares them with it.
"""

from typing import Any

from django.db import migrations

# Beside the item, in a schema of a tenant's for instance. A name that is put into a statement makes a plan for every
# row, which takes ten times as long as all else (PostgreSQL 18), so it is for loaders alone.
LOOK_UP = """
    IF current_schema() = TG_TABLE_SCHEMA THEN
        SELECT {closed} INTO is_closed FROM genbilling_invoice WHERE id = {row}.invoice_id FOR SHARE;
    ELSE
        EXECUTE format($look_up$SELECT {closed_there} FROM %I.genbilling_invoice WHERE id = $1 FOR SHARE$look_up$,
            TG_TABLE_SCHEMA) INTO is_closed USING {row}.invoice_id, {row}.id;
    END IF;
"""
NAMES_NOT = "closed AND seal #> ARRAY['items', {}::text] IS NULL"

FUNCTION = f"""
CREATE OR REPLACE FUNCTION genbilling_keep_closed_item() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_closed boolean;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        {LOOK_UP.format(closed="closed", closed_there="closed", row="OLD")}
        IF is_closed THEN
            RAISE EXCEPTION 'genbilling: invoice % is closed, its items do not change', OLD.invoice_id
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    {LOOK_UP.format(closed=NAMES_NOT.format("NEW.id"), closed_there=NAMES_NOT.format("$2"), row="NEW")}
    IF is_closed THEN
        RAISE EXCEPTION 'genbilling: invoice % is closed, it takes no items', NEW.invoice_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def replace_function(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        # params=None: the function is full of percent signs.
        schema_editor.execute(FUNCTION, params=None)


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0011_owners_and_seals")]

    # Undone, the function stays as it is here: it refuses what the one before refused.
    operations = [migrations.RunPython(replace_function, migrations.RunPython.noop)]
