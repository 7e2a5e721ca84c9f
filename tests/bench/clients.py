"""Processes that sell as fast as they can, with the SDK, over HTTP."""

import multiprocessing
import resource
import time
from dataclasses import dataclass

from tests.sandbox.connections import http_gateway

SALE = {
    "amount": "10.00",
    "options": {"submit_for_settlement": True},
}


@dataclass(frozen=True)
class Load:
    """What came of it: calls, from the first to the last, and the processor time of the clients."""

    calls: int
    seconds: float
    client_cpu: float

    @property
    def rate(self):
        return self.calls / self.seconds

    @property
    def client_ms(self):
        return self.client_cpu / self.calls * 1000


def run(port, token, processes, calls):
    """Have so many processes make so many calls each, all at once."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    clients = [
        context.Process(target=_sell, args=(port, token, calls, barrier, results)) for _ in range(processes)
    ]
    for client in clients:
        client.start()
    times = [results.get(timeout=300) for _ in clients]
    for client in clients:
        client.join()
    began, ended, cpu = zip(*times, strict=True)
    return Load(processes * calls, max(ended) - min(began), sum(cpu))


def _sell(port, token, calls, barrier, results):
    with http_gateway(port) as gateway:
        sell(gateway, token)
        barrier.wait()
        began, cpu = time.monotonic(), _cpu()
        for _ in range(calls):
            sell(gateway, token)
        results.put((began, time.monotonic(), _cpu() - cpu))


def sell(gateway, token):
    # The SDK writes into what it is given.
    sale = {**SALE, "payment_method_token": token, "options": {**SALE["options"]}}
    assert gateway.transaction.sale(sale).is_success


def _cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
