"""What the project is told. A real one would send mail here; this one prints a line."""

from .paper import signal


def handle_errors(invoice, charge, owner, **kwargs):
    if not charge:
        signal("credit_card_error", owner, f"invoice {invoice.number} has no card to charge", "red")
        return
    answer = f"{charge.response_code} {charge.response_text}"
    signal("credit_card_error", owner, f"invoice {invoice.number} of {charge.amount}: {answer}", "red")
    # Allowed here, and no loop: right after a refusal it leaves the invoice for a later dispatch.
    invoice.send_payment()


def handle_invoice_sent(invoice, owner, **kwargs):
    signal("invoice_sent", owner, f"invoice {invoice.number} of {invoice.total} is paid", "green")


def handle_low_capacity(product, owner, remaining, **kwargs):
    signal("low_capacity", owner, f"{remaining} of {product.capacity} {product.name} left", "yellow")


def handle_account_expired(account, owner, **kwargs):
    signal("account_expired", owner, "the retry days are used up: no access until it is paid", "red")
