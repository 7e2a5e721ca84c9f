"""What the books have to say, worked out beside them with as little as possible: plain values, no database.

A history does everything twice, to genbilling and to this, and compares. So nothing of genbilling is used
here, not even its month arithmetic.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

BILLABLE = ("active", "grace")
GOOD_STANDING = ("trial", *BILLABLE)


def after(period):
    """The month after that one, as YYYYMM."""
    return period + 1 if period % 100 < 12 else period + 89


@dataclass(frozen=True, kw_only=True)
class Terms:
    flat_rate: str
    initial_step: int
    step_cost: str
    step: int
    periodic: bool


@dataclass(kw_only=True)
class Steps:
    """Steps bought at one time, and the period of the invoice that they are on."""

    period: int
    units: int


@dataclass(kw_only=True)
class Holding:
    """A product that an account has or had, from one sale of it on."""

    name: str
    terms: dict[int, Terms]
    """By the period from which they are valid."""
    capacity: int
    used: int = 0
    steps: list[Steps] = field(default_factory=list)
    charged_from: int | None = None
    """The period of the flat rate that was charged when it was added; on trial none is."""
    first_invoice: int | None = None
    """The period of the invoice that this was put on."""
    last: int | None = None
    """The period that it ended with."""
    removed: bool = False

    def terms_in(self, period):
        return self.terms[max(one for one in self.terms if one <= period)]

    def held_in(self, period):
        return self.last is None or self.last >= period

    def filled_in(self, invoice):
        """The periods whose flat rates dispatch puts on the invoice of that period."""
        if self.charged_from is None or invoice < self.first_invoice:
            return []
        # On the first one are those, too, whose own invoices had been dispatched ahead before it was added.
        period = after(self.charged_from) if invoice == self.first_invoice else invoice
        periods = []
        while period <= invoice:
            periods += [period] if self.held_in(period) else []
            period = after(period)
        return periods

    def billed_through(self, closed, period):
        """The last period billed, `period` at least: further by a dispatch ahead."""
        if self.charged_from is None:
            return period
        return max([period, *(one for one in closed if one >= self.first_invoice and self.held_in(one))])

    def change_terms(self, declared, period, closed):
        """From the next period on that is not billed yet, if they are other ones."""
        if self.terms[max(self.terms)] != declared:
            self.terms[after(self.billed_through(closed, period))] = declared

    def reset(self, period, closed):
        self.steps = [one for one in self.steps if one.period not in closed or one.period > period]
        self.capacity = self.terms_in(period).initial_step + sum(steps.units for steps in self.steps)

    def restored_in(self, period):
        """Whether a run of that period restores it, by what it is."""
        return self.held_in(period) and self.terms_in(period).periodic


@dataclass(kw_only=True)
class Customer:
    """An account: its status, what it has, and what was put on its invoices when it was bought."""

    status: str
    expired_unpaid: bool = False
    """By retry days that were used up, and not by hand."""
    holdings: list[Holding] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    """The periods of closed invoices: later ones than the current one, where a dispatch was ahead."""
    bought: dict[int, Counter] = field(default_factory=dict)
    """By the invoice's period: how often each (product's name or nothing, amount) is on it."""

    def held(self, name, period):
        return next((one for one in self.holdings if one.name == name and one.held_in(period)), None)

    def usable(self, name, period):
        return self.held(name, period) if self.status in GOOD_STANDING else None

    def next_invoice(self, period):
        """The period of the invoice that takes what is bought: next month's, or the first one not closed."""
        period = after(period)
        while period in self.closed:
            period = after(period)
        return period

    def put(self, name, amount, period):
        self.bought.setdefault(self.next_invoice(period), Counter())[name, amount] += 1

    def start(self, name, terms, period):
        """Have a product from now on: as it is, revived, or sold anew."""
        holding = self.held(name, period)
        if holding is None:
            holding = Holding(name=name, terms={period: terms}, capacity=terms.initial_step)
            self.holdings.append(holding)
        holding.last, holding.removed = None, False
        if holding.charged_from is None and self.status in BILLABLE:
            holding.charged_from, holding.first_invoice = period, self.next_invoice(period)
            # A flat rate of nothing is no line; steps that cost nothing are one.
            if rate := Decimal(holding.terms_in(period).flat_rate):
                self.put(name, rate, period)

    def remove(self, name, period):
        holding = self.held(name, period)
        holding.last = holding.last or holding.billed_through(self.closed, period)
        holding.removed = True

    def activate(self, declared, period):
        was_billable, self.status, self.expired_unpaid = self.status in BILLABLE, "active", False
        latest = {one.name: one for one in self.holdings}
        for name, holding in latest.items():
            if not was_billable and not holding.removed:
                self.start(name, declared[name], period)

    def end(self, status, period):
        self.status, self.expired_unpaid = status, False
        for holding in self.holdings:
            holding.last = holding.last or holding.billed_through(self.closed, period)

    def follow_payments(self, status, declared, period):
        """Take over the status that followed from payments, and what it means for the products."""
        if self.status in BILLABLE and status == "expired":
            self.end(status, period)
            self.expired_unpaid = True
        elif self.expired_unpaid and status in BILLABLE:
            self.activate(declared, period)
        assert self.status == status or {self.status, status} == set(BILLABLE)
        self.status = status

    def buy_steps(self, name, amount, period):
        holding = self.held(name, period)
        terms = holding.terms_in(period)
        holding.steps.append(Steps(period=self.next_invoice(period), units=amount * terms.step))
        holding.capacity += amount * terms.step
        self.put(name, amount * Decimal(terms.step_cost), period)
        return holding

    def on_invoice(self, period, closed):
        """What is on the invoice of `period`, credits that were carried over aside."""
        lines = Counter(self.bought.get(period, ()))
        for holding in self.holdings if closed else ():
            for one in holding.filled_in(period):
                if rate := Decimal(holding.terms_in(one).flat_rate):
                    lines[holding.name, rate] += 1
        return lines

    def periods_owed(self, period):
        """The periods up to `period` whose invoice has to have something on it."""
        first = min((one.charged_from or period for one in self.holdings), default=period)
        wanted, one = set(), min([first, *self.bought])
        while one <= period:
            if self.on_invoice(one, closed=True):
                wanted.add(one)
            one = after(one)
        return wanted
