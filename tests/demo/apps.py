from django.apps import AppConfig

from genbilling.signals import account_expired, credit_card_error, invoice_sent, low_capacity

from .receivers import handle_account_expired, handle_errors, handle_invoice_sent, handle_low_capacity


class DemoConfig(AppConfig):
    name = "tests.demo"

    def ready(self):
        credit_card_error.connect(handle_errors)
        invoice_sent.connect(handle_invoice_sent)
        low_capacity.connect(handle_low_capacity)
        account_expired.connect(handle_account_expired)
