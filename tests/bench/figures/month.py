"""How long the month's commands take, beside one statement for the same rows."""

from tests.bench.table import Row


def rows_of_create(bench):
    template = bench.filled(accounts=bench.sizes.month)
    yield _row(bench, template, "create_invoices", "accounts", "open_invoices", "INSERT … SELECT")


def rows_of_products(bench):
    template = bench.filled(accounts=bench.sizes.month, products=2, raised=1000)
    for verb in ("restore", "reset"):
        yield _row(bench, template, f"{verb}_products", "products", verb, "UPDATE")


def _row(bench, template, verb, things, bare, statement):
    ours, one = bench.medians(
        lambda: bench.run_on_copy(template, ("month", {"name": verb})),
        lambda: bench.run_on_copy(template, (f"bare {bare}", {})),
    )
    assert ours.count == one.count, (ours, one)
    return Row(
        what=f"{verb}, {ours.count:,} {things}",
        measured=f"{ours.seconds:.2f} s, {ours.rate:,.0f}/s",
        reference=f"one {statement} of the same rows: {one.seconds:.2f} s",
        ratio=ours.seconds / one.seconds,
        goal="≤ 1.5",
    )
