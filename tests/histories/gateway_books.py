"""Our books against the gateway's own, which the SDK reads: money is taken once, and comes back as we say."""

from collections import Counter, defaultdict
from decimal import Decimal

from braintree import Transaction

from genbilling.gateway import PAID_STATUSES
from genbilling.models import Charge, Invoice, Refund

VOIDED = Transaction.Status.Voided


def compare(braintree):
    transactions = braintree.transactions()
    sales = [
        one
        for one in transactions
        if one.type == Transaction.Type.Sale and one.status in (*PAID_STATUSES, VOIDED)
    ]
    credits = [
        one
        for one in transactions
        if one.type == Transaction.Type.Credit and one.status in (*PAID_STATUSES, VOIDED)
    ]
    charges = {charge.order_id: charge for charge in Charge.objects.all()}
    refunds = list(Refund.objects.select_related("charge"))
    each_invoice_took_money_once(sales, charges)
    no_more_goes_back_than_was_taken(sales, credits)
    charges_are_what_happened(sales, charges.values())
    refunds_are_what_happened(sales, credits, refunds)
    if not any(one.state == "pending" for one in (*charges.values(), *refunds)):
        sums_agree(sales, credits, charges.values(), refunds)


def each_invoice_took_money_once(sales, charges):
    unknown = [sale.order_id for sale in sales if sale.order_id not in charges]
    assert not unknown, f"sales that our books do not know: {unknown}"
    taken = Counter(charges[sale.order_id].invoice_id for sale in sales)
    twice = {Invoice.objects.get(pk=key): times for key, times in taken.items() if times > 1}
    assert not twice, f"charged more than once: {twice}"


def no_more_goes_back_than_was_taken(sales, credits):
    back = defaultdict(Decimal)
    for credit in credits:
        back[credit.refunded_transaction_id] += credit.amount
    for sale in sales:
        left = (Decimal(0) if sale.status == VOIDED else sale.amount) - back.pop(sale.id, 0)
        assert left >= 0, f"of the sale {sale.id} over {sale.amount} {-left} too much went back"
    assert not back, f"refunds of no sale: {back}"


def charges_are_what_happened(sales, charges):
    taken = {sale.order_id: sale.amount for sale in sales}
    for charge in charges:
        if charge.state != "pending":
            said = charge.amount if charge.state == "paid" else None
            assert taken.get(charge.order_id) == said, f"{charge}, but the gateway took {taken}"


def refunds_are_what_happened(sales, credits, refunds):
    credited = {credit.order_id: credit.amount for credit in credits}
    voided = {sale.id: sale.amount for sale in sales if sale.status == VOIDED}
    for refund in refunds:
        if refund.kind == Refund.Kind.VOID and refund.state == "paid":
            assert voided.get(refund.charge.transaction_id) == refund.amount, f"{refund}: not voided"
        elif refund.kind == Refund.Kind.REFUND and refund.state != "pending":
            said = refund.amount if refund.state == "paid" else None
            assert credited.get(refund.order_id) == said, f"{refund}, but the gateway gave back {credited}"


def sums_agree(sales, credits, charges, refunds):
    gateways = total(sales) - total(credits) - total(sale for sale in sales if sale.status == VOIDED)
    ours = total(paid(charges)) - total(paid(refunds))
    assert ours == gateways, f"our books say that {ours} is left of what was paid, the gateway's {gateways}"


def paid(attempts):
    return (one for one in attempts if one.state == "paid")


def total(rows):
    return sum((row.amount for row in rows), start=Decimal(0))
