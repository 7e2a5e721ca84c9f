"""On PostgreSQL, triggers that keep a closed invoice and its items from change, raw SQL included."""

from collections.abc import Callable
from typing import Any

from django.db import migrations

# FOR SHARE waits for a closing that has not committed yet; without it an item slips in beside it.
FORWARDS = """
CREATE FUNCTION genbilling_keep_closed_item() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_closed boolean;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT closed INTO is_closed FROM genbilling_invoice WHERE id = OLD.invoice_id FOR SHARE;
        IF is_closed THEN
            RAISE EXCEPTION 'genbilling: invoice % is closed, its items do not change', OLD.invoice_id
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    SELECT closed INTO is_closed FROM genbilling_invoice WHERE id = NEW.invoice_id FOR SHARE;
    IF is_closed THEN
        RAISE EXCEPTION 'genbilling: invoice % is closed, it takes no items', NEW.invoice_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION genbilling_keep_closed_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.closed THEN
            RAISE EXCEPTION 'genbilling: invoice % is closed and stays', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.closed AND (
        NEW.account_id, NEW.period, NEW.number, NEW.printed_number, NEW.total, NEW.closed, NEW.closed_at, NEW.seal
    ) IS DISTINCT FROM (
        OLD.account_id, OLD.period, OLD.number, OLD.printed_number, OLD.total, OLD.closed, OLD.closed_at, OLD.seal
    ) THEN
        RAISE EXCEPTION 'genbilling: invoice % is closed and does not change', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER genbilling_keep_closed_item BEFORE INSERT OR UPDATE OR DELETE ON genbilling_invoiceitem
    FOR EACH ROW EXECUTE FUNCTION genbilling_keep_closed_item();

CREATE TRIGGER genbilling_keep_closed_invoice BEFORE UPDATE OR DELETE ON genbilling_invoice
    FOR EACH ROW EXECUTE FUNCTION genbilling_keep_closed_invoice();
"""

BACKWARDS = """
DROP TRIGGER genbilling_keep_closed_item ON genbilling_invoiceitem;
DROP TRIGGER genbilling_keep_closed_invoice ON genbilling_invoice;
DROP FUNCTION genbilling_keep_closed_item();
DROP FUNCTION genbilling_keep_closed_invoice();
"""


def _on_postgresql(sql: str) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            # params=None: the functions are full of percent signs.
            schema_editor.execute(sql, params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0001_initial")]

    operations = [migrations.RunPython(_on_postgresql(FORWARDS), _on_postgresql(BACKWARDS))]
