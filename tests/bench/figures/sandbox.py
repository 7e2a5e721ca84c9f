"""How many sales a second the sandbox takes over HTTP, and what a call costs with full books."""

import base64
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from decimal import Decimal

import psutil
from braintree import TransactionSearch as Search

from genbilling.sandbox import Sandbox, connect
from tests.bench import clients, filling
from tests.bench.table import Row
from tests.sandbox.connections import ROOT, serve
from tests.sandbox.factories import make_card, make_numbered_card, settled_sale, submitted_sale

PATH = "/merchants/integration_merchant_id"
KEYS = base64.b64encode(b"integration_public_key:integration_private_key").decode()
HEADERS = {"Authorization": f"Basic {KEYS}"}
CORES = len(os.sched_getaffinity(0))


def rows(bench):
    print(f"The sandbox, on {CORES} cores")
    yield throughput(bench.folder, bench.sizes)
    costs(bench.folder, bench.sizes)


def throughput(folder, sizes):
    processes, calls = sizes.clients, sizes.sales_of_a_client
    books = folder / "throughput.sqlite3"
    with Sandbox(books) as sandbox:
        gateway = connect(sandbox)
        token = make_card(gateway).token
        sale = submitted_sale(gateway, payment_method_token=token)
        _, answer = sandbox.handle("GET", f"{PATH}/transactions/{sale.id}", HEADERS, b"")
    found = {"plain HTTP server": [], "sandbox": []}
    with echo(folder, answer) as (plain, port), serve(books) as real:
        # In turns, so that what else the machine does meets both.
        for _ in range(sizes.rounds):
            found["plain HTTP server"].append(measured(plain, port, token, processes, calls))
            found["sandbox"].append(measured(real, real.port, token, processes, calls))
    print(f"\n{processes} client processes, {calls} sales each, over HTTP: the best of {sizes.rounds} rounds")
    print(f"{'':18}{'sales/s':>9}{'server ms/sale':>16}{'clients ms/sale':>17}")
    loads = {}
    for name, rounds in found.items():
        load, server_ms = max(rounds, key=lambda one: one[0].rate)
        loads[name] = load
        print(f"{name:18}{load.rate:9.0f}{server_ms:16.2f}{load.client_ms:17.2f}")
    ratio = loads["sandbox"].rate / loads["plain HTTP server"].rate
    print(f"the sandbox takes {ratio:.2f} of what the plain server takes")
    idle = CORES * 1000 / (server_ms + load.client_ms)
    print(f"with {CORES} idle cores the processor time would allow {idle:.0f} sales/s, clients included")
    return Row(
        what=f"the sandbox over HTTP, {processes} clients, {calls:,} sales each, best of {sizes.rounds}",
        measured=f"{loads['sandbox'].rate:,.0f} sales/s",
        reference=f"a plain HTTP server with one answer for all: {loads['plain HTTP server'].rate:,.0f}/s",
        ratio=ratio,
    )


def measured(process, port, token, processes, calls):
    def cpu():
        used = psutil.Process(process.pid).cpu_times()
        return used.user + used.system

    before = cpu()
    load = clients.run(port, token, processes, calls)
    return load, (cpu() - before) / load.calls * 1000


@contextmanager
def echo(folder, answer):
    file = folder / "answer.xml"
    file.write_text(answer)
    command = [sys.executable, "-m", "tests.bench.echo", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.terminate()


def costs(folder, sizes):
    few, many = sizes.sandbox_books
    with ExitStack() as stack:
        short, long = (
            calls_on(stack.enter_context(Sandbox(folder / f"{count}.sqlite3")), count)
            for count in (few, many)
        )
        print(f"\nprocessor milliseconds a call, client and sandbox, with {few:,} and {many:,} transactions")
        for name in short:
            few_ms, many_ms = best(sizes, short[name], long[name])
            print(f"{name:28}{few_ms:9.2f}{many_ms:9.2f}   x {many_ms / few_ms:.2f}")


def calls_on(sandbox, count):
    """Fill the books, and return what can be done with them, by name."""
    gateway = connect(sandbox)
    card = make_numbered_card(gateway)
    filling.fill(sandbox, gateway, count)
    sale = settled_sale(gateway, payment_method_token=card.token, order_id="the one")
    search = gateway.transaction.search
    on_card = {"payment_method_token": card.token}
    return {
        "sale": lambda: submitted_sale(gateway, **on_card),
        "sale under a key": lambda: submitted_sale(gateway, **on_card, api_request_key=os.urandom(16).hex()),
        "find": lambda: gateway.transaction.find(sale.id),
        "search by order id": lambda: search(Search.order_id == "the one").first,
        "search by customer": lambda: (
            search(Search.customer_id == card.customer_id, Search.order_id == "the one").first
        ),
        "search by an amount": lambda: search(Search.amount == Decimal("777.77")).ids,
        "sale and void": lambda: gateway.transaction.void(submitted_sale(gateway).id),
        "refund of a cent": lambda: gateway.transaction.refund(sale.id, "0.01"),
        "new customer with a card": lambda: make_card(gateway),
    }


def best(sizes, *calls):
    """Return the milliseconds of each call, in its quickest round: what else goes on only adds."""
    found, times = [[] for _ in calls], sizes.calls_of_a_round
    for _ in range(sizes.rounds_of_costs):
        for call, took in zip(calls, found, strict=True):
            began = time.process_time()
            for _ in range(times):
                call()
            took.append((time.process_time() - began) / times * 1000)
    return [min(took) for took in found]
