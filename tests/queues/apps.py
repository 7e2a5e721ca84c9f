"""The project's receivers: in the workers, they write down what they hear."""

import os

from django.apps import AppConfig
from django.conf import settings

from genbilling.signals import credit_card_error, invoice_sent


class QueuesConfig(AppConfig):
    name = "tests.queues"

    def ready(self):
        if settings.GENBILLING_TEST_HEARD:
            listen(settings.GENBILLING_TEST_HEARD)


def listen(file):
    """Write each signal about a payment into `file`, a line each."""
    # One write each: processes that write beside each other, or die, leave whole lines.
    heard = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def on_sent(invoice, **kwargs):
        os.write(heard, f"invoice_sent {invoice.pk}\n".encode())

    def on_error(invoice, charge, **kwargs):
        os.write(heard, f"credit_card_error {invoice.pk} {charge.pk if charge else '-'}\n".encode())

    invoice_sent.connect(on_sent, weak=False)
    credit_card_error.connect(on_error, weak=False)
