"""Month after month: commands are killed, run again until nothing is left to do, and the books are compared.

Whoever dies, dies at the latest at the first point where nobody has died yet. So every point that is ever met
gets its turn, alone and two at a time, whatever the commands come to do one day.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour

from genbilling.services.audit import audit
from tests.crash import books, verify
from tests.crash.child import HEARD, Order
from tests.crash.notes import after
from tests.crash.points import Plan
from tests.crash.starts import HarnessError
from tests.factories import at

# As cron runs them on the first of the month.
COMMANDS = ("dispatch_invoices", "create_invoices", "reset_products", "restore_products")
MONEY = "POST /transactions in"
# Longer than a charge counts as under way, and than a signal is waited for.
PAUSE = timedelta(minutes=15)
# A sale that may not be sent again is looked for longer: until a day after it was sent, however often.
PAUSES_UNTIL_IDLE = (PAUSE,) * 5 + (timedelta(hours=9),) * 6


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

    def unkilled(self, number):
        return self.met.keys() - self.of(number).keys()

    def add(self, end, number):
        self.met.update(end.passed)
        if end.killed:
            self.of(number)[end.point] += 1


@dataclass(frozen=True, kw_only=True)
class Attack:
    """How the children of a month are killed: so many attempts, with `number` at once.

    `at` names a part of the point, `by_chance` lets chance choose between all points and any other moment.
    """

    attempts: int
    commands: tuple[str, ...] = COMMANDS
    number: int = 1
    at: str = ""
    by_chance: bool = False


class Campaign:
    """One world, whose commands are run by children that `start` starts."""

    def __init__(self, world, start, rng, *, folder, gateway, without_claim=False, progress=bool):
        self.tally = Tally()
        self.period = 202601
        self._world, self._start, self._rng = world, start, rng
        self._folder, self._gateway = folder, gateway
        self._without_claim, self._progress = without_claim, progress
        self._orders = 0
        self._wrong_holdings = []
        self._clock = self._day(10)
        with at(str(self._clock)):
            world.begin(self.period)

    def month(self, attack=None):
        """Let one month go by, under `attack` if there is one, and return what is wrong in its books."""
        self.period = after(self.period)
        self._clock, began = self._day(1), datetime.now(UTC) - timedelta(seconds=2)
        with at(str(self._clock)):
            self._world.turn(self.period)
        if attack:
            self._carry_out(attack)
        with at(str(self._clock)):
            self._world.mend()
        self._run_until_idle()
        wrong = [*self._compare(since=began, period=self.period), *self._compare_holdings()]
        wrong += [*verify.wrong_statuses(books.statuses()), *audit(Counter())]
        self._clock = max(self._clock, self._day(10))
        with at(str(self._clock)):
            self._world.live(self.period)
        # What was bought since is none of the commands' business before the next month.
        self._run_until_idle()
        return wrong + self._compare_holdings()

    def findings(self):
        """Compare all books with all notes; what anybody had too much or too little of, once, counts."""
        return self._compare(wrong_holdings=self._wrong_holdings)

    def _carry_out(self, attack):
        # Twice: what one command leaves alone may be another's work once the others are through.
        for _ in range(2):
            alive = list(attack.commands)
            for _ in range(attack.attempts // 2):
                if not alive:
                    break
                command = self._rng.choice(alive + alive[:1] * 2)
                if not any(end.killed for end in self._attempt(command, attack)):
                    alive.remove(command)
            # The day on which what was refused is tried for the last time.
            self._clock += timedelta(days=1)

    def _attempt(self, command, attack):
        commands = [command] * attack.number
        if attack.by_chance and self._rng.random() < 0.3:
            commands[1:] = self._rng.choices(COMMANDS, k=attack.number - 1)
        orders = [self._order((command,), self._plan(command, attack)) for command in commands]
        by_force = attack.by_chance and self._rng.random() < 0.2
        return self._run(orders, self._rng.uniform(0, 0.3) if by_force else None)

    def _plan(self, command, attack):
        if attack.at:
            return Plan(at=attack.at)
        spared = frozenset(self.tally.of(attack.number))
        if not attack.by_chance:
            return Plan(spared=spared)
        # By name: what is met once in a run counts as much as what is met for every account, and most of
        # all where the money moves. Where it is not met at all, any other point will do.
        names = [name for name in sorted(self.tally.met) if name.startswith(command)]
        weights = [3 if MONEY in name else 1 for name in names]
        [named] = self._rng.choices(names, weights)
        return Plan(spared=spared, at=named, time=self._early(3), number=self._early(200))

    def _early(self, mean):
        return 1 + int(self._rng.expovariate(1 / mean))

    def _run(self, orders, kill_after=None):
        """Run the children of `orders` at once, and return their ends; the next ones come a while later."""
        running = []
        try:
            for order in orders:
                running.append(self._start(order))
            if kill_after is not None:
                time.sleep(kill_after)
                running[0].kill()
            ends = [child.wait() for child in running]
        except BaseException:
            for child in running:
                child.kill()
            raise
        for end in ends:
            self.tally.add(end, len(orders))
        self._progress(sum(end.killed for end in ends))
        self._clock += PAUSE
        return ends

    def _run_until_idle(self):
        said = []
        for pause in PAUSES_UNTIL_IDLE:
            [end] = self._run([self._order(COMMANDS, Plan())])
            if end.idle:
                return
            said.append(end.said)
            self._clock += pause - PAUSE
        raise HarnessError("There is always something left to do:\n" + "\n".join(said))

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

    def _compare(self, since=None, period=None, wrong_holdings=()):
        read = books.read(self._world.books, self._folder / HEARD, since, period)
        notes = self._world.notes.through(self.period, only=period)
        return verify.compare(read, notes, wrong_holdings, partly=period is not None)

    def _compare_holdings(self):
        wrong = verify.wrong_holdings(books.holdings(), self._world.notes.holdings)
        self._wrong_holdings += [f"{self._clock}: {problem}" for problem in wrong]
        return wrong

    def _day(self, day):
        return datetime.combine(date(self.period // 100, self.period % 100, day), hour(0, 30))
