"""A small world of customers, and what they do in a month; what they owe for it goes into the notes."""

from contextlib import suppress
from decimal import Decimal

from braintree.test.nonces import Nonces

from genbilling import interface
from genbilling.exceptions import GatewayUncertain
from genbilling.models import Invoice, InvoiceItem
from genbilling.sandbox import Fault, Sandbox
from tests.crash.notes import MSG, STAFF, Notes, after
from tests.factories import GOOD_CARD, an_owner, credit

GOOD = ("anna", "ben", "cleo", "dora", "emil", "finn")
DECLINED = ("gina", "hugo")
CARDLESS = ("ines",)
CHANGING = "jack"
CREDITED = "kate"
CREDIT = Decimal("40.00")


class World:
    """Most have a good card and buy; one has credits; the cards of some fail, or are none, until mended."""

    def __init__(self, books, rng):
        self.notes = Notes()
        self._books = books
        self._rng = rng
        self._users = {}

    def begin(self, period):
        """Let everybody sign up in `period`."""
        for name in (*GOOD, *DECLINED, *CARDLESS, CHANGING, CREDITED):
            self._users[name] = an_owner(MSG, STAFF, card=GOOD_CARD, name=name)
            self.notes.add_owner(name, period)
        self.live(period)

    def turn(self, period):
        """Begin the month `period`: some cards are refused from now on, or leave while the vault is closed."""
        self.notes.turn(period)
        with Sandbox(self._books) as sandbox:
            for name in DECLINED:
                card = self._users[name].genbilling_account.cards.get(state="current")
                sandbox.faults.add(Fault("decline", code="2001", token=card.token))
            # What leaves now is for the next dispatch to take out of the vault.
            with sandbox.fault("status", status=503, verb="DELETE"):
                interface.save_card(self._users[CHANGING], Nonces.TransactableMasterCard)
                for name in CARDLESS:
                    with suppress(GatewayUncertain):
                        interface.remove_card(self._users[name])

    def mend_cards(self):
        """Let everybody who could not pay bring a good card."""
        for name in (*DECLINED, *CARDLESS):
            interface.save_card(self._users[name], GOOD_CARD)
        with Sandbox(self._books) as sandbox:
            sandbox.faults.clear()

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

    def _use(self, name, product, units):
        holding = self.notes.holdings[name, product]
        if units <= holding.capacity - holding.used:
            interface.use_product(product, self._users[name], units)
            holding.used += units

    def _put_on(self, name, period, description, amount):
        invoice = Invoice.objects.get(account=self._users[name].genbilling_account, period=period)
        InvoiceItem(invoice=invoice, description=description, amount=Decimal(amount)).save()
        self.notes.add(name, period, description, amount)
