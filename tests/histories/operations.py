"""What the operator does and what time does: cron's commands in any order, hours, days and months."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from genbilling.models import Account, Invoice
from tests.histories.expected import after
from tests.histories.our_books import changes, everything
from tests.histories.payments import SALE_FAULTS, PaymentsMixin, some
from tests.histories.world import COMMANDS
from tests.scenarios.faulty import status_and_words


class OperationsMixin(PaymentsMixin, RuleBasedStateMachine):
    @rule(faults=some(*SALE_FAULTS))
    def dispatch_invoices(self, faults):
        with self.world.faults(faults):
            done = self.world.run("dispatch_invoices", sound=not faults)
        self.follow_payments()
        if done:
            late = Invoice.objects.open().filter(period__lte=self.world.period)
            assert not late.exists(), f"left open: {list(late)}"

    @rule()
    def create_invoices(self):
        self.world.run("create_invoices")
        lacking = Account.objects.filter(status__in=Account.BILLABLE).exclude(
            invoices__period=after(self.world.period)
        )
        assert not lacking.exists(), f"no invoice for the next month: {list(lacking)}"

    @rule()
    def reset_products(self):
        self.world.run("reset_products")
        for owner, customer in self.customers.items():
            closed = Invoice.objects.filter(account__owner=self.people[owner], closed=True)
            for holding in customer.holdings:
                holding.reset(self.world.period, set(closed.values_list("period", flat=True)))

    @rule()
    def restore_products(self):
        self.world.run("restore_products")
        for customer in self.customers.values():
            for holding in customer.holdings:
                holding.restore(self.world.period)

    @rule(command=st.sampled_from(COMMANDS))
    def dry_run(self, command):
        before, sales = everything(), len(self.world.braintree.transactions())
        status, said = status_and_words(command, dry_run=True)
        assert status == 0, said
        assert everything() == before, f"a dry run changed {changes(before)}"
        assert len(self.world.braintree.transactions()) == sales

    @rule()
    def turn_of_the_month(self):
        self.world.turn_the_month()
        self.cron_of_the_first([])

    @rule(faults=some(*SALE_FAULTS))
    def turn_of_the_month_on_a_bad_night(self, faults):
        self.world.turn_the_month()
        self.cron_of_the_first(faults)

    @rule()
    def turn_of_a_month_in_which_nothing_runs(self):
        self.world.turn_the_month()

    @rule(faults=some(*SALE_FAULTS))
    def next_night(self, faults):
        self.world.let_pass(days=1)
        self.dispatch_invoices(faults)

    @rule(days=st.integers(0, 20), hours=st.integers(1, 23))
    def time_passes(self, days, hours):
        self.world.let_pass(days=days, hours=hours)

    def follow_payments(self):
        """Where retry days are set an account's status follows its payments: take it over."""
        if self.follows_payments:
            for owner, status in Account.objects.values_list("owner__username", "status"):
                self.customers[owner].follow_payments(status, self.world.declared, self.world.period)

    def cron_of_the_first(self, faults):
        self.dispatch_invoices(faults)
        self.create_invoices()
        self.reset_products()
        self.restore_products()
