"""What must be in the books, noted when it is bought; nothing here knows how genbilling keeps them."""

import calendar
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

# The test project's two products, as they are declared.
MSG, STAFF = "MSG", "ANS_SERV_STAFF"
FLAT_RATE = Decimal("9.99")
INCLUDED = {MSG: 1000, STAFF: 0}
STEP_UNITS = {MSG: 1000, STAFF: 1}
STEP_COST = {MSG: Decimal("7.99"), STAFF: Decimal("10.00")}
STEP_LINE = {
    MSG: "Private messages, {} × 1000 added",
    STAFF: "Answering service for staff, {} × 1 added",
}


@dataclass(frozen=True, kw_only=True, order=True)
class Line:
    """One line on the invoice of `owner` for `period`."""

    owner: str
    period: int
    description: str
    amount: Decimal


@dataclass(kw_only=True)
class Holding:
    """What an owner has of a product."""

    used: int
    capacity: int


@dataclass(kw_only=True)
class Notes:
    """The lines that must stand on an invoice, once each, and what everybody must have."""

    lines: Counter[Line] = field(default_factory=Counter)
    holdings: dict[tuple[str, str], Holding] = field(default_factory=dict)
    owners: list[str] = field(default_factory=list)

    def add_owner(self, owner, period):
        """Note who signed up in `period`: its flat rate is billed with the next one's."""
        self.owners.append(owner)
        for product, units in INCLUDED.items():
            self.holdings[owner, product] = Holding(used=0, capacity=units)
        self.add(owner, after(period), flat_rate_line(period), FLAT_RATE)

    def add(self, owner, period, description, amount):
        """Note a line for the owner's invoice of `period`."""
        self.lines[Line(owner=owner, period=period, description=description, amount=Decimal(amount))] += 1

    def turn(self, period):
        """Note what the first of the month `period` brings."""
        for owner in self.owners:
            self.add(owner, period, flat_rate_line(period), FLAT_RATE)
            self.holdings[owner, MSG].used = 0  # the other one is not periodic
            for product, units in INCLUDED.items():
                self.holdings[owner, product].capacity = units

    def buy(self, owner, product, steps, period):
        """Note steps bought in `period`."""
        self.holdings[owner, product].capacity += steps * STEP_UNITS[product]
        self.add(owner, after(period), STEP_LINE[product].format(steps), steps * STEP_COST[product])

    def through(self, period, only=None):
        """Return what is due by `period`, or, with `only`, what is on the invoices of that one.

        As a Counter of lines and a dict of totals.
        """
        first, last = (only, only) if only else (0, period)
        return (
            Counter({line: times for line, times in self.lines.items() if first <= line.period <= last}),
            {key: total for key, total in self._totals().items() if first <= key[1] <= last},
        )

    def _totals(self):
        """Return what each (owner, period) has to pay: a credit that is too large is carried over."""
        sums = Counter()
        for line, times in self.lines.items():
            sums[line.owner, line.period] += times * line.amount
        totals, credits = {}, Counter()
        for owner, period in sorted(sums):
            owed = sums[owner, period] + credits[owner]
            totals[owner, period] = max(owed, Decimal(0))
            credits[owner] = min(owed, Decimal(0))
        return totals


def flat_rate_line(period):
    """What the line for the flat rate of a month says."""
    return f"Private messages, {calendar.month_name[period % 100]} {period // 100}"


def after(period):
    """The period that follows."""
    return period + 1 if period % 100 < 12 else period + 89
