"""Our books: against what is expected of them, and against themselves as they were a moment ago."""

from collections import Counter, defaultdict

from django.apps import apps

from genbilling.models import Account, Invoice, InvoiceItem, Product
from tests.histories.expected import BILLABLE

CARRIED = "Carried over"
GIVEN_BACK = "Credit of void invoice"


def everything(*, but=()):
    """Every row of genbilling's, to see that nothing changed; those of the models named in `but` left out."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in apps.get_app_config("genbilling").get_models()
        if model.__name__ not in but
    }


def changes(before):
    """The rows that are there now and were not, or not so, among `before`."""
    now = everything().items()
    new = {name: [row for row in rows if row not in before[name]] for name, rows in now if name in before}
    return {name: rows for name, rows in new.items() if rows}


def compare_units(customers):
    """Units used and capacity are what was bought and used: for each sale of a product, in their order."""
    found = defaultdict(list)
    for owner, name, used, capacity in Product.objects.order_by("pk").values_list(
        "account__owner__username", "name", "used", "capacity"
    ):
        found[owner, name].append((used, capacity))
    expected = defaultdict(list)
    for owner, customer in customers.items():
        for one in customer.holdings:
            expected[owner, one.name].append((one.used, one.capacity))
    assert found == expected, f"(used, capacity) are {dict(found)}, expected {dict(expected)}"


def compare_statuses(customers):
    found = dict(Account.objects.values_list("owner__username", "status"))
    assert found == {owner: customer.status for owner, customer in customers.items()}


def compare_lines(customers):
    """Every invoice has on it what is expected, to the line and the cent: nothing missing, nothing twice."""
    lines, moved = defaultdict(Counter), Counter()
    for account, invoice, void, name, amount, description in InvoiceItem.objects.values_list(
        "invoice__account", "invoice", "invoice__void", "product__name", "amount", "description"
    ):
        if void and name is None and amount < 0:
            moved[account] -= amount  # a credit of a void invoice has to be on another one
        if description.startswith((CARRIED, GIVEN_BACK)):
            moved[account] += amount
        else:
            lines[invoice][name or "", amount] += 1
    assert not any(moved.values()), f"moved from one invoice, and not to another: {moved}"
    there = defaultdict(set)
    for invoice in Invoice.objects.select_related("account__owner"):
        owner = invoice.account.owner.username
        there[owner].add(invoice.period)
        expected = customers[owner].on_invoice(invoice.period, invoice.closed)
        assert lines[invoice.pk] == expected, f"the {invoice} has {lines[invoice.pk]}, expected {expected}"
    for owner, customer in customers.items():
        lost = customer.bought.keys() - there[owner]
        assert not lost, f"what {owner} bought is on no invoice: {lost}"


def is_a_credit_that_waits(invoice):
    """Whether nothing but a credit lies on an open invoice of an account that is not billed."""
    amounts = [item.amount for item in invoice.related_items.all()]
    credit_alone = bool(amounts) and max(amounts) < 0
    return credit_alone and not invoice.closed and invoice.account.status not in BILLABLE


def everything_owed_is_settled(customers, period):
    """All that is owed up to `period` is on closed and settled invoices; but for credits that wait."""
    due = [invoice for invoice in Invoice.objects.due(period) if not is_a_credit_that_waits(invoice)]
    assert not due, due
    for owner, customer in customers.items():
        own = Invoice.objects.filter(account__owner__username=owner)
        billed = {one.period for one in own if one.closed or is_a_credit_that_waits(one)}
        unbilled = customer.periods_owed(period) - billed
        assert not unbilled, f"{owner} was not billed for {unbilled}"
        assert not customer.expired_unpaid
        assert customer.status != "grace"


class Past:
    """What must never change again: closed invoices with their items and numbers, payments, voids."""

    def __init__(self):
        self.closed, self.ended = {}, {}

    @property
    def charged(self):
        """Whether a card was ever charged."""
        return any(row["paying_charge"] for row in self.ended.values())

    def stays(self):
        closed, ended = _closed(), _ended()
        for name, then, now in (("closed", self.closed, closed), ("paid or void", self.ended, ended)):
            changed = {key: (value, now.get(key)) for key, value in then.items() if now.get(key) != value}
            assert not changed, f"what was {name} has changed: {changed}"
        self.closed, self.ended = closed, ended


def _closed():
    items = defaultdict(list)
    for item in InvoiceItem.objects.filter(invoice__closed=True).order_by("pk").values():
        items[item["invoice_id"]].append(item)
    frozen = ("account", "period", "number", "printed_number", "total", "closed_at", "seal")
    closed = Invoice.objects.filter(closed=True).values("pk", *frozen)
    return {row["pk"]: (row, items[row["pk"]]) for row in closed}


def _ended():
    ends = ("paid", "paid_at", "paying_charge", "void", "void_at", "void_by", "number")
    settled = Invoice.objects.exclude(paid=False, void=False)
    return {row["pk"]: row for row in settled.values("pk", *ends)}
