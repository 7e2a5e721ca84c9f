"""What goes to the gateway beside dispatch: cards, charges and voids by hand, refunds; and it may break."""

from contextlib import suppress

from braintree.test.nonces import Nonces
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from genbilling import interface
from genbilling.exceptions import (
    CardRefused,
    GatewayError,
    GatewayUnusable,
    InvoicePaid,
    InvoiceVoid,
    NoCard,
    NothingToRefund,
    PaymentUnderWay,
    RefundRefused,
    RefundTooLarge,
)
from genbilling.models import Card, Charge
from tests.factories import GOOD_CARD
from tests.histories.customers import CustomersMixin, raises
from tests.histories.world import invoices_of, is_unresolved

SAID = {"operator": "anna", "memo": "why"}

SALE, SEARCH = "POST /transactions", "POST /transactions/advanced_search*"
REFUND, VOID, LOOK = "POST /transactions/*/refund", "PUT /transactions/*/void", "GET /transactions/*"
# Not done, and everybody knows; not done, or done, and nobody knows.
UNSENT = ("refuse", "connect-timeout", "401", "429")
LOST_BEFORE = ("timeout", "reset", "500", "503", "915232", "915235")
LOST_AFTER = (
    *("timeout after", "reset after", "hang-up after", "cut-off after", "500 after", "408 after"),
    *("empty after", "garbage after", "truncated after", "915233 after", "915235 after"),
)
ANSWERS = ("915230", "915231", "915231 times=1")


def about(request, *faults):
    return [f"{fault.split()[0]} {' '.join([*fault.split()[1:], request])}" for fault in faults]


def some(*faults):
    """None of the faults, one, or two that are in force together."""
    return st.lists(st.sampled_from(faults), max_size=2)


SALE_FAULTS = (
    *about(SALE, *UNSENT, *LOST_BEFORE, *LOST_AFTER, *ANSWERS, "amount amount=99.99", "timeout after nth=2"),
    *about(SALE, "decline code=2001", "decline code=2004", "decline code=2099", "decline code=fraud"),
    *about(SEARCH, "timeout", "500", "401", "garbage", "search-lag seconds=3600"),
    "refuse",
    "timeout",
)
REFUND_FAULTS = (
    *about(REFUND, *UNSENT, *LOST_BEFORE, *LOST_AFTER, *ANSWERS, "915200", "amount amount=99.99"),
    *about(VOID, *UNSENT, *LOST_BEFORE, *LOST_AFTER, *ANSWERS),
    *about(LOOK, "timeout", "refuse", "500"),
    *about(SEARCH, "timeout", "500", "search-lag seconds=3600"),
)
CARD_FAULTS = (
    *about("POST /customers", "timeout", "timeout after", "refuse"),
    *about("POST /payment_methods", "timeout", "timeout after", "refuse", "500 after", "garbage after"),
    *about("DELETE /payment_methods/*", "timeout", "timeout after", "refuse"),
)
# The bank does not take the card; or how it answers the card's sales: always well, not now, never again, ask
# the owner, a failing network.
CARDS = ("good", "2001", "2004", "2099", "3000", "refused")


class PaymentsMixin(CustomersMixin, RuleBasedStateMachine):
    """Needs `self.past` besides."""

    declining = False
    """Whether there are cards that the bank declines."""

    @rule(owner=CustomersMixin.owners, card=st.sampled_from(CARDS), faults=some(*CARD_FAULTS))
    def save_card(self, owner, card, faults):
        if card == "refused":
            with raises(CardRefused):
                interface.save_card(self.people[owner], Nonces.ProcessorDeclinedVisa)
            return
        with self.world.faults(faults), suppress(*([GatewayError] if faults else [])):
            saved = interface.save_card(self.people[owner], GOOD_CARD)
            if card != "good":
                self.world.braintree.decline(saved, card)
                self.declining = True

    @rule(owner=CustomersMixin.owners, faults=some(*CARD_FAULTS))
    def remove_card(self, owner, faults):
        cards = Card.objects.filter(account__owner=self.people[owner], state=Card.State.CURRENT)
        missing = None if cards.exists() else NoCard
        with self.world.faults(faults), suppress(*([GatewayError] if faults else [])), raises(missing):
            interface.remove_card(self.people[owner])

    @rule()
    @precondition(lambda self: self.declining)
    def every_card_is_good_again(self):
        self.declining = False
        self.world.braintree.faults.clear()

    @precondition(lambda self: self.past.closed)
    @rule(
        owner=CustomersMixin.owners,
        which=st.integers(0, 3),
        force=st.booleans(),
        faults=some(*SALE_FAULTS),
    )
    def send_payment(self, owner, which, force, faults):
        if invoice := self.an_invoice_of(owner, which):
            refusal, unsure = InvoiceVoid if invoice.void else None, self.gateway_errors(faults)
            with self.world.faults(faults), suppress(*unsure), raises(refusal):
                invoice.send_payment(force=force)
            self.follow_payments()

    @precondition(lambda self: self.past.closed)
    @rule(owner=CustomersMixin.owners, which=st.integers(0, 3), faults=some(*SALE_FAULTS))
    def void_invoice(self, owner, which, faults):
        if invoice := self.an_invoice_of(owner, which):
            refusal = InvoiceVoid if invoice.void else InvoicePaid if invoice.paid else None
            unsure = (PaymentUnderWay, InvoicePaid, GatewayUnusable) if is_unresolved() else ()
            with self.world.faults(faults), suppress(*unsure), raises(refusal):
                interface.void_invoice(invoice, **SAID)
            self.follow_payments()

    @precondition(lambda self: self.past.charged)
    @rule(
        owner=CustomersMixin.owners,
        which=st.integers(0, 3),
        amount=st.sampled_from([None, "1.00", "99.00"]),
        faults=some(*REFUND_FAULTS),
    )
    def refund_charge(self, owner, which, amount, faults):
        paid = Charge.objects.filter(state="paid", invoice__account__owner=self.people[owner])
        if charges := list(paid.order_by("-pk")):
            charge = charges[which % len(charges)]
            refusals = (NothingToRefund, RefundTooLarge, RefundRefused, *self.gateway_errors(faults))
            unsure = (PaymentUnderWay,) if is_unresolved() else ()
            with self.world.faults(faults), suppress(*refusals, *unsure):
                interface.refund_charge(charge, amount, **SAID)

    def an_invoice_of(self, owner, which):
        invoices = invoices_of(self.people[owner])
        return invoices[which % len(invoices)] if invoices else None

    def gateway_errors(self, faults):
        return (GatewayUnusable,) if faults else ()
