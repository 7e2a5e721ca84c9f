"""A sale that fits nothing in the books, acknowledged from the admin."""

from __future__ import annotations

from typing import Any

from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import interface
from ..forms import MemoForm
from ..models import UnknownSale
from .corrections import Correction, Done


class AcknowledgeSale(Correction):
    """A sale at Braintree that somebody has dealt with."""

    name = "acknowledge"
    label = gettext_lazy("Acknowledge")
    explanation = gettext_lazy(
        "Braintree made this sale, and it fits nothing in these books: the account is not charged until it "
        "is acknowledged. Nothing is done about the money by that: refund the sale at Braintree, or give a "
        "credit for it, first. This cannot be undone."
    )
    permission = "genbilling.change_unknownsale"
    form = MemoForm

    def hindrance(self, row: UnknownSale) -> str:
        return _("This sale is acknowledged already.") if row.acknowledged_at else ""

    def facts(self, row: UnknownSale) -> list[tuple[str, Any]]:
        return [
            (_("Transaction"), row.transaction_id),
            (_("Order id"), row.order_id),
            (_("Account"), row.account or _("None in these books")),
            (_("Amount"), f"{localize(row.amount)} {row.currency}".strip()),
            (_("Status"), row.status),
            (_("Sold at"), row.sold_at),
        ]

    def carry_out(self, row: UnknownSale, operator: str, data: dict[str, Any]) -> Done:
        sale = interface.acknowledge_sale(row.transaction_id, operator=operator, **data)
        return Done(text=_("The {sale} is acknowledged.").format(sale=sale))
