"""The books: accounts and cards, products and steps, invoices and items, charges and refunds, runs."""

from .accounts import Account, AccountUser, Card
from .charges import Charge
from .handled import HandledPeriod
from .invoices import Invoice
from .items import InvoiceItem
from .numbers import InvoiceNumber
from .products import FormerTerms, Product, Remaining, Step
from .refunds import Refund
from .runs import RestoreMoment, Run

__all__ = [
    "Account",
    "AccountUser",
    "Card",
    "Charge",
    "FormerTerms",
    "HandledPeriod",
    "Invoice",
    "InvoiceItem",
    "InvoiceNumber",
    "Product",
    "Refund",
    "Remaining",
    "RestoreMoment",
    "Run",
    "Step",
]
