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


def compare(books, notes, wrong_holdings=(), *, partly=False):
    """Compare the books with the notes, the lines and totals that are due.

    Read `partly`, the books have the invoices of one period, and maybe sales of others.
    """
    lines, totals = notes
    return Findings(
        charged_twice=charged_twice(books),
        charged_but_not_recorded=charged_but_not_recorded(books, partly=partly),
        lost_items=[*misplaced_lines(books, lines), *wrong_totals(books, totals), *wrong_holdings],
        number_gaps=[] if partly else number_gaps(books),
        signals_never_delivered=undelivered(books),
    )


def charged_twice(books):
    """Each invoice's money is one sale over its total."""
    bills = {bill.pk: bill for bill in books.bills}
    problems = []
    for pk, sales in _taken(books).items():
        problems += [f"{bills[pk]} by {sale}, too" for sale in sales[1:]]
        if len(sales) == 1 and sales[0].amount != bills[pk].total:
            problems.append(f"{bills[pk]} by {sales[0]}")
    return problems


def charged_but_not_recorded(books, *, partly=False):
    """The sales that took money are those of our paid charges, and the other way round."""
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


def misplaced_lines(books, lines):
    """Every line that was bought stands on its invoice, as often as it was bought."""
    there = Counter({line: times for line, times in books.lines.items() if line.period <= _last(lines)})
    problems = [f"{line} is missing" for line in (lines - there).elements()]
    return problems + [f"{line} is too much" for line in (there - lines).elements()]


def wrong_totals(books, totals):
    """Every invoice that is due was closed over what it comes to, and is paid."""
    bills = {(bill.owner, bill.period): bill for bill in books.bills}
    problems = []
    for (owner, period), total in totals.items():
        bill = bills.get((owner, period))
        if bill is None or bill.total != total or not bill.paid:
            problems.append(f"{owner} owes {total} for {period}: {bill}")
    return problems


def wrong_holdings(holdings, expected):
    """Usage was restored and capacity reset once, and what was bought since is there."""
    return [
        f"{owner} has of {product} {holdings.get((owner, product))}, not {holding}"
        for (owner, product), holding in expected.items()
        if holdings.get((owner, product)) != holding
    ]


def wrong_statuses(statuses):
    """Everything is paid, so nobody is in grace or expired any more."""
    return [f"{owner} is {status}" for owner, status in statuses.items() if status != "active"]


def number_gaps(books):
    """The numbers go from one on, each once."""
    numbers = Counter(bill.number for bill in books.bills if bill.number is not None)
    expected = Counter(range(1, max(numbers, default=0) + 1))
    return [
        *(f"no number {number}" for number in expected - numbers),
        *(f"number {number}, too" for number in (numbers - expected).elements()),
    ]


def undelivered(books):
    """Who paid was told so, and who was refused each time."""
    due = Counter()
    for one in books.tries:
        if one.state == "PAID":
            due[f"invoice_sent {one.bill}"] = 1
        elif one.state == "REFUSED":
            due[f"credit_card_error {one.bill} {one.pk if one.with_card else '-'}"] += 1
    return [f"{signal}, {times} of {due[signal]}" for signal, times in (due - books.heard).items()]


def _taken(books):
    """The sales that took money, by the invoice."""
    bills = {one.order_id: one.bill for one in books.tries}
    taken = defaultdict(list)
    for sale in books.sales:
        if sale.took_money and sale.order_id in bills:
            taken[bills[sale.order_id]].append(sale)
    return taken


def _last(lines):
    return max((line.period for line in lines), default=0)
