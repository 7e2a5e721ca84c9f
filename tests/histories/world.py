"""What a history happens in: rows that are rolled back, a Braintree of its own, a clock that goes forward."""

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import time_machine
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from genbilling.models import Charge, Invoice, Refund
from genbilling.sandbox import Fault
from tests.factories import product
from tests.histories.expected import Terms
from tests.scenarios.faulty import status_and_words

ZONE = ZoneInfo("America/New_York")

# What each product may be declared as. No sum comes near 2000: the sandbox declines such amounts.
DECLARATIONS = {
    "PLAN": (
        Terms(flat_rate="10.00", initial_step=5, step_cost="2.50", step=3, periodic=True),
        Terms(flat_rate="7.35", initial_step=8, step_cost="1.99", step=2, periodic=False),
        Terms(flat_rate="0", initial_step=4, step_cost="0", step=1, periodic=True),
    ),
    "SEAT": (
        Terms(flat_rate="0", initial_step=2, step_cost="4.00", step=1, periodic=False),
        Terms(flat_rate="1.10", initial_step=0, step_cost="4.40", step=1, periodic=True),
    ),
}


class World:
    """The surroundings of one history."""

    def __init__(self, braintree, retry_days):
        self.braintree, self.retry_days = braintree, retry_days
        self.declared = {name: choices[0] for name, choices in DECLARATIONS.items()}
        self._open = ExitStack()
        self._open.enter_context(rolled_back())
        self._written = False
        self._open.enter_context(connection.execute_wrapper(self._notice))
        braintree.sandbox.reset()

    def begin(self, moment):
        """Be at that moment. The clock stands still, so that the same history always goes the same way."""
        start = datetime.fromisoformat(moment).replace(tzinfo=ZONE)
        self._traveller = self._open.enter_context(time_machine.travel(start, tick=False))
        self.declare()

    def end(self):
        self._open.close()

    def was_written(self):
        """Whether any row may have changed since this was last asked."""
        written, self._written = self._written, False
        return written

    def _notice(self, execute, sql, *arguments):
        self._written = self._written or sql.startswith(("INSERT", "UPDATE", "DELETE"))
        return execute(sql, *arguments)

    def declare(self):
        declared = [product(name, **vars(terms)) for name, terms in self.declared.items()]
        options = settings.GENBILLING | {"PRODUCTS": declared, "RETRY_DAYS": self.retry_days}
        # Not the fixture of pytest-django: that takes nothing back before the test ends.
        self._open.enter_context(override_settings(GENBILLING=options))

    @property
    def now(self):
        return datetime.now(UTC).astimezone(ZONE)

    @property
    def period(self):
        return self.now.year * 100 + self.now.month

    def let_pass(self, **span):
        self._traveller.shift(timedelta(**span))

    def turn_the_month(self):
        """Be in the night of the first of the next month."""
        first = (self.now.replace(day=28) + timedelta(days=4)).replace(day=1, hour=2, minute=0)
        self._traveller.move_to(first.astimezone(UTC))

    @contextmanager
    def faults(self, texts):
        """Those faults in force, each written as on the sandbox's command line."""
        with ExitStack() as stack:
            for text in texts:
                stack.callback(self.braintree.faults.add(Fault.from_text(text)).remove)
            yield

    def run(self, command, *, sound=True, **options):
        """Run a command; return whether all was done, as it has to be where everything is `sound`."""
        sound = sound and not is_unresolved()
        status, said = status_and_words(command, **options)
        assert status == 0 or not sound, f"{command} left something undone: {said}"
        return status == 0


def is_unresolved():
    """Whether the outcome of a charge or refund is not known yet."""
    return any(model.objects.filter(state="pending").exists() for model in (Charge, Refund))


def invoices_of(owner):
    """The invoices of the account that `owner` owns, those that are not settled first."""
    return list(Invoice.objects.filter(account__owner=owner, closed=True).order_by("paid", "void", "period"))


@contextmanager
def rolled_back():
    """Take back all that the block writes, as Django's TestCase does, and look at its foreign keys first."""
    block = transaction.atomic()
    # Django's own mark: with it `atomic(durable=True)` may begin in here.
    block._from_testcase = True
    with block:
        yield
        connection.check_constraints()
        transaction.set_rollback(True)
