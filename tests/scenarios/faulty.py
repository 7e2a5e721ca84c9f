"""What the fault matrix is of: one bill of 20.00, dispatches that meet faults, how things stand after each.

A fault is a line as on the sandbox's command line ("503 after"). It is about the sale, after the word
"search" about the search for it, and after "check" about the check before a run.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO

from django.core.management import call_command
from django.core.management.base import CommandError

from genbilling.models import Charge, Invoice, InvoiceItem
from genbilling.sandbox import Fault
from genbilling.testing import Braintree
from tests.factories import GOOD_CARD, Heard, an_owner, at

PERIOD = 202610
BILL = "20.00"

NOON = "2026-10-01 12:00"
AN_HOUR_LATER = "2026-10-01 13:00"
A_WEEK_AND_A_DAY_LATER = "2026-10-09 13:00"
MUCH_LATER = "2026-10-25 02:00"
# For longer than any key is used and any search is given time.
NIGHTS = 10

SALE = "POST /transactions"
SEARCH = "POST /transactions/advanced_search*"


@dataclass(frozen=True, kw_only=True)
class Stands:
    """How things stand after a dispatch; words and amounts in their order, with a space between."""

    exit: int
    charges: str
    """The states of the invoice's charges."""
    invoice: str
    """Its flags that are set: of sent, paid, failed, pending."""
    sales: str
    """What the gateway took, by its own books: one amount for each sale with money."""
    heard: str = ""
    """The signals, since the beginning."""


# What a dispatch makes of it when no gateway breaks.
PAID = Stands(exit=0, charges="paid", invoice="sent paid", sales=BILL, heard="invoice_sent")
# The invoice is untouched.
NOTHING_SENT = Stands(exit=1, charges="not_sent", invoice="", sales="")
# The charge stays pending: it blocks every other one.
UNKNOWN = Stands(exit=1, charges="pending", invoice="sent pending", sales="")
UNKNOWN_BUT_CHARGED = Stands(exit=1, charges="pending", invoice="sent pending", sales=BILL)
REFUSED = Stands(exit=0, charges="refused", invoice="sent failed", sales="", heard="credit_card_error")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the matrix: the faults that a dispatch meets, and how things stand then and in the end."""

    faults: tuple[str, ...]
    met: Stands
    ends: Stands = PAID
    # How many dispatches without a fault it takes: one an hour later, then one every night.
    ends_after: int = 1
    # What the dispatch says, or the charge's message.
    says: str = ""
    # For a row about a lost answer: how it was lost, and when the next dispatch is.
    first: str = ""
    again: str = AN_HOUR_LATER

    def __str__(self):
        faults = " + ".join(self.faults) or "no fault"
        day = "" if self.again == AN_HOUR_LATER else " a week and a day later"
        return f"{self.first}, then {faults}{day}" if self.first else faults


def each(*faults, **row):
    """A row for each of the faults, alike in all else."""
    return [Row(faults=(fault,), **row) for fault in faults]


@dataclass(kw_only=True)
class World:
    """An owner with a card, an invoice of 20.00 that is due, and all that was heard and said about it."""

    user: object
    braintree: Braintree
    heard: Heard
    said: str = ""
    invoice: Invoice = field(init=False)

    def __post_init__(self):
        self.invoice = Invoice.objects.create(account=self.user.genbilling_account, period=PERIOD)
        InvoiceItem(invoice=self.invoice, description="Work", amount=BILL).save()

    def dispatch(self, moment, *faults):
        """Run dispatch_invoices at that moment, with the faults in force; return how things stand then."""
        with ExitStack() as stack:
            stack.enter_context(at(moment))
            for text in faults:
                stack.callback(self.braintree.faults.add(a_fault(text)).remove)
            status, words = status_and_words("dispatch_invoices")
        self.said = "\n".join([words, *self.charges().values_list("message", flat=True)])
        return self.stands(status)

    def recover(self, after, *faults):
        """Dispatch an hour after that moment and then every night, until nothing is left undone.

        Returns how many dispatches it took, or None if all were in vain, and how things stand.
        """
        for number, moment in enumerate(dispatches(after), start=1):
            stands = self.dispatch(moment, *faults)
            if stands.exit == 0:
                return number, stands
        return None, stands

    def stands(self, status):
        self.invoice.refresh_from_db()
        flags = {name: getattr(self.invoice, name) for name in ("sent", "paid", "failed")}
        flags["pending"] = self.invoice.pending_charge_id is not None
        return Stands(
            exit=status,
            charges=" ".join(self.charges().values_list("state", flat=True)),
            invoice=" ".join(name for name, is_set in flags.items() if is_set),
            sales=" ".join(str(sale.amount) for sale in self.braintree.charged_to(self.user)),
            heard=" ".join(name for name, _ in self.heard),
        )

    def charges(self):
        return Charge.objects.filter(invoice=self.invoice).order_by("pk")

    def paid_and_sold(self):
        """The order ids that our books say were paid, and those that the gateway's say it took money for."""
        paid = [charge.order_id for charge in self.charges() if charge.state == Charge.State.PAID]
        return paid, [sale.order_id for sale in self.braintree.charged_to(self.user)]


def a_fault(text):
    about, _, effect = text.partition(" ")
    # The search for a sale is for its whole order id, the check before a run for what all of them begin with.
    paths = {"search": f"{SEARCH} order_id=genbilling-*", "check": SEARCH}
    return Fault.from_text(f"{effect} {paths[about]}" if about in paths else f"{text} {SALE}")


def dispatches(after):
    """The moments of the dispatches after that one: an hour later, then every night."""
    moment = datetime.fromisoformat(after)
    # Each a minute later than the one before, so that a day has passed between them.
    nights = [moment.replace(hour=2) + day * timedelta(days=1, minutes=1) for day in range(1, NIGHTS + 1)]
    return [str(one) for one in (moment + timedelta(hours=1), *nights)]


def a_due_bill(braintree, heard):
    with at("2026-09-10"):
        return World(user=an_owner(card=GOOD_CARD), braintree=braintree, heard=heard)


def status_and_words(command, **options):
    """Run a management command; return its exit status, and all that it said."""
    out = StringIO()
    try:
        call_command(command, stdout=out, stderr=out, **options)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()
