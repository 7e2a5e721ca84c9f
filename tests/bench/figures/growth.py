"""Whether ten times the accounts take ten times as long, and no more memory."""

from tests.bench.table import Row

COMMANDS = {
    # Without cards: what grows is what the run does to the books.
    "dispatch_invoices, no card on file": ("dispatch", {"in_flight": 8}),
    "create_invoices": ("month", {"name": "create_invoices"}),
    "restore_products": ("month", {"name": "restore_products"}),
    "reset_products": ("month", {"name": "reset_products"}),
}


def rows(bench):
    few, many = (bench.filled(accounts=accounts, raised=1000) for accounts in bench.sizes.growth)
    for title, order in COMMANDS.items():
        yield from _rows(bench, title, order, few, many)


def _rows(bench, title, order, few, many):
    small, large = bench.medians(
        lambda: bench.run_on_copy(few, order), lambda: bench.run_on_copy(many, order)
    )
    what = f"{title}, {large.count:,} accounts against {small.count:,}"
    small_us, large_us = (one.seconds / one.count * 1e6 for one in (small, large))
    yield Row(
        what=f"{what}: time per account",
        measured=f"{large_us:,.0f} µs",
        reference=f"{small_us:,.0f} µs",
        ratio=large_us / small_us,
        goal="≤ 1.2",
    )
    yield Row(
        what=f"{what}: peak memory",
        measured=_memory(large),
        reference=_memory(small),
        ratio=large.peak / small.peak,
        goal="≤ 1.1",
    )


def _memory(done):
    return f"{done.peak / 2**20:.1f} MiB, {done.rise / 2**20:.1f} of them since it began"
