"""What three months must come to: worked out by hand from the prices, before anything ran."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Totals:
    """Of an account's closed invoices: what was billed, what of it was paid, what is still owed."""

    billed: Decimal
    paid: Decimal
    owed: Decimal

    def __str__(self):
        return f"billed {self.billed}, paid {self.paid}, owed {self.owed}"


def _totals(billed, paid, owed="0.00"):
    return Totals(Decimal(billed), Decimal(paid), Decimal(owed))


ACCOUNTS = {
    "anna": _totals("39.96", "39.96"),  # 9.99 for October, November, December, January
    "dora": _totals("124.00", "124.00"),  # four times 31.00
    # 12 of 31 days, 12.00; 31.00; expired; again from the 11th on: 21 of 31 days, 21.00; 31.00
    "emil": _totals("95.00", "95.00"),
    "fred": _totals("2001.00", "0.00", "2001.00"),  # twice 1000.50, then expired
    "gina": _totals("2004.00", "0.00", "2004.00"),  # twice 1002.00, then expired
    "hugo": _totals("102.48", "102.48"),  # 15 of 30 days, 15.50 and 5.00; twice 31.00 and 9.99
    "ines": _totals("35.96", "35.96"),  # twice 9.99; two steps, 15.98
    "jack": _totals("50.00", "50.00"),  # three steps and two, 10.00 each
    "kate": _totals("47.95", "47.95"),  # four times 9.99; a step, 7.99
    "liam": _totals("39.96", "39.96"),  # four times 9.99
    "mona": _totals("112.29", "112.29"),  # four times 9.99; 10 of 30 days, 10.33; twice 31.00
    "nils": _totals("84.00", "84.00"),  # four times 31.00, less 40.00
    "olga": _totals("0.00", "0.00"),  # a trial that was not taken up
}


@dataclass(frozen=True)
class Gateway:
    """What Braintree's books must come to: sales that brought money, their sum, and sales that did not."""

    paid: int
    collected: Decimal
    declined: int

    def __str__(self):
        return f"{self.paid} paid sales of {self.collected}, {self.declined} declined"


# Fred's invoice is tried four times, Gina's once.
GATEWAY = Gateway(paid=25, collected=Decimal("731.60"), declined=5)
