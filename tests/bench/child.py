"""Where the processes come from that are measured: one that has imported everything, and forks.

``python -m tests.bench.child`` reads orders, a line of JSON each. Of what an order names it makes as many
processes, which get ready, begin at the same time, and say what they measured; the answer is a line of JSON.
"""

import json
import multiprocessing
import sys
import time

import django
from django.conf import settings
from django.db import connection

from tests.bench import memory

# Everything that works on models can be imported only then.
django.setup()

from tests.bench import bare, works  # noqa: E402

NAMES = {**works.WORKS, **bare.WORKS}
PATIENCE = 120

fork = multiprocessing.get_context("fork")


def main():
    for line in sys.stdin:
        print(json.dumps(together(**json.loads(line))), flush=True)


def together(database, gateway, orders):
    """Return what each of `orders`, pairs of a name and arguments, measured; None: one failed."""
    connection.settings_dict["NAME"] = database
    settings.BRAINTREE_ENVIRONMENT = gateway
    barrier = fork.Barrier(len(orders))
    processes = [_start(barrier, *order) for order in orders]
    try:
        return [answers.recv() for _, answers in processes]
    except EOFError:
        return None
    finally:
        for process, _ in processes:
            process.join()


def _start(barrier, name, arguments):
    answers, end = fork.Pipe(duplex=False)
    process = fork.Process(target=_work, args=(barrier, end, name, arguments))
    process.start()
    # Its own copy is the only one then, so that a process which dies is noticed.
    end.close()
    return process, answers


def _work(barrier, answer, name, arguments):
    work = NAMES[name](**arguments)
    barrier.wait(PATIENCE)
    held = memory.forget_peak()
    began = time.monotonic()
    done = work()
    ended = time.monotonic()
    answer.send({"began": began, "ended": ended, "held": held, "peak": memory.peak(), **done})


if __name__ == "__main__":
    main()
