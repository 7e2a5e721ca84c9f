"""What the operator does and what time does: cron's commands in any order, hours, days and months."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from genbilling.models import Account, Invoice
from tests.histories.expected import after
from tests.histories.our_books import changes, everything, is_a_credit_that_waits
from tests.histories.payments import SALE_FAULTS, PaymentsMixin, some
from tests.scenarios.faulty import status_and_words

# What cron runs after dispatch, every day.
AFTER_DISPATCH = ("create_invoices", "reset_products", "restore_products")


class OperationsMixin(PaymentsMixin, RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.restored = set()
        """The periods that a run found something periodic in."""

    @rule(faults=some(*SALE_FAULTS))
    def dispatch_invoices(self, faults, ahead=False):
        with self.world.faults(faults):
            done = self.world.run("dispatch_invoices", sound=not faults, ahead=ahead)
        for owner, customer in self.customers.items():
            closed = Invoice.objects.filter(account__owner=self.people[owner], closed=True)
            customer.closed = set(closed.values_list("period", flat=True))
        self.follow_payments()
        if done:
            period = after(self.world.period) if ahead else self.world.period
            late = Invoice.objects.open().filter(period__lte=period)
            left = [invoice for invoice in late if not is_a_credit_that_waits(invoice)]
            assert not left, f"left open: {left}"

    @rule()
    def create_invoices_ahead(self):
        self.world.run("create_invoices", ahead=True)
        self.invoices_are_there(after(self.world.period))
        self.invoices_are_there(after(after(self.world.period)))

    @rule(faults=some(*SALE_FAULTS))
    def dispatch_invoices_in_the_next_night(self, faults):
        self.world.let_pass(days=1)
        self.dispatch_invoices(faults)

    @rule(command=st.sampled_from(AFTER_DISPATCH))
    def run_command_after_dispatch(self, command):
        self.world.run(command)
        if command == "create_invoices":
            self.invoices_are_there(after(self.world.period))
        elif command == "reset_products":
            self.reset()
        elif self.world.period not in self.restored:
            self.restore()

    @rule()
    def restore_products_by_force(self):
        self.world.run("restore_products", force=True)
        self.restore()

    @rule(faults=some(*SALE_FAULTS))
    def cron_runs_in_the_next_night(self, faults):
        self.dispatch_invoices_in_the_next_night(faults)
        for command in AFTER_DISPATCH:
            self.run_command_after_dispatch(command)

    def invoices_are_there(self, period):
        lacking = Account.objects.filter(status__in=Account.BILLABLE).exclude(invoices__period=period)
        assert not lacking.exists(), f"no invoice for {period}: {list(lacking)}"

    def reset(self):
        for customer in self.customers.values():
            for holding in customer.holdings:
                holding.reset(self.world.period, customer.closed)

    def restore(self):
        """All that there is by now; by a later run of the same period nothing, but by force."""
        holdings = [one for customer in self.customers.values() for one in customer.holdings]
        for holding in holdings:
            if holding.restored_in(self.world.period):
                holding.used = 0
                self.restored.add(self.world.period)

    @rule(command=st.sampled_from(["dispatch_invoices", *AFTER_DISPATCH]))
    def dry_run(self, command):
        before, sales = everything(), len(self.world.braintree.transactions())
        status, said = status_and_words(command, dry_run=True)
        assert status == 0, said
        assert everything() == before, f"a dry run changed {changes(before)}"
        assert len(self.world.braintree.transactions()) == sales

    @rule(faults=some(*SALE_FAULTS))
    def turn_of_the_month(self, faults):
        self.world.turn_the_month()
        self.dispatch_invoices(faults)
        for command in AFTER_DISPATCH:
            self.run_command_after_dispatch(command)

    @rule()
    def turn_of_a_month_in_which_nothing_runs(self):
        self.world.turn_the_month()

    @rule(days=st.integers(0, 20), hours=st.integers(1, 23))
    def time_passes(self, days, hours):
        self.world.let_pass(days=days, hours=hours)

    def follow_payments(self):
        """Where retry days are set an account's status follows its payments: take it over."""
        if self.world.retry_days:
            for owner, status in Account.objects.values_list("owner__username", "status"):
                self.customers[owner].follow_payments(status, self.world.declared, self.world.period)
