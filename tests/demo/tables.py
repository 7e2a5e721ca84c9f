"""The result as tables: one for each account, then the totals, then the two books side by side."""

from rich import box
from rich.table import Table
from rich.text import Text

from genbilling import periods
from genbilling.models import Account

from . import paper
from .customers import CUSTOMERS

STYLES = {"paid": "green", "failed": "red", "refused": "red", "waiting": "yellow", "open": "cyan"}


def show_accounts():
    about = {customer.name: customer.about for customer in CUSTOMERS}
    for account in Account.objects.select_related("owner").order_by("owner__username"):
        name = account.owner.username
        paper.console.print()
        paper.console.print(Text.assemble((name, "bold"), f" ({account.status}) {about[name]}"))
        paper.console.print(_account_table(account) if account.invoices.exists() else "no invoices")


def show_totals(expected, booked):
    wanted = [f"Expected\n{what}" for what in ("billed", "paid", "owed")]
    table = _table("Account", "Billed", "Paid", "Owed", *wanted, "Agree")
    for name, totals in booked.items():
        amounts = [*_amounts(totals), *_amounts(expected.get(name))]
        table.add_row(name, *amounts, _yes_or_no(totals == expected.get(name)))
    paper.console.print()
    paper.console.print(table)


def show_gateway(expected, ours, theirs):
    table = _table("Sales", "Expected", "Our book", "Braintree", "Agree")
    for label, name in (("paid", "paid"), ("sum of these", "collected"), ("declined", "declined")):
        values = [getattr(book, name) for book in (expected, ours, theirs)]
        table.add_row(label, *map(str, values), _yes_or_no(len(set(values)) == 1))
    paper.console.print()
    paper.console.print(table)


def state_of(invoice):
    """Return one word for where an invoice is in its life."""
    if invoice.closed and invoice.number is None:
        return "empty"
    if invoice.paid or invoice.failed:
        return "paid" if invoice.paid else "failed"
    return "waiting" if invoice.closed else "open"


def _account_table(account):
    table = _new_table()
    table.width = min(paper.console.width, 100)
    table.add_column("Invoice", width=10)
    table.add_column("State", width=7)
    table.add_column("Items and charges", ratio=1)
    table.add_column("Amount", justify="right", width=7)
    cards = {card.token: card for card in account.cards.all()}
    for invoice in account.invoices.order_by("period"):
        _add_invoice(table, invoice, cards)
    return table


def _add_invoice(table, invoice, cards):
    total = Text(str(invoice.get_total_amount()), "bold")
    number = invoice.number or ""
    table.add_row(f"{number:>3} {invoice.period}", _state(state_of(invoice)), "", total)
    for item in invoice.related_items.all():
        table.add_row("", "", item.description, str(item.amount))
    for charge in invoice.charges.order_by("pk"):
        day = periods.today(charge.created_at)
        answer = Text(_answer(charge, cards.get(charge.card_token)), "dim")
        table.add_row(f"    {day:%b} {day.day}", _state(charge.state), answer, "")


def _answer(charge, card):
    if card is None:
        return charge.message
    return f"{card.card_type} {card.last_4}: {charge.response_code} {charge.response_text}, {charge.status}"


def _table(first, *others):
    table = _new_table()
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="right")
    return table


def _new_table():
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _amounts(totals):
    return [str(totals.billed), str(totals.paid), str(totals.owed)] if totals else ["none"] * 3


def _state(word):
    return Text(word, STYLES.get(word, "dim"))


def _yes_or_no(good):
    return Text("yes", "green") if good else Text("NO", "bold red")
