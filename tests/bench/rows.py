"""Many rows by one statement, on PostgreSQL and on SQLite."""

from django.core.management.color import no_style
from django.db import connection, models

# The rows of `numbered` are numbered by n, from 1.
NUMBERED = "(WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {count})"
NUMBERED += " SELECT n FROM series) AS numbered"


def insert(model, count, **expressions):
    """Insert `count` rows; each column as its SQL expression of ``n`` says, or as the model's default."""
    if count:
        statement, parameters = insert_select(model, NUMBERED.format(count=count), **expressions)
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)


def insert_select(model, source, **expressions):
    """Return the statement that inserts a row for each row of the SQL `source`, and its parameters."""
    columns, values, parameters = [], [], []
    for field in model._meta.concrete_fields:
        if field.attname in expressions:
            value = expressions[field.attname]
        elif field.primary_key or (field.null and not field.has_default()):
            continue
        elif getattr(field, "auto_now_add", False):
            value = "CURRENT_TIMESTAMP"
        else:
            value = "%s"
            parameters.append(field.get_db_prep_save(_default(field), connection))
        columns.append(connection.ops.quote_name(field.column))
        values.append(str(value))
    statement = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {source}"
    )
    return statement, parameters


def finish(*tables):
    """Let the keys go on after the rows that were inserted with keys, and let the planner know of them."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")


def _default(field):
    # The text columns of Django's user have no default of their own; an empty text is what it writes.
    return field.get_default() if field.has_default() else "" if isinstance(field, models.CharField) else None
