"""The books: accounts and cards, products and steps, invoices and items, charges and refunds, runs."""

from . import order_ids
from .accounts import Account, AccountUser, Card
from .charges import Charge
from .handled import HandledPeriod
from .installations import Installation, UnknownSale
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
    "Installation",
    "Invoice",
    "InvoiceItem",
    "InvoiceNumber",
    "Product",
    "Refund",
    "Remaining",
    "RestoreMoment",
    "Run",
    "Step",
    "UnknownSale",
    "order_ids",
]
