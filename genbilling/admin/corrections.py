"""What an operator corrects from the admin: what is asked, what is shown before, what is said after.

The verbs are those of `genbilling.interface`; the pages are in `genbilling.admin.pages`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import interface, money, periods
from ..forms import ItemForm, MemoForm, RefundForm
from ..models import Account, Charge, Invoice, InvoiceItem, Refund
from ..services.corrections import last_manual_item, manual_items
from ..services.invoicing import next_open_invoice

# So many earlier ones stand on the page for an account's credits and debits.
EARLIER_ITEMS = 10


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of a correction: the text to show, and of which level it is."""

    text: str
    level: int = messages.SUCCESS


class Correction(ABC):
    """One kind of correction of the rows of one model."""

    name: ClassVar[str]  # in URLs
    label: ClassVar[Any]  # of the link, the page and the button
    explanation: ClassVar[Any]
    earlier_label: ClassVar[Any] = ""  # of the table of what was corrected before
    permission: ClassVar[str]
    form: ClassVar[type[forms.Form]]

    def hindrance(self, row: Any) -> str:
        """Return why it cannot be done to `row`; empty: it can."""
        return ""

    @abstractmethod
    def facts(self, row: Any) -> list[tuple[str, Any]]:
        """Return what to know before deciding; a row of the books is shown as a link."""

    def earlier(self, row: Any) -> tuple[list[Any], list[list[Any]]]:
        """Return what was corrected before: the heads of a table and its lines."""
        return [], []

    def initial(self, row: Any) -> dict[str, Any]:
        """Return what stands in the form at first."""
        return {}

    @abstractmethod
    def carry_out(self, row: Any, operator: str, data: dict[str, Any]) -> Done:
        """Do it, with what was typed in."""


class RefundCharge(Correction):
    """A paid charge given back, in part or whole."""

    name = "refund"
    label = gettext_lazy("Refund")
    explanation = gettext_lazy(
        "The money goes back to the card, and the invoice stays paid. A charge that has not settled yet is "
        "voided instead, which takes it back whole: a part can go back once it has settled, as a rule the "
        "next day."
    )
    earlier_label = gettext_lazy("Earlier refunds of this charge")
    permission = "genbilling.add_refund"
    form = RefundForm

    def hindrance(self, row: Charge) -> str:
        if row.state != Charge.State.PAID:
            return _("Nothing was paid by this charge: there is nothing to refund.")
        if _left(row) <= money.ZERO:
            return _("All of this charge went back already, or is on its way.")
        return ""

    def facts(self, row: Charge) -> list[tuple[str, Any]]:
        return [
            (_("Account"), row.invoice.account),
            (_("Invoice"), row.invoice),
            (_("Charged"), _sum(row.amount, row.currency)),
            (_("Went back already"), _sum(row.refunded(), row.currency)),
            (_("Left"), _sum(_left(row), row.currency)),
        ]

    def earlier(self, row: Charge) -> tuple[list[Any], list[list[Any]]]:
        heads = [_("Made at"), _("Amount"), _("Kind"), _("State"), _("Operator"), _("Memo"), _("Message")]
        return heads, [
            [
                refund.created_at,
                refund.amount,
                refund.get_kind_display(),
                refund.get_state_display(),
                refund.operator,
                refund.memo,
                refund.message,
            ]
            for refund in row.refunds.order_by("-pk")
        ]

    def initial(self, row: Charge) -> dict[str, Any]:
        left = Decimal(money.written(_left(row), row.currency))
        return {"amount": left, "refunded": row.refunded()}

    def carry_out(self, row: Charge, operator: str, data: dict[str, Any]) -> Done:
        refund = interface.refund_charge(row, operator=operator, **data)
        amount = _sum(refund.amount, refund.currency or row.currency)
        if refund.state == Refund.State.PENDING:
            lost = _(
                "Refund of {amount}: the gateway's answer was lost. The next dispatch finds out whether the "
                "money went back; until then nothing more of this charge can."
            )
            return Done(text=lost.format(amount=amount), level=messages.WARNING)
        if refund.kind == Refund.Kind.VOID:
            return Done(text=_("Voided before it settled: {amount} went back.").format(amount=amount))
        return Done(text=_("Refunded: {amount} is on its way back to the card.").format(amount=amount))


