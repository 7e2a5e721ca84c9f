"""Long books, quickly: the rows of a few real sales, copied under other ids."""

from tests.sandbox.factories import make_numbered_card, settled_sale

KINDS = 20


def fill(sandbox, gateway, count):
    """Fill the books up to so many transactions, on a hundred customers at most."""
    patterns = [_pattern(gateway, number) for number in range(min(KINDS, count))]
    with sandbox.store.transaction(writing=True) as db:
        for table, column in (("transactions", "id"), ("status_events", "transaction_id")):
            _copy(db, table, column, patterns, count)
        db.execute("ANALYZE")


def _pattern(gateway, number):
    card = make_numbered_card(gateway)
    return settled_sale(
        gateway, f"{number + 1}.00", payment_method_token=card.token, order_id=f"o{number}"
    ).id


def _copy(db, table, column, patterns, count):
    """Copy the rows of the patterns, each with a number behind its id and its order id."""
    names = [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]
    values = {name: name for name in names}
    values["number"] = "NULL"
    values[column] = f"{column} || 'x' || copy.number"
    if "order_id" in values:
        values["order_id"] = "order_id || '-' || copy.number"
    copies = (count - len(patterns)) // len(patterns)
    marks = ", ".join("?" * len(patterns))
    db.execute(
        f"WITH RECURSIVE copy (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < ?)"
        f" INSERT INTO {table} ({', '.join(names)})"
        f" SELECT {', '.join(values.values())} FROM {table}, copy WHERE {table}.{column} IN ({marks})",
        [copies, *patterns],
    )
