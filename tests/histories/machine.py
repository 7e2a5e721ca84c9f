"""The state machine: histories of accounts, and what must hold after each of their steps."""

import sys
from collections import Counter

from hypothesis.stateful import RuleBasedStateMachine, invariant

from genbilling import interface
from genbilling.models import Invoice
from genbilling.services.audit import audit
from tests.factories import GOOD_CARD
from tests.histories import gateway_books, our_books
from tests.histories.operations import OperationsMixin
from tests.histories.our_books import everything
from tests.histories.world import World, is_unresolved

# More than a key is used for, and than a search is given time.
NIGHTS = 10


class BillingHistory(OperationsMixin, RuleBasedStateMachine):
    """One history: any verb, any command, any fault, in any order."""

    def __init__(self, braintree, settings):
        super().__init__()
        self.world, self.past = World(braintree, settings), our_books.Past()

    def teardown(self):
        try:
            # A history that was broken off has nothing to say about how it would have ended.
            if self.customers and sys.exc_info()[0] is None:
                self.all_ends_well()
        finally:
            self.world.end()

    @invariant()
    def the_books_are_as_expected(self):
        assert list(audit(Counter())) == []
        our_books.compare_statuses(self.customers)
        our_books.compare_units(self.customers)
        our_books.compare_lines(self.customers)
        self.past.stays()
        gateway_books.compare(self.world.braintree)
        # Two steps are never at the same moment.
        self.world.let_pass(minutes=1)

    def all_ends_well(self):
        """With every fault gone and good cards, all that is owed is paid, once; a month later, too."""
        self.world.braintree.faults.clear()
        for owner in self.customers:
            interface.save_card(self.people[owner], GOOD_CARD)
        self.dispatch_nightly()
        self.world.turn_the_month()
        self.cron_of_the_first()
        self.nothing_is_left_to_do()

    def dispatch_nightly(self):
        for _ in range(NIGHTS):
            self.world.let_pass(days=1)
            self.dispatch_invoices([])
            if not is_unresolved() and not Invoice.objects.due(self.world.period).exists():
                break
        self.nothing_is_left_to_do()

    def nothing_is_left_to_do(self):
        assert not is_unresolved()
        our_books.everything_owed_is_settled(self.customers, self.world.period)
        self.the_books_are_as_expected()
        before = everything()
        assert self.world.run("dispatch_invoices")
        assert everything() == before, "a dispatch with nothing left to do changed rows"
