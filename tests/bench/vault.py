"""A Braintree with a card for each account, served over HTTP by a process of its own."""

from genbilling.sandbox import Sandbox, connect
from tests.sandbox.factories import make_numbered_card


def fill(file, count):
    """Make the sandbox's books in `file`, with the customers ``customer1`` … and their cards ``token1`` …"""
    with Sandbox(file) as sandbox:
        card = make_numbered_card(connect(sandbox))
        with sandbox.store.transaction(writing=True) as db:
            _copy(db, "customers", f"id = '{card.customer_id}'", count, id="'customer' || n")
            _copy(
                db,
                "cards",
                f"token = '{card.token}'",
                count,
                token="'token' || n",
                customer_id="'customer' || n",
                fingerprint="fingerprint || n",
            )
            db.execute("ANALYZE")


def _copy(db, table, which, count, **changes):
    names = [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]
    values = [changes.get(name, "NULL" if name == "number" else name) for name in names]
    db.execute(
        "WITH RECURSIVE numbered (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < ?)"
        f" INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}, numbered"
        f" WHERE {which}",
        [count],
    )
