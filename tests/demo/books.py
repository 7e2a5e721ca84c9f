"""Both books, read as plain values: ours from the database, Braintree's through its SDK."""

from dataclasses import dataclass, field
from decimal import Decimal

import braintree
from django.conf import settings

from genbilling.models import Account, Charge, Invoice
from genbilling.sandbox import http_strategy

from .expected import Totals

# In these Braintree has the money, or is about to get it from the bank.
COLLECTED = {"submitted_for_settlement", "settling", "settled"}


@dataclass(frozen=True)
class Sale:
    """One attempt to charge a card, as either book has it.

    Two are the same if both collected, or neither did: Braintree moves on from submitted_for_settlement to
    settled every night, and our book has the status that the charge was answered with.
    """

    order_id: str
    transaction_id: str
    amount: Decimal
    status: str = field(compare=False)
    collected: bool = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "collected", self.status in COLLECTED)

    def __str__(self):
        return f"sale {self.transaction_id} of {self.amount}, {self.status}, order {self.order_id}"


@dataclass(frozen=True)
class PaidInvoice:
    """An invoice that our book calls paid, and the order id of its sale (None: settled at zero)."""

    number: int
    total: Decimal
    order_id: str | None


def our_sales():
    # A charge without a card was never sent: it notes that there was none.
    return [
        Sale(charge.order_id, charge.transaction_id, charge.amount, charge.status)
        for charge in Charge.objects.exclude(card_token="").order_by("pk")
    ]


def our_paid_invoices():
    paid = Invoice.objects.numbered().filter(paid=True).select_related("paying_charge").order_by("number")
    return [
        PaidInvoice(invoice.number, invoice.total, getattr(invoice.paying_charge, "order_id", None))
        for invoice in paid
    ]


def our_totals():
    """Return by owner what our books come to."""
    return {
        account.owner.username: _totals(account.invoices.filter(closed=True))
        for account in Account.objects.select_related("owner").order_by("owner__username")
    }


def their_sales():
    """Return all that Braintree has, oldest first: nothing here goes through genbilling."""
    found = _braintree().transaction.search([])
    sales = [Sale(sale.order_id, sale.id, sale.amount, sale.status) for sale in found.items]
    return sales[::-1]


def _totals(closed):
    paid = sum((invoice.total for invoice in closed if invoice.paid), Decimal("0.00"))
    billed = sum((invoice.total for invoice in closed), Decimal("0.00"))
    return Totals(billed, paid, billed - paid)


def _braintree():
    return braintree.BraintreeGateway(
        braintree.Configuration(
            braintree.Environment.Development,
            merchant_id=settings.BRAINTREE_MERCHANT_ID,
            public_key=settings.BRAINTREE_PUBLIC_KEY,
            private_key=settings.BRAINTREE_PRIVATE_KEY,
            http_strategy=http_strategy(settings.GENBILLING["EMBEDDED_DB"]),
        )
    )
