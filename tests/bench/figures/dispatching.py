"""How fast due invoices are closed and charged, beside the SDK alone, which writes nothing down."""

from tests.bench.table import Row


def rows(bench):
    count = bench.sizes.dispatch
    template = bench.filled(accounts=count, cards=True)
    with bench.gateway(0) as gateway:
        yield _beside_the_sdk(bench, template, gateway, "0 ms", 8, "≥ 0.65")
        slow = bench.run_on_copy(template, ("dispatch", {"in_flight": 8, "receiver_ms": 20}), gateway=gateway)
        yield Row(
            what=f"the same, with a receiver of invoice_sent that takes 20 ms, {slow.count:,} due, once",
            measured=f"{slow.rate:,.0f} invoices/s",
        )
    with bench.gateway(100) as gateway:
        yield _beside_the_sdk(bench, template, gateway, "100 ms", 32, "≥ 0.9")


def _beside_the_sdk(bench, template, gateway, latency, in_flight, goal):
    bare = {"first": 1, "count": bench.sizes.dispatch, "threads": in_flight}
    sold, dispatched = bench.medians(
        lambda: bench.run(template, ("bare sell", bare), gateway=gateway),
        lambda: bench.run_on_copy(template, ("dispatch", {"in_flight": in_flight}), gateway=gateway),
    )
    return Row(
        what=f"dispatch, {dispatched.count:,} due, gateway at {latency}, {in_flight} in flight",
        measured=f"{dispatched.rate:,.0f} invoices/s",
        reference=f"the same sales by the SDK alone, {in_flight} threads: {sold.rate:,.0f}/s",
        ratio=dispatched.rate / sold.rate,
        goal=goal,
    )


def rows_of_processes(bench):
    count = bench.sizes.dispatch
    template, one = bench.filled(accounts=count, cards=True), ("dispatch", {"in_flight": 8})
    half = count // 2
    all_of_them, *halves = (
        ("bare sell", {"first": first, "count": number, "threads": 8})
        for first, number in ((1, count), (1, half), (1 + half, half))
    )
    with bench.gateway(100) as gateway:
        alone, both, bare_alone, bare_both = bench.medians(
            lambda: bench.run_on_copy(template, one, gateway=gateway),
            lambda: bench.run_on_copy(template, one, one, gateway=gateway),
            lambda: bench.run(template, all_of_them, gateway=gateway),
            lambda: bench.run(template, *halves, gateway=gateway),
        )
    gain, bare_gain = both.rate / alone.rate, bare_both.rate / bare_alone.rate
    yield Row(
        what=f"two dispatch processes against one, {count:,} due, 100 ms, 8 in flight each",
        measured=f"{alone.rate:,.0f} → {both.rate:,.0f} invoices/s, {gain:.2f} ×",
        reference=f"the SDK alone: {bare_alone.rate:,.0f} → {bare_both.rate:,.0f}/s, {bare_gain:.2f} ×",
        ratio=gain / bare_gain,
        goal="≥ 0.9",
    )


def rows_of_statements(bench):
    few, many = bench.sizes.few_dispatched, bench.sizes.dispatch
    with bench.gateway(0) as gateway:
        found = [_statements(bench, count, gateway) for count in (few, many)]
    for count, (plain, stamps) in zip((few, many), found, strict=True):
        yield Row(
            what=f"statements per dispatched invoice, {count:,} due, stamps of signals aside ({stamps:.2f})",
            measured=f"{plain:.2f}",
            reference="1",
            ratio=plain,
            goal="≤ 2",
        )
    # How many answers are written down together is a matter of timing.
    yield Row(
        what="the same, many against few",
        measured=f"{found[1][0]:.2f}",
        reference=f"{found[0][0]:.2f}",
        ratio=found[1][0] / found[0][0],
        goal="≤ 1.1",
    )


def _statements(bench, count, gateway):
    template = bench.filled(accounts=count, cards=True)
    # Somebody listens, so that each signal has its stamp.
    heard = ("dispatch", {"in_flight": 8, "receiver_ms": 0})
    done = bench.run_on_copy(template, heard, gateway=gateway)
    return (done.statements - done.stamps) / done.count, done.stamps / done.count
