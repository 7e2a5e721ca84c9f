"""Before anybody is charged: do the books know all sales that the gateway made for them?"""

from __future__ import annotations

from itertools import islice

from django.utils import timezone

from ...exceptions import GatewayError, GatewayUncertain, GatewayUnusable, SaleUnknown
from ...gateway import Booked, PaymentService
from ...models import Charge, Invoice, UnknownSale
from .. import installations, unknown_sales
from ..cards import current_card
from ..reports import DispatchReport
from ..retries import Wait

NAMED = 5
State = Charge.State


def books_know_all_sales(service: PaymentService, report: DispatchReport) -> bool:
    """Return whether the books know all sales since the last check; where not, the run is stopped."""
    began, installation = timezone.now(), installations.current()
    try:
        found = list(islice(unknown_sales.find(service, installation), NAMED))
    except GatewayError as error:
        kind = GatewayUnusable if isinstance(error, GatewayUnusable) else type(error)
        report.stopped = (
            f"{kind.__name__}: {error} Nobody was charged: it could not be found out whether Braintree has "
            "sales that the books do not know."
        )
        return False
    if found:
        report.stopped = f"Nobody was charged. {_words(found)}"
        return False
    installations.bind()
    unknown_sales.completed(began)
    return True


def check_invoice(service: PaymentService, invoice: Invoice) -> None:
    """Make sure that the gateway has no sale for `invoice` that the books do not know.

    Not where the books have an answer about it already, nor where there is nothing to charge.

    Raises:
        SaleUnknown: it has one.
        GatewayUnusable: it cannot be asked now.
    """
    sent = set(invoice.charges.exclude(card_token="").values_list("state", flat=True))
    answered = sent & {State.PAID, State.REFUSED} or not current_card(invoice.account)
    if answered and State.PENDING not in sent:
        return
    installation = installations.current()
    try:
        found = unknown_sales.of_invoice(service, installation, invoice.account, invoice.period)
    except GatewayUncertain as error:
        raise GatewayUnusable(f"Nothing was sent: {error}") from error
    if found:
        raise SaleUnknown(f"The {invoice} was not charged. {_words(found)}")
    installations.bind()


def name_unknown(report: DispatchReport) -> None:
    """Name on `report` the sales for which accounts were left alone."""
    if report.waits[Wait.UNKNOWN_SALE]:
        open_ones = unknown_sales.unacknowledged().filter(account__isnull=False)
        for sale in open_ones.select_related("account__owner"):
            report.error(_waits_for(sale))


def _waits_for(sale: UnknownSale) -> str:
    return (
        f"The {sale.account} is not charged: the {sale} is not in these books, and fits nothing in them. "
        "Deal with it at Braintree, or with a credit; acknowledge_sale() ends the waiting."
    )


def _words(found: list[Booked]) -> str:
    named = ", ".join(
        f"transaction {one.outcome.transaction_id} of {one.outcome.amount} ({one.outcome.status})"
        for one in found[:NAMED]
    )
    return (
        f"Braintree has sales that the books do not know ({named}): they are older than Braintree's, as "
        "after a restored backup. Run reconcile_payments, which takes over what fits; then run this again."
    )
