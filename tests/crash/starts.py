"""The two ways to start a child, and how to wait for it, or to kill it from outside."""

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass

from django.db import connections
from tqdm import tqdm

from genbilling import gateway
from tests.crash import child, points
from tests.settings import TOP

PATIENCE = 45


@dataclass(frozen=True, kw_only=True)
class End:
    """How a child ended: the points that it passed, whether it was killed, at which of them, what it said."""

    order: child.Order
    passed: list[str]
    killed: bool
    point: str
    said: str

    @property
    def idle(self):
        """Whether every command found nothing to do."""
        return self.said.count("nothing to do.") == len(self.order.commands)


class HarnessError(Exception):
    """The harness itself, or a command, did what it must not."""


def fork(order):
    """Run `order` in a fork of this process, which takes no connection along."""
    connections.close_all()
    gateway.disconnect()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_the_child(order)
    return Running(order, pid)


def _be_the_child(order):
    status = 1
    try:
        # tqdm shares its own lock between forks, and who dies with it in hand would stop all the others.
        tqdm.set_lock(threading.RLock())
        _write_to(order.output)
        child.work(order)
        sys.stdout.flush()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        # Past everything that the parent has registered for its own end: its server, its folders.
        os._exit(status)


def _write_to(file):
    target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(target, 1)
    os.dup2(target, 2)
    # Not the parent's: those may have been replaced.
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))


class Running:
    """A child that was started."""

    def __init__(self, order, pid):
        self.order = order
        self._pid = pid
        self._status = None

    def kill(self):
        """Kill it wherever it is, if it still runs."""
        if not self._has_ended():
            os.kill(self._pid, signal.SIGKILL)

    def wait(self):
        """Wait for its end, and return it.

        Raises:
            HarnessError: it hangs, or broke down by itself.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._has_ended():
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGUSR1)
                time.sleep(1)
                self.kill()
                raise HarnessError(f"It did not end: {self.order}\n{self._said()}")
            time.sleep(0.002)
        killed = self._status == -signal.SIGKILL
        if self._status and not killed:
            raise HarnessError(f"It ended with {self._status}: {self.order}\n{self._said()}")
        passed, at_a_point = points.read(self.order.points)
        end = End(
            order=self.order,
            passed=passed,
            killed=killed,
            point=passed[-1] if at_a_point else "",
            said=self._said(),
        )
        for file in (self.order.points, self.order.output):
            file.unlink(missing_ok=True)
        return end

    def _has_ended(self):
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

    def _said(self):
        return self.order.output.read_text() if self.order.output.exists() else ""


def cold(environment):
    """Return the function that starts an order as a new Python, as cron would."""

    def start(order):
        with order.output.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.child", order.to_json()],
                cwd=TOP,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return Cold(order, process)

    return start


class Cold(Running):
    """A child that was started cold."""

    def __init__(self, order, process):
        super().__init__(order, process.pid)
        self._process = process

    def _has_ended(self):
        self._status = self._process.poll()
        return self._status is not None
