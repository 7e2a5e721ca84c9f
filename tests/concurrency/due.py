"""Owners with invoices that are due, and what the gateway's own books say about them afterwards."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from decimal import Decimal
from itertools import pairwise
from threading import Event

import braintree
from django.conf import settings
from django.db import connections

from genbilling.models import Account, Charge, Invoice, InvoiceItem
from genbilling.sandbox import Sandbox, http_strategy
from tests.concurrency.crowd import PATIENCE, until_waiting
from tests.concurrency.processes import all_at_the_gate
from tests.factories import GOOD_CARD, an_owner, at, run

OCTOBER, NOVEMBER = 202610, 202611
FLAT_RATE = Decimal("9.99")
LATE_SECONDS = 3
# On October's invoice stands September's flat rate, charged when the product was added, and October's.
BILL = 2 * FLAT_RATE


def owners(number, *products, card=GOOD_CARD, since="2026-09-10"):
    """So many owners of `products` since that day, whose invoices of the next month are open."""
    with at(since):
        made = [an_owner(*products, card=card) for _ in range(number)]
        run("create_invoices")
    return made


def put_on(user, period, amount, description="By the way"):
    """Put an item on the user's invoice of `period`, which is opened if need be."""
    invoice, _ = Invoice.objects.get_or_create(account=user.genbilling_account, period=period)
    item = InvoiceItem(invoice=invoice, description=description, amount=Decimal(amount))
    item.save()
    return item


def sales(books):
    """Every sale in `books`, the embedded gateway's file, found by the SDK's search."""
    with Sandbox(books) as sandbox:
        gateway = braintree.BraintreeGateway(
            braintree.Configuration(
                braintree.Environment.Development,
                merchant_id=settings.BRAINTREE_MERCHANT_ID,
                public_key=settings.BRAINTREE_PUBLIC_KEY,
                private_key=settings.BRAINTREE_PRIVATE_KEY,
                http_strategy=http_strategy(sandbox),
            )
        )
        found = gateway.transaction.search(
            braintree.TransactionSearch.type == braintree.Transaction.Type.Sale
        )
        return list(found.items)


@contextmanager
def the_gateway_does_not_answer(books, runs=1):
    """Hold the gateway's books, so that a sale that was sent waits for its answer.

    Not before so many `runs` were told that there is no sale which ours do not know: they stand still then.
    """
    held = sqlite3.connect(books, isolation_level=None, timeout=30, check_same_thread=False)
    with closing(held), ThreadPoolExecutor(1) as pool:
        at_the_gate = Event()
        holding = pool.submit(_hold, held, runs, at_the_gate)
        assert at_the_gate.wait(PATIENCE)
        yield
        holding.result()
        held.execute("ROLLBACK")


def _hold(held, runs, at_the_gate):
    try:
        # Cards are first looked at when the first are claimed.
        with all_at_the_gate(runs, "genbilling_card"):
            at_the_gate.set()
            until_waiting(runs)
            # Before they go on.
            held.execute("BEGIN IMMEDIATE")
    finally:
        connections.close_all()


def pending():
    return Charge.objects.filter(state=Charge.State.PENDING)


def paid_sales(books):
    return [sale for sale in sales(books) if sale.status == "submitted_for_settlement"]


def paid_by_customer(books):
    """How many sales took money, by the gateway's customer."""
    return Counter(sale.customer_details.id for sale in paid_sales(books))


def assert_each_paid_once(books, invoices):
    """The gateway took the money of each of `invoices` once, to the cent, and our books say so."""
    invoices = list(invoices.select_related("account", "paying_charge"))
    paid = paid_sales(books)
    assert [invoice for invoice in invoices if not invoice.paid] == []
    assert Counter(sale.order_id for sale in paid) == Counter(
        invoice.paying_charge.order_id for invoice in invoices
    )
    assert sorted((sale.customer_details.id, sale.amount) for sale in paid) == sorted(
        (invoice.account.customer_id, invoice.total) for invoice in invoices
    )
    assert not pending().exists()


def assert_numbers_without_gaps():
    numbers = list(Invoice.objects.numbered().order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def assert_totals_are_sums():
    """Every closed invoice's total is what its items come to."""
    for invoice in Invoice.objects.filter(closed=True).prefetch_related("related_items"):
        assert invoice.total == sum((item.amount for item in invoice.related_items.all()), Decimal(0))


def assert_no_account_was_worked_twice_at_once():
    """Each account's charges follow each other in time, in the order of its invoices' periods."""
    for account in Account.objects.all():
        charges = list(Charge.objects.filter(invoice__account=account).order_by("created_at"))
        for earlier, later in pairwise(charges):
            assert earlier.ended_at <= later.created_at
        periods = [charge.invoice.period for charge in charges]
        assert periods == sorted(periods)