class EndCharge(Correction):
    """A pending charge ended that met a sale which is not its own."""

    name = "end"
    label = gettext_lazy("End")
    explanation = gettext_lazy(
        "For a charge that met a transaction with another amount or order id at Braintree, and so stays "
        "pending. Void that transaction at Braintree, or refund it there whole; then end the charge here. It "
        "counts as not sent, and the next dispatch charges the invoice again. Where what was sent is found "
        "at Braintree after all, that is written down instead."
    )
    permission = "genbilling.change_charge"
    form = MemoForm

    def hindrance(self, row: Charge) -> str:
        if row.state != Charge.State.PENDING:
            return _("What came of this charge is known: there is nothing to end.")
        return ""

    def facts(self, row: Charge) -> list[tuple[str, Any]]:
        return [
            (_("Account"), row.invoice.account),
            (_("Invoice"), row.invoice),
            (_("Amount"), _sum(row.amount, row.currency)),
            (_("Order id"), row.order_id),
            (_("Sent at"), row.created_at),
            (_("Message"), row.message),
        ]

    def carry_out(self, row: Charge, operator: str, data: dict[str, Any]) -> Done:
        charge = interface.end_charge(row, operator=operator, **data)
        if charge.state == Charge.State.NOT_SENT:
            return Done(text=_("The charge is ended: the next dispatch charges the invoice again."))
        found = _("It was found at Braintree what came of the charge: {state}.")
        return Done(text=found.format(state=charge.get_state_display()), level=messages.WARNING)


class VoidInvoice(Correction):
    """An invoice that is not to be paid any more."""

    name = "void"
    label = gettext_lazy("Void")
    explanation = gettext_lazy(
        "Nothing is owed on a void invoice any more. It keeps its number and its items, and what it billed "
        "is not billed again; a credit that stands on it goes on the open invoice. This cannot be undone."
    )
    permission = "genbilling.change_invoice"
    form = MemoForm

    def hindrance(self, row: Invoice) -> str:
        if row.void:
            return _("This invoice is void already.")
        if row.paid:
            return _("This invoice is paid: what can be done is to refund what paid it.")
        if not row.closed:
            return _("This invoice is open: a credit takes something off it.")
        return ""

    def facts(self, row: Invoice) -> list[tuple[str, Any]]:
        charge = row.charges.order_by("pk").last()
        return [
            (_("Account"), row.account),
            (_("Invoice"), row),
            (_("Amount"), _sum(row.get_total_amount(), row.currency or (charge.currency if charge else ""))),
            (_("Closed at"), row.closed_at),
            (_("Last charge"), charge),
        ]

    def carry_out(self, row: Invoice, operator: str, data: dict[str, Any]) -> Done:
        invoice = interface.void_invoice(row, operator=operator, **data)
        amount = _sum(invoice.get_total_amount(), invoice.currency)
        return Done(text=_("The invoice is void: {amount} is not owed any more.").format(amount=amount))


class AddItem(Correction):
    """A credit or a debit put on the open invoice of an account."""

    earlier_label = gettext_lazy("Latest credits and debits by hand")
    permission = "genbilling.add_invoiceitem"
    form = ItemForm

    def hindrance(self, row: Account) -> str:
        return _("This account is closed: it has no owner any more.") if row.owner_id is None else ""

    def facts(self, row: Account) -> list[tuple[str, Any]]:
        invoice = next_open_invoice(row, periods.get_current_billing_period())
        known = [(_("Account"), row), (_("Status"), row.get_status_display())]
        if invoice is None:
            return known
        return [*known, (_("Open invoice"), invoice), (_("Amount so far"), _sum(invoice.get_total_amount()))]

    def earlier(self, row: Account) -> tuple[list[Any], list[list[Any]]]:
        heads = [_("Added at"), _("Amount"), _("Period"), _("Operator"), _("Memo")]
        latest = manual_items(row).select_related("invoice")[:EARLIER_ITEMS]
        return heads, [
            [item.created_at, item.amount, str(item.invoice.period), item.operator, item.description]
            for item in latest
        ]

    def initial(self, row: Account) -> dict[str, Any]:
        return {"after": last_manual_item(row)}


class AddCredit(AddItem):
    """A credit, which takes something off."""

    name = "credit"
    label = gettext_lazy("Add credit")
    explanation = gettext_lazy(
        "A credit takes something off the account's open invoice; what is above the bill is carried over. "
        "The memo stands on the invoice."
    )

    def carry_out(self, row: Account, operator: str, data: dict[str, Any]) -> Done:
        item = interface.add_credit(row.owner, operator=operator, **data)
        return _added(_("A credit of {amount} was put on the {invoice}."), item)


class AddDebit(AddItem):
    """A debit, which is charged with the rest."""

    name = "debit"
    label = gettext_lazy("Add debit")
    explanation = gettext_lazy(
        "A debit is charged with the account's open invoice. The memo stands on the invoice."
    )

    def carry_out(self, row: Account, operator: str, data: dict[str, Any]) -> Done:
        item = interface.add_debit(row.owner, operator=operator, **data)
        return _added(_("A debit of {amount} was put on the {invoice}."), item)


def _added(text: str, item: InvoiceItem) -> Done:
    return Done(text=text.format(amount=_sum(abs(item.amount)), invoice=item.invoice))


def _left(charge: Charge) -> Decimal:
    return charge.amount - charge.refunded()


def _sum(amount: Decimal, currency: str = "") -> str:
    return f"{localize(Decimal(money.written(amount, currency)))} {currency}".strip()
