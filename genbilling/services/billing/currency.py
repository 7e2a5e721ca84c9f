"""The currency of the books beside the one that the merchant account charges in.

Amounts that are sent name none: the merchant account decides what is taken.
"""

from __future__ import annotations

import time

from ... import conf, money
from ...exceptions import BadSetting, GatewayBusy
from ...gateway import PaymentService
from ...models import Charge, Invoice
from . import pressure


def check(service: PaymentService) -> None:
    """Make sure that the merchant account charges in ``GENBILLING["CURRENCY"]``; asked once in a process.

    Raises:
        BadSetting: it charges in another currency.
        GatewayUnusable, GatewayUncertain: the gateway did not answer.
    """
    ours, account = conf.currency(), conf.merchant_account_id()
    theirs = _ask(service, account)
    # Where Braintree does not say, the first answer to a sale does.
    if theirs not in ("", ours):
        which = f"The merchant account {account!r}" if account else "The default merchant account"
        raise BadSetting(
            f'{which} charges in {theirs}, and GENBILLING["CURRENCY"] is {ours!r}: nothing is closed or '
            f"charged. Set it to {theirs!r}, if the prices are meant so, or name an account in {ours} in "
            'GENBILLING["MERCHANT_ACCOUNT_ID"].'
        )


def is_ours(invoice: Invoice) -> bool:
    """Return whether `invoice` is in ``GENBILLING["CURRENCY"]``; older ones do not say, and may be."""
    ours = conf.currency()
    return invoice.currency == ours or (not invoice.currency and money.fits(invoice.get_total_amount(), ours))


def taken_in_another(charge: Charge) -> str:
    """Return, in words, that a paid charge took another currency than its invoice's; empty: it did not."""
    owed = charge.invoice.currency or conf.currency()
    if charge.state != Charge.State.PAID or charge.currency in ("", owed):
        return ""
    return (
        f"Transaction {charge.transaction_id} took {charge.currency}, and the invoice is in {owed}: check "
        'GENBILLING["CURRENCY"] and GENBILLING["MERCHANT_ACCOUNT_ID"], and refund it.'
    )


def _ask(service: PaymentService, account: str) -> str:
    for times in range(pressure.MOST_BUSY):
        try:
            return service.currency(account)
        except GatewayBusy:
            time.sleep(pressure.PAUSE_SECONDS * 2**times)
    return service.currency(account)
