"""How fast due invoices are filled in and closed."""

from tests.bench.bench import median
from tests.bench.table import Row

# What Silver 0.11.1 was seen to issue on a machine of two cores, with PostgreSQL, in invoices a second.
SILVER = 75


def rows(bench):
    yield from _rows(bench, "one product", products=1)
    yield from _rows(bench, "two products and a step", products=2, steps=1)


def _rows(bench, title, **how):
    template = bench.filled(accounts=bench.sizes.closing, **how)
    rounds = [_round(bench, template) for _ in range(bench.sizes.rounds)]
    ours, bare = (median(results) for results in zip(*rounds, strict=True))
    what = f"closing, {ours.count:,} accounts with {title}"
    yield Row(
        what=what,
        measured=f"{ours.rate:,.0f} invoices/s",
        reference=f"the same rows by psycopg's executemany: {bare.rate:,.0f}/s",
        ratio=ours.rate / bare.rate,
        goal="≥ 0.4",
    )
    yield Row(
        what=what,
        measured=f"{ours.rate:,.0f} invoices/s",
        reference=f"Silver 0.11.1, once, on such a machine: {SILVER}/s",
        ratio=ours.rate / SILVER,
        goal="≥ 50",
    )


def _round(bench, template):
    with bench.server.copy(template) as closed, bench.server.copy(template) as again:
        ours = bench.run(closed, ("close", {}))
        return ours, bench.run(again, ("bare close", {"source": closed}))
