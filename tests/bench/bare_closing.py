"""The rows that closing writes, by `executemany` and nothing around it: everything is known beforehand."""

from collections import defaultdict

from tests.bench.driver import connect

BATCH = 500

ITEM = "invoice_id, product_id, description, amount, period, operator, created_at"
READ_ITEMS = f"SELECT {ITEM} FROM genbilling_invoiceitem WHERE id > %s ORDER BY id"
WRITE_ITEM = f"INSERT INTO genbilling_invoiceitem ({ITEM}) VALUES (%s, %s, %s, %s, %s, %s, %s)"

# The key comes last, as in the statement that writes.
CLOSED = ("closed", "closed_at", "total", "number", "printed_number", "seal", "paid", "paid_at")
READ_INVOICES = f"SELECT {', '.join(CLOSED)}, id FROM genbilling_invoice WHERE closed ORDER BY id".replace(
    "seal", "seal::text"
)
WRITE_INVOICE = (
    f"UPDATE genbilling_invoice SET {', '.join(f'{name} = %s' for name in CLOSED)} WHERE id = %s"
).replace("seal = %s", "seal = %s::jsonb")

READ_PRODUCTS = (
    "SELECT billed_through, product.id, invoice.id FROM genbilling_product product "
    "JOIN genbilling_invoice invoice USING (account_id) WHERE invoice.closed"
)
WRITE_PRODUCT = "UPDATE genbilling_product SET billed_through = %s WHERE id = %s"


def close(source):
    """Write again what genbilling has closed in the database `source`, in batches of 500 invoices."""
    driver = connect()
    batches = list(_batches(source, _items_there(driver)))

    def work():
        for invoices, items, products in batches:
            with driver.transaction(), driver.cursor() as cursor:
                cursor.executemany(WRITE_ITEM, items)
                cursor.executemany(WRITE_INVOICE, invoices)
                cursor.executemany(WRITE_PRODUCT, products)
        return {"count": sum(len(invoices) for invoices, _, _ in batches)}

    return work


def _items_there(driver):
    return driver.execute("SELECT coalesce(max(id), 0) FROM genbilling_invoiceitem").fetchone()[0]


def _batches(source, last_item):
    items, products = defaultdict(list), defaultdict(list)
    with connect(source) as written:
        invoices = written.execute(READ_INVOICES).fetchall()
        for item in written.execute(READ_ITEMS, [last_item]).fetchall():
            items[item[0]].append(item)
        for *product, invoice in written.execute(READ_PRODUCTS).fetchall():
            products[invoice].append(product)
    for first in range(0, len(invoices), BATCH):
        batch = invoices[first : first + BATCH]
        keys = [invoice[-1] for invoice in batch]
        yield (
            batch,
            [one for key in keys for one in items[key]],
            [one for key in keys for one in products[key]],
        )
