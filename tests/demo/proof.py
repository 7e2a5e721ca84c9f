"""The proof: what was expected beforehand, our books and Braintree's are compared, to the cent.

Each function takes plain values and returns what is wrong, a sentence each.
"""

from collections import Counter

from .expected import Gateway


def check_accounts(expected, booked):
    """Compare the totals by owner."""
    problems = []
    for name in sorted(expected.keys() | booked.keys()):
        if expected.get(name) != booked.get(name):
            problems.append(f"{name}: expected was {expected.get(name)}; our book says {booked.get(name)}.")
    return problems


def check_sales(ours, theirs):
    """Compare the two books sale by sale, both ways, by order id."""
    problems = [*_repeated(ours, "our book"), *_repeated(theirs, "Braintree's book")]
    here = {sale.order_id: sale for sale in ours}
    there = {sale.order_id: sale for sale in theirs}
    for order_id in here.keys() - there.keys():
        problems.append(f"In our book, and not in Braintree's: {here[order_id]}.")
    for order_id in there.keys() - here.keys():
        problems.append(f"In Braintree's book, and not in ours: {there[order_id]}.")
    for order_id in here.keys() & there.keys():
        if here[order_id] != there[order_id]:
            problems.append(f"Our book has {here[order_id]}; Braintree's has {there[order_id]}.")
    return problems


def check_invoices(paid_invoices, theirs):
    """Compare what we call paid with what Braintree collected: one sale for each, of the invoice's total."""
    collected = {sale.order_id: sale for sale in theirs if sale.collected}
    problems = []
    for invoice in paid_invoices:
        sale = collected.pop(invoice.order_id, None)
        if (sale.amount if sale else 0) != invoice.total:
            problems.append(
                f"Invoice {invoice.number} of {invoice.total} is called paid, "
                f"but Braintree collected {sale or 'nothing'}."
            )
    problems += [f"Braintree collected what paid no invoice: {sale}." for sale in collected.values()]
    return problems


def check_gateway(expected, theirs):
    """Compare the number and the sum of Braintree's sales with what was expected."""
    found = summed(theirs)
    return [] if found == expected else [f"Braintree: expected were {expected}; it has {found}."]


def summed(sales):
    """Return what sales come to."""
    collected = [sale.amount for sale in sales if sale.collected]
    return Gateway(paid=len(collected), collected=sum(collected), declined=len(sales) - len(collected))


def _repeated(sales, book):
    counts = Counter(sale.order_id for sale in sales)
    return [f"The order {order} is {n} times in {book}." for order, n in counts.items() if n > 1]
