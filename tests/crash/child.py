"""A process that runs commands until it is killed: forked from a warm parent, or started cold.

`python -m tests.crash.child ORDER`, with the order as JSON.
"""

import faulthandler
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import django
from django.conf import settings

if __name__ == "__main__":
    django.setup()

from django.core.management import CommandError, call_command

from genbilling.gateway import Ending, Outcome
from genbilling.services import locks, ranges
from genbilling.services.billing import charging, steps
from genbilling.signals import credit_card_error, invoice_sent
from tests.crash import points
from tests.crash.points import Plan, Points
from tests.factories import at

HEARD = "heard.txt"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a child is to do: which commands, at what moment of the story, and where to die."""

    number: int
    commands: tuple[str, ...]
    moment: str
    plan: Plan
    folder: Path
    gateway: str
    without_claim: bool = False

    @property
    def points(self):
        return self.folder / f"{self.number}.points"

    @property
    def output(self):
        return self.folder / f"{self.number}.output"

    def to_json(self):
        plan = asdict(self.plan)
        if self.plan.spared is not None:
            plan["spared"] = sorted(self.plan.spared)
        return json.dumps(asdict(self) | {"plan": plan, "folder": str(self.folder)})

    @classmethod
    def from_json(cls, text):
        given = json.loads(text)
        plan = Plan(**given.pop("plan"))
        if plan.spared is not None:
            plan = replace(plan, spared=frozenset(plan.spared))
        return cls(**given | {"plan": plan, "folder": Path(given["folder"])})


def work(order):
    """Run the commands of `order`; what they print ends with a line each."""
    # Asked by its parent, a child that hangs says where.
    faulthandler.register(signal.SIGUSR1, file=2)
    settings.BRAINTREE_ENVIRONMENT = order.gateway
    # A card that is refused for a day of the story expires its account; a good one takes it up again.
    settings.GENBILLING = {**settings.GENBILLING, "RETRY_DAYS": (1,)}
    _tune(locks, LAST_PASS_SECONDS=0.5, LOCK_WAIT_SECONDS=0.1)
    _tune(charging, PAUSE_SECONDS=0.1, WINDOW=2)
    _tune(ranges, ROWS=4)
    if order.without_claim:
        steps.find_out = _forget
    _listen(order.folder / HEARD)
    passed = Points(order.plan, order.points)
    points.watch(passed)
    with at(order.moment):
        for command in order.commands:
            passed.command = command
            try:
                call_command(command)
            except CommandError as error:
                print(f"{command} failed: {error}")


def _tune(module, **constants):
    """Several batches for few rows; no long wait for what a dead process holds."""
    for name, value in constants.items():
        assert hasattr(module, name), f"{module.__name__} has no {name} any more"
        setattr(module, name, value)


def _forget(*args):
    """In the place of `steps.find_out`: the claim of a process that died keeps nobody from charging."""
    yield bool  # where the gateway would be asked
    return Outcome(ending=Ending.NOT_SENT)


def _listen(file):
    heard = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    # One write each: processes that die beside each other leave whole lines.
    def on_sent(invoice, **kwargs):
        os.write(heard, f"invoice_sent {invoice.pk}\n".encode())

    def on_error(invoice, charge, **kwargs):
        os.write(heard, f"credit_card_error {invoice.pk} {charge.pk if charge else '-'}\n".encode())

    invoice_sent.connect(on_sent, weak=False)
    credit_card_error.connect(on_error, weak=False)


if __name__ == "__main__":
    work(Order.from_json(sys.argv[1]))
