"""The receivers of the original's documentation as they stand there, its dots filled in; and a run with them.

A process of its own: the first one's logging call is malformed, which a test runner would not let pass.
"""

import json
import logging

import django

if __name__ == "__main__":
    django.setup()

from django.core import mail
from django.test.utils import setup_test_environment

from genbilling.models import Charge
from genbilling.signals import credit_card_error, invoice_sent
from tests.factories import GOOD_CARD, an_owner, at, run


def handle_errors(invoice, charge, owner, **kwargs):
    if not charge:
        pass
        # The user does not have a CC# number attached and charge never went through
    else:
        logging.error("%s error charging with message. %s", (owner, charge.message))
        # Notify the user how ever you want. Email, django message, etc...

        # Make sure set up recharge attempt using
        invoice.send_payment()
        # would suggest capturing invoice for a retry later.
        # if fails will call this handler. It might end up in endless loop.


def handle_invoice_sent(invoice, owner, **kwargs):
    """here you can send email, save a flag or anything to notify user invoice was sent and paid"""
    from django.core.mail import send_mail  # noqa: PLC0415 - as documented

    send_mail(
        "your invoice was sent",
        "Thank you for useing our product",
        "from@you.com",
        [owner.email],
        fail_silently=False,
    )


class Messages(logging.Handler):
    """Keeps what genbilling logs."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def emit(self, record):
        self.kept.append(record.getMessage())


def main():
    setup_test_environment()
    messages = Messages()
    logger = logging.getLogger("genbilling")
    logger.addHandler(messages)
    logger.setLevel(logging.INFO)
    credit_card_error.connect(handle_errors)
    invoice_sent.connect(handle_invoice_sent)
    with at("2026-09-10"):
        payer, declined = an_owner("PLAN", card=GOOD_CARD), an_owner("SOFT", card=GOOD_CARD)
        an_owner("PLAN")
    tries = []
    for day in ("2026-10-01", "2026-10-02"):
        with at(day):
            run("dispatch_invoices")
        tries.append(Charge.objects.filter(invoice__account__owner=declined).count())
    result = {
        "mails": [message.to for message in mail.outbox],
        "payer": payer.email,
        "tries": tries,
        "not tried": [message for message in messages.kept if "was not tried" in message],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
