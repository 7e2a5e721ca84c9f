"""Month after month: commands are killed, run again until nothing is left to do, and the books are compared.

Whoever dies, dies first at a point where nobody has died yet; so every point that is ever met gets its turn,
alone and two at a time, whatever the commands come to do one day. Only then does chance decide.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.crash import books, verify
from tests.crash.child import HEARD, Order
from tests.crash.notes import after
from tests.crash.points import Plan
from tests.crash.starts import HarnessError
from tests.factories import at

COMMANDS = ("dispatch_invoices", "create_invoices", "reset_products", "restore_products")
# Longer than a charge counts as under way, and than a signal is waited for.
PAUSE = timedelta(minutes=15)
RERUNS = 8


@dataclass(kw_only=True)
class Tally:
    """The points met, and how often somebody was killed there; "" is any other moment."""

    met: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    in_pairs: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self):
        return self.alone.total() + self.in_pairs.total()

    def of(self, number):
        return self.alone if number == 1 else self.in_pairs

    def add(self, end, number):
        self.met.update(end.passed)
        if end.killed:
            self.of(number)[end.point] += 1

    def unkilled(self, number):
        return self.met.keys() - self.of(number).keys()


class Campaign:
    """The kills on one world, whose children `start` starts."""

    def __init__(self, world, start, rng, *, folder, books, gateway, without_claim=False, progress=bool):
        self.tally = Tally()
        self.period = 202601
        self._world, self._start, self._rng = world, start, rng
        self._folder, self._books, self._gateway = folder, books, gateway
        self._without_claim, self._progress = without_claim, progress
        self._orders = 0
        self._clock = self._first_of_month() + timedelta(days=9)
        with at(str(self._clock)):
            world.begin(self.period)

    def month(self, attempts, commands=COMMANDS, number=1, by_chance=False):
        """Let one month go by, with so many attempts to kill `number` children at once.

        Returns what is wrong in its books.
        """
        self.period = after(self.period)
        self._clock = self._first_of_month()
        began = datetime.now(UTC) - timedelta(seconds=2)
        with at(str(self._clock)):
            self._world.turn(self.period)
        self._kill(attempts, list(commands), number, by_chance)
        with at(str(self._clock)):
            self._world.mend_cards()
        self._run_until_idle()
        findings = self._compare(began, self.period)
        self._clock = self._first_of_month() + timedelta(days=9)
        with at(str(self._clock)):
            self._world.live(self.period)
        # What was bought since is none of their business before the next month.
        self._run_until_idle()
        return [*findings, *verify.wrong_holdings(self._read(), self._world.notes)]

    def findings(self):
        """Compare all books with all notes."""
        return verify.compare(self._read(), self._world.notes, self.period)

    def _kill(self, attempts, commands, number, by_chance):
        # Twice: what one command leaves alone may be another's work once the others are through.
        for _ in range(2):
            alive = list(commands)
            for _ in range(attempts // 2):
                if not alive:
                    break
                command = self._rng.choice(alive + alive[:1] * 2)
                ends = self._run((command,), number, by_chance)
                if not any(end.killed for end in ends):
                    alive.remove(command)

    def _run(self, commands, number=1, by_chance=False, spare=False):
        """Run so many children at once, and return their ends; the next ones come a while later."""
        running = []
        for _ in range(number):
            plan = Plan() if spare else self._plan(number, by_chance)
            running.append(self._start(self._order(commands, plan)))
        if by_chance and self._rng.random() < 0.2:
            time.sleep(self._rng.uniform(0, 0.3))
            running[0].kill()
        ends = [child.wait() for child in running]
        for end in ends:
            self.tally.add(end, number)
        self._progress(sum(end.killed for end in ends))
        self._clock += PAUSE
        return ends

    def _plan(self, number, by_chance):
        chance = 1 + int(self._rng.expovariate(1 / 15)) if by_chance else 0
        return Plan(spared=frozenset(self.tally.of(number)), number=chance)

    def _order(self, commands, plan):
        self._orders += 1
        return Order(
            number=self._orders,
            commands=commands,
            moment=str(self._clock),
            plan=plan,
            folder=self._folder,
            gateway=self._gateway,
            without_claim=self._without_claim,
        )

    def _run_until_idle(self):
        said = []
        for _ in range(RERUNS):
            [end] = self._run(COMMANDS, spare=True)
            if end.idle:
                return
            said.append(end.said)
        raise HarnessError("There is always something left to do:\n" + "\n".join(said))

    def _compare(self, began, period):
        read = self._read(began, period)
        return [f"{period}: {problem}" for problem in verify.compare(read, self._world.notes, period, period)]

    def _read(self, since=None, period=None):
        return books.read(self._books, self._folder / HEARD, since, period)

    def _first_of_month(self):
        return datetime(self.period // 100, self.period % 100, 1, 0, 30)
