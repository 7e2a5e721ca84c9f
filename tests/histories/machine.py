"""The state machine: histories of accounts, and what must hold after each of their steps."""

import sys
from collections import Counter

from hypothesis.stateful import RuleBasedStateMachine, invariant

from genbilling import interface
from genbilling.services.audit import audit
from tests.factories import GOOD_CARD
from tests.histories import gateway_books, our_books
from tests.histories.operations import OperationsMixin
from tests.histories.our_books import changes, everything
from tests.histories.world import World, is_unresolved

# More than a key is used for, and than a search is given time.
NIGHTS = 10


class BillingHistory(OperationsMixin, RuleBasedStateMachine):
    """One history: any verb, any command, any fault, in any order."""

    def __init__(self, braintree, retry_days):
        super().__init__()
        self.world, self.past = World(braintree, retry_days), our_books.Past()

    def teardown(self):
        try:
            # A history that was broken off has nothing to say about how it would have ended.
            if self.customers and sys.exc_info()[0] is None:
                self.all_ends_well()
        finally:
            self.world.end()

    @invariant()
    def the_books_are_right(self):
        # What no step wrote to is as right as it was. Before the cards are asked something is always written.
        if self.world.was_written():
            self.look_at_the_books()
        # Two steps are never at the same moment.
        self.world.let_pass(minutes=1)

    def look_at_the_books(self):
        assert list(audit(Counter())) == []
        our_books.compare_statuses(self.customers)
        our_books.compare_units(self.customers)
        our_books.compare_lines(self.customers)
        self.past.stays()
        gateway_books.compare(self.world.braintree)

    def all_ends_well(self):
        """With every fault gone and good cards, all that is owed is paid, once; a month later, too."""
        self.world.braintree.faults.clear()
        # Within a day no saving helps a number that was declined for good a second time.
        self.world.let_pass(days=1, minutes=1)
        for owner in self.customers:
            interface.save_card(self.people[owner], GOOD_CARD)
        self.dispatch_until_nothing_is_left()
        self.turn_of_the_month([])
        self.dispatch_until_nothing_is_left()

    def dispatch_until_nothing_is_left(self):
        for _ in range(NIGHTS):
            # Each run leaves a row.
            before = everything(but=["Run"])
            self.dispatch_invoices_in_the_next_night([])
            self.look_at_the_books()
            if everything(but=["Run"]) == before:
                break
        else:
            raise AssertionError(f"there is no end to it; the last night changed {changes(before)}")
        assert not is_unresolved()
        our_books.everything_owed_is_settled(self.customers, self.world.period)
