"""A process that does one thing and measures it: ``python -m tests.bench.child NAME JSON``.

It says that it is ready, waits for a line, works, and says what it measured, as JSON.
"""

import json
import sys
import time

import django

from tests.bench import memory

# Everything that works on models can be imported only then.
django.setup()

from tests.bench import bare, works  # noqa: E402

NAMES = {**works.WORKS, **bare.WORKS}


def main(name, arguments):
    work = NAMES[name](**arguments)
    print("ready", flush=True)
    sys.stdin.readline()
    held = memory.forget_peak()
    began = time.monotonic()
    done = work()
    ended = time.monotonic()
    print(json.dumps({"began": began, "ended": ended, "peak": memory.peak() - held, **done}))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
