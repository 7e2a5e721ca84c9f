"""Processes that the story starts, each with the processes that it starts itself."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress

from tests.settings import TOP

PATIENCE = 100


class QueueError(Exception):
    """The queue, or a job in it, did what it must not."""


class Worker:
    """A worker that was started; what it says goes into the file `log`."""

    def __init__(self, name, arguments, log):
        self.name, self._log = name, log
        with log.open("w") as output:
            # Below a number of its own, by which its children are reached, too.
            self._process = subprocess.Popen(
                arguments, cwd=TOP, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def said(self):
        return self._log.read_text()

    @contextmanager
    def frozen(self):
        """Let it and its children stand still for as long as the block takes."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        yield
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGCONT)

    def kill(self):
        """Kill it and its children where they stand."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self):
        """Ask it to end, as a deployment does: what it is at is finished."""
        self._process.terminate()
        self._process.wait(PATIENCE)

    def check(self):
        """Make sure that it still runs."""
        if self._process.poll() is not None:
            raise QueueError(f"The worker {self.name} ended:\n{self.said}")


@contextmanager
def workers(commands, folder):
    """Run a worker for each of `commands`, the arguments by its name, and kill what is left of them."""
    running = []
    try:
        for name, arguments in commands.items():
            running.append(Worker(name, arguments, folder / f"{name}.log"))
        yield running
    finally:
        for worker in running:
            worker.kill()


def until(condition, what):
    """Wait until `condition()` is true and return it; `what` says it in words, for when it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise QueueError(f"Not so after {PATIENCE} s: {what}")
        time.sleep(0.02)
    return found
