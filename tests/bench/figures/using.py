"""How fast units are consumed."""

from functools import partial

from tests.bench.table import Row


def rows(bench):
    template = bench.filled(accounts=bench.sizes.users, raised=10_000_000)
    for processes in (1, bench.sizes.users):
        orders, bare_orders = (_orders(name, processes, bench.sizes.uses) for name in ("use", "bare use"))
        ours, bare = bench.medians(
            partial(bench.run_on_copy, template, *orders), partial(bench.run_on_copy, template, *bare_orders)
        )
        yield Row(
            what=f"use_product, {processes} process(es), an account each, {ours.count:,} calls",
            measured=f"{ours.rate:,.0f} calls/s",
            reference=f"the same statement by psycopg, as Django sends it: {bare.rate:,.0f}/s",
            ratio=ours.rate / bare.rate,
            goal="≥ 0.85",
        )


def _orders(name, processes, times):
    return [(name, {"number": number, "times": times}) for number in range(1, processes + 1)]
