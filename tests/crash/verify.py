"""The proof: each function compares plain values and returns what is wrong, a sentence each."""

from collections import Counter, defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What is wrong, by the names of the last line."""

    charged_twice: list[str]
    charged_but_not_recorded: list[str]
    lost_items: list[str]
    number_gaps: list[str]
    signals_never_delivered: list[str]

    def __iter__(self):
        for name in self.__dataclass_fields__:
            for problem in getattr(self, name):
                yield f"{name.replace('_', ' ')}: {problem}"

    def __str__(self):
        counts = ((name, len(getattr(self, name))) for name in self.__dataclass_fields__)
        return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts)


def compare(books, notes, through, period=None):
    """Compare the books with the notes, for the invoices of `period`, or for all `through` that one."""
    first = period or 0
    return Findings(
        charged_twice=charged_twice(books),
        charged_but_not_recorded=charged_but_not_recorded(books, partly=period is not None),
        lost_items=[
            *misplaced_lines(books, notes, first, through),
            *wrong_totals(books, notes, first, through),
            *wrong_holdings(books, notes),
        ],
        number_gaps=[] if period else number_gaps(books),
        signals_never_delivered=undelivered(books),
    )


def charged_twice(books):
    """Each invoice's money is one sale over its total."""
    bills = {bill.pk: bill for bill in books.bills}
    taken = _taken(books)
    problems = []
    for pk, sales in taken.items():
        problems += [f"{bills[pk]} by {sale}, too" for sale in sales[1:]]
        if len(sales) == 1 and sales[0].amount != bills[pk].total:
            problems.append(f"{bills[pk]} by {sales[0]}")
    return problems


def charged_but_not_recorded(books, partly=False):
    """The sales that took money are those of our paid charges, and the other way round.

    Where the books were read `partly`, sales of other invoices are among them.
    """
    tries = {one.order_id: one for one in books.tries}
    paid = {bill.pk for bill in books.bills if bill.paid}
    problems = []
    for sale in books.sales:
        one = tries.get(sale.order_id)
        if sale.took_money and one is None and not partly:
            problems.append(f"{sale} is of no charge of ours")
        if sale.took_money and one is not None and (one.state != "PAID" or one.bill not in paid):
            problems.append(f"{sale} is not written down in {one}")
    taken = _taken(books)
    problems += [
        f"{bill} is called paid" for bill in books.bills if bill.paid and bill.total and bill.pk not in taken
    ]
    return problems


def misplaced_lines(books, notes, first, through):
    """Every line that was bought stands on its invoice, as often as it was bought."""

    def wanted(lines):
        return Counter({line: n for line, n in lines.items() if first <= line.period <= through})

    missing, surplus = wanted(notes.lines) - wanted(books.lines), wanted(books.lines) - wanted(notes.lines)
    problems = [f"{line} is missing" for line in missing.elements()]
    return problems + [f"{line} is too much" for line in surplus.elements()]


def wrong_totals(books, notes, first, through):
    """Every invoice that is due was closed over what it comes to, and is paid."""
    problems = []
    bills = {(bill.owner, bill.period): bill for bill in books.bills}
    for (owner, period), total in notes.totals().items():
        bill = bills.get((owner, period))
        if first <= period <= through and (bill is None or bill.total != total or not bill.paid):
            problems.append(f"{owner} owes {total} for {period}: {bill}")
    return problems


def wrong_holdings(books, notes):
    """Usage was restored and capacity reset once, and what was bought since is there."""
    return [
        f"{owner} has of {product} {books.holdings.get((owner, product))}, not {expected}"
        for (owner, product), expected in notes.holdings.items()
        if books.holdings.get((owner, product)) != expected
    ]


def number_gaps(books):
    """The numbers go from one on, each once."""
    numbers = Counter(bill.number for bill in books.bills if bill.number is not None)
    expected = Counter(range(1, max(numbers, default=0) + 1))
    return [f"number {number}" for number in (*(expected - numbers), *(numbers - expected).elements())]


def undelivered(books):
    """Who paid was told so, and so was who was refused, each time."""
    problems, due = [], Counter()
    for one in books.tries:
        if one.state == "PAID":
            due[f"invoice_sent {one.bill}"] = 1
        elif one.state == "REFUSED":
            due[f"credit_card_error {one.bill} {one.pk if one.with_card else '-'}"] += 1
    for signal, times in (due - books.heard).items():
        problems.append(f"{signal}, {times} of {due[signal]}")
    return problems


def _taken(books):
    """The sales that took money, by the invoice."""
    bills = {one.order_id: one.bill for one in books.tries}
    taken = defaultdict(list)
    for sale in books.sales:
        if sale.took_money and sale.order_id in bills:
            taken[bills[sale.order_id]].append(sale)
    return taken
