"""Starting the processes that are measured, one or several at once."""

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass

from tests.settings import TOP


@dataclass(frozen=True)
class Measured:
    """What came of one or more processes that worked at the same time.

    Args:
        count: things done by all of them.
        seconds: from when the first began until the last had ended.
        peak: bytes of memory of the largest, above what it held before.
        statements: sent by all of them; `stamps` are those that note that a signal went out.
    """

    count: int
    seconds: float
    peak: int
    statements: int
    stamps: int

    @property
    def rate(self):
        return self.count / self.seconds


def measure(environment, *orders):
    """Have a process for each of `orders`, a name and its arguments; they begin at the same time."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_start(environment, *order)) for order in orders]
        for process in processes:
            _expect(process, process.stdout.readline() == "ready\n")
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        return _together([_result(process) for process in processes])


def _start(environment, name, arguments):
    command = [sys.executable, "-m", "tests.bench.child", name, json.dumps(arguments)]
    return subprocess.Popen(
        command, cwd=TOP, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _result(process):
    line = process.stdout.readline()
    _expect(process, line)
    return json.loads(line)


def _expect(process, fulfilled):
    if not fulfilled:
        raise SystemExit(f"A measured process failed: {' '.join(process.args[3:])}")


def _together(results):
    return Measured(
        count=sum(one["count"] for one in results),
        seconds=max(one["ended"] for one in results) - min(one["began"] for one in results),
        peak=max(one["peak"] for one in results),
        statements=sum(one.get("statements", 0) for one in results),
        stamps=sum(one.get("stamps", 0) for one in results),
    )
