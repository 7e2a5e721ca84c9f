"""A small world of customers, and what they do in a month; what they owe for it goes into the notes."""

import logging
from contextlib import contextmanager, suppress
from decimal import Decimal

from braintree.test.nonces import Nonces

from genbilling import interface
from genbilling.exceptions import GatewayUncertain
from genbilling.models import Invoice, InvoiceItem
from genbilling.sandbox import Fault, Sandbox
from tests.crash.notes import MSG, STAFF, Notes, after
from tests.factories import GOOD_CARD, an_owner, credit

GOOD = ("anna", "ben", "cleo", "dora", "emil", "finn", "gina", "hugo")
DECLINED = ("ines", "jack")
CARDLESS = ("kate",)
CHANGING = "liam"
CREDITED = "mona"
CREDIT = Decimal("40.00")
SALES = {"verb": "POST", "path": "/transactions"}


class World:
    """Most have a good card and buy; one has credits; the cards of some fail, or are none, until mended.

    `books` is the file of the gateway's books.
    """

    def __init__(self, books, rng):
        self.books = books
        self.notes = Notes()
        self._rng = rng
        self._users = {}

    def begin(self, period):
        """Let everybody sign up in `period`."""
        for name in (*GOOD, *DECLINED, *CARDLESS, CHANGING, CREDITED):
            self._users[name] = an_owner(MSG, STAFF, card=GOOD_CARD, name=name)
            self.notes.add_owner(name, period)
        self.live(period)

    def turn(self, period):
        """Begin the month `period`: some cards are refused from now on, and some answers will be lost."""
        self.notes.turn(period)
        with Sandbox(self.books) as sandbox:
            with sandbox.fault("status", status=503, verb="DELETE"), _quiet():
                self._let_cards_leave()
            for fault in self._faults():
                sandbox.faults.add(fault)

    def mend(self):
        """Let everybody who could not pay bring a good card; nothing goes wrong any more."""
        with Sandbox(self.books) as sandbox:
            sandbox.faults.clear()
        for name in (*DECLINED, *CARDLESS):
            interface.save_card(self._users[name], GOOD_CARD)

    def live(self, period):
        """Let the month go by: what is bought now comes on the next month's invoice."""
        for name in GOOD:
            self._use(name, MSG, self._rng.randrange(1, 300))
            for product in (MSG, STAFF):
                if steps := self._rng.randrange(3):
                    interface.add_step_to_product(product, self._users[name], steps)
                    self.notes.buy(name, product, steps, period)
            self._use(name, STAFF, 1)
            self._put_on(name, after(period), f"By hand in {period}", self._rng.choice(["1.00", "3.33"]))
        if period % 3 == 0:
            description = f"Credit of {period}"
            credit(self._users[CREDITED], CREDIT, after(period), description)
            self.notes.add(CREDITED, after(period), description, -CREDIT)

    def _let_cards_leave(self):
        """While the vault cannot be reached: the next dispatch has to take them out."""
        interface.save_card(self._users[CHANGING], Nonces.TransactableMasterCard)
        for name in CARDLESS:
            with suppress(GatewayUncertain):
                interface.remove_card(self._users[name])

    def _faults(self):
        for name in DECLINED:
            card = self._users[name].genbilling_account.cards.get(state="current")
            yield Fault("decline", code="2001", token=card.token)
        for when in ("before", "after"):
            yield Fault("hang-up", when=when, nth=self._rng.randrange(1, 14), times=1, **SALES)
        # A merchant without idempotency keys.
        yield Fault("code", code="915231", nth=self._rng.randrange(1, 14), times=1, **SALES)

    def _use(self, name, product, units):
        holding = self.notes.holdings[name, product]
        if units <= holding.capacity - holding.used:
            interface.use_product(product, self._users[name], units)
            holding.used += units

    def _put_on(self, name, period, description, amount):
        invoice = Invoice.objects.get(account=self._users[name].genbilling_account, period=period)
        InvoiceItem(invoice=invoice, description=description, amount=Decimal(amount)).save()
        self.notes.add(name, period, description, amount)


@contextmanager
def _quiet():
    """Keep genbilling from telling what the block lets happen on purpose."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
