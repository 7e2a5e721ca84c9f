"""Plain functions that make what a test needs, through the interface wherever there is one."""

from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from io import StringIO
from itertools import count
from zoneinfo import ZoneInfo

import time_machine
from braintree.test.nonces import Nonces
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError

from genbilling import interface
from genbilling.models import Invoice, InvoiceItem
from genbilling.signals import account_expired, credit_card_error, invoice_sent, low_capacity

GOOD_CARD = Nonces.Transactable
names = count(1)


def at(moment, zone="America/New_York"):
    """Be at `moment` ("2026-11-05" is noon of that day) in the project's time zone, until told otherwise.

    A context manager; the clock goes on from there.
    """
    text = moment if " " in moment else f"{moment} 12:00"
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)), tick=True)


def product(name="PLAN", **changes):
    """A product dict; money as strings."""
    return {
        "name": name,
        "description": f"The {name.lower()}",
        "flat_rate": "10.00",
        "initial_step": 100,
        "step_cost": "5.00",
        "step": 50,
    } | changes


def declare(settings, *products, **options):
    """Declare `products` instead of the test project's own, and set `options` of GENBILLING."""
    settings.GENBILLING = {**settings.GENBILLING, "PRODUCTS": list(products), **options}


def a_user(name=None):
    name = name or f"user{next(names)}"
    return get_user_model().objects.create_user(name, f"{name}@example.com", "secret")


def an_owner(*products, card=None, trial=False, name=None):
    """A user with an account, `products` by name, and the card behind the nonce `card`."""
    user = a_user(name)
    interface.new_account(user, trial=trial)
    if card:
        interface.save_card(user, card)
    for product_name in products:
        interface.add_product_to_account(product_name, user)
    return user


def invoice_of(user, period):
    return Invoice.objects.get(account=user.genbilling_account, period=period)


def invoices_of(user):
    return list(Invoice.objects.filter(account=user.genbilling_account).order_by("period"))


def lines(invoice):
    """What stands on an invoice: (description, amount) in their order."""
    return [(item.description, item.amount) for item in invoice.related_items.order_by("pk")]


def amounts(invoice):
    return [item.amount for item in invoice.related_items.order_by("pk")]


def credit(user, amount, period, description="Credit"):
    """Put a credit (a negative item) on the user's open invoice of `period`, which is opened if need be."""
    invoice, _ = Invoice.objects.get_or_create(account=user.genbilling_account, period=period)
    InvoiceItem(invoice=invoice, description=description, amount=-Decimal(amount)).save()
    return invoice


def run(command, *arguments, **options):
    """Run a management command and return its last line; a command that exits with 1 raises CommandError."""
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue().splitlines()[-1]


def run_failing(command, *arguments, **options):
    """Run a management command that must exit with 1, and return all that it said."""
    out, err = StringIO(), StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=err, **options)
    except CommandError as error:
        return f"{out.getvalue()}{err.getvalue()}{error}"
    raise AssertionError(f"{command} succeeded: {out.getvalue()}")


def turn_the_month(**options):
    """What cron runs on the first, in its order; returns the last lines."""
    return [
        run(command, **options)
        for command in ("dispatch_invoices", "create_invoices", "reset_products", "restore_products")
    ]


class Heard(list):
    """The signals that arrived, in their order: (name, the receiver's arguments)."""

    def named(self, name):
        return [arguments for heard, arguments in self if heard == name]


@contextmanager
def hearing():
    """Note every signal of genbilling that is sent inside the block."""
    heard = Heard()
    receivers = []
    signals = {
        "credit_card_error": credit_card_error,
        "invoice_sent": invoice_sent,
        "low_capacity": low_capacity,
        "account_expired": account_expired,
    }
    for name, signal in signals.items():

        def receiver(sender, signal, name=name, **arguments):
            heard.append((name, arguments))

        signal.connect(receiver, weak=False)
        receivers.append((signal, receiver))
    try:
        yield heard
    finally:
        for signal, receiver in receivers:
            signal.disconnect(receiver)
