"""What the books say, read into plain values: ours by the ORM, the gateway's by the SDK alone."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

import braintree

from genbilling.models import Account, Charge, Invoice, Product
from genbilling.sandbox import Sandbox, connect
from tests.crash.notes import Holding, Line

MONEY_TAKEN = {
    "submitted_for_settlement",
    "settling",
    "settled",
    "settlement_pending",
    "settlement_confirmed",
}
EVER = braintree.TransactionSearch.type == braintree.Transaction.Type.Sale
CARRIED = "Carried over "


@dataclass(frozen=True, kw_only=True)
class Bill:
    """An invoice."""

    pk: int
    owner: str
    period: int
    number: int | None
    total: Decimal | None
    paid: bool


@dataclass(frozen=True, kw_only=True)
class Try:
    """A charge, by the order id under which the gateway knows it; without a card nothing was sent."""

    pk: int
    bill: int
    order_id: str
    state: str
    with_card: bool


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A sale in the gateway's books."""

    order_id: str
    amount: Decimal
    took_money: bool


@dataclass(frozen=True, kw_only=True)
class Books:
    """Everything that is compared."""

    bills: list[Bill]
    lines: Counter[Line]
    tries: list[Try]
    sales: list[Sale]
    heard: Counter[str]


def read(books, heard, since=None, period=None):
    """Read our books, the gateway's (the file `books`) and the file of the signals that were `heard`.

    With `period` only its invoices, and of the sales those since the moment `since` (UTC).
    """
    invoices = Invoice.objects.select_related("account__owner").prefetch_related("related_items", "charges")
    if period is not None:
        invoices = invoices.filter(period=period)
    invoices = list(invoices.order_by("pk"))
    return Books(
        bills=[_bill(invoice) for invoice in invoices],
        lines=_lines(invoices),
        tries=[_try(charge) for invoice in invoices for charge in invoice.charges.all()],
        sales=_sales(books, since),
        heard=Counter(heard.read_text().splitlines() if heard.exists() else ()),
    )


def _bill(invoice):
    return Bill(
        pk=invoice.pk,
        owner=str(invoice.account.owner),
        period=invoice.period,
        number=invoice.number,
        total=invoice.total,
        paid=invoice.paid,
    )


def _lines(invoices):
    """The lines that were bought; what was carried over from them shows in the totals."""
    return Counter(
        Line(
            owner=str(invoice.account.owner),
            period=invoice.period,
            description=item.description,
            amount=item.amount,
        )
        for invoice in invoices
        for item in invoice.related_items.all()
        if not item.description.startswith(CARRIED)
    )


def _try(charge):
    return Try(
        pk=charge.pk,
        bill=charge.invoice_id,
        order_id=charge.order_id,
        state=Charge.State(charge.state).name,
        with_card=bool(charge.card_token),
    )


def _sales(books, since):
    wanted = [EVER] if since is None else [EVER, braintree.TransactionSearch.created_at >= since]
    with Sandbox(books) as sandbox:
        found = connect(sandbox, undisturbed=True).transaction.search(*wanted)
        return [
            Sale(order_id=sale.order_id, amount=sale.amount, took_money=sale.status in MONEY_TAKEN)
            for sale in found.items
        ]


def holdings():
    """Return what every owner has of each product."""
    return {
        (str(product.account.owner), product.name): Holding(used=product.used, capacity=product.capacity)
        for product in Product.objects.select_related("account__owner")
    }


def statuses():
    """Return the status of every owner's account."""
    return {str(account.owner): account.status for account in Account.objects.select_related("owner")}
