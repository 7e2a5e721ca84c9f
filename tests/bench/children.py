"""Having things done and measured in processes of their own."""

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.settings import TOP


@dataclass(frozen=True)
class Measured:
    """What came of one or more processes that worked at the same time.

    Args:
        count: things done by all of them.
        seconds: from when the first began until the last had ended.
        peak: bytes of memory that the largest held at most; `rise` is how much more than before it began.
        statements: sent by all of them; `stamps` are those that note that a signal went out.
    """

    count: int
    seconds: float
    peak: int
    rise: int
    statements: int
    stamps: int

    @property
    def rate(self):
        return self.count / self.seconds


class Children:
    """The processes that work on one server of databases; a context manager."""

    def __init__(self, environment):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.child"],
            cwd=TOP,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def measure(self, database, *orders, gateway="embedded"):
        """Have a process for each of `orders`, a name and its arguments; they begin at the same time.

        Args:
            database: the name of the one that they work on.
            gateway: the address of the gateway.
        """
        order = {"database": str(database), "gateway": gateway, "orders": orders}
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        results = json.loads(self._process.stdout.readline() or "null")
        if results is None:
            raise SystemExit(f"A measured process failed: {orders}")
        return _together(results)


def _together(results):
    return Measured(
        count=sum(one["count"] for one in results),
        seconds=max(one["ended"] for one in results) - min(one["began"] for one in results),
        peak=max(one["peak"] for one in results),
        rise=max(one["peak"] - one["held"] for one in results),
        statements=sum(one.get("statements", 0) for one in results),
        stamps=sum(one.get("stamps", 0) for one in results),
    )
