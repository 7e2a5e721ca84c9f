"""What a dispatch did, counted; and whether something was left undone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..models import Card, Charge, Invoice
from ..money import ZERO
from .retries import Wait


@dataclass(frozen=True, kw_only=True)
class NextDue:
    """So many unsettled invoices are of `period`, the next that has any."""

    period: int
    invoices: int


@dataclass(kw_only=True)
class DispatchReport:
    """Counts of invoices, and sums in the merchant's currency."""

    counts: Counter[str] = field(default_factory=Counter)
    waits: Counter[Wait] = field(default_factory=Counter)
    billed: Decimal = ZERO
    collected: Decimal = ZERO
    announced: int = 0
    held: list[int] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stopped: str = ""
    next_due: NextDue | None = None
    """Where there was nothing to do: what comes next."""

    @property
    def complete(self) -> bool:
        """Whether all work was done. A declined card is work done; an unknown outcome is not."""
        return not (self.errors or self.held or self.stopped or self.counts["uncertain"])

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do; an invoice that waits for its day is none."""
        done = sum(self.counts.values()) or self.announced
        return not (done or self.held or self.errors or self.stopped)

    def details(self) -> dict[str, Any]:
        """Return the counts as JSON; amounts are decimal strings in the merchant's currency."""
        return {
            "counts": dict(self.counts),
            "waits": {wait.value: number for wait, number in self.waits.items() if number},
            "billed": str(self.billed),
            "collected": str(self.collected),
            "announced": self.announced,
        }

    def noted(self) -> dict[str, Any]:
        """Return what the row of the run keeps."""
        return self.details() | {"held": len(self.held), "errors": len(self.errors), "stopped": self.stopped}

    def closed(self, opened: int, invoices: list[Invoice]) -> None:
        """Count the missing invoices that were opened, and those that were closed."""
        self.counts["opened"] += opened
        for invoice in invoices:
            self.counts["closed"] += 1
            self.counts["settled at zero"] += invoice.paid
            self.billed += invoice.total or ZERO

    def result(self, result: Charge | Wait) -> None:
        """Count what came of one invoice."""
        if isinstance(result, Wait):
            self.waits[result] += result is not Wait.PAID_ALREADY
        elif result.state == Charge.State.PAID:
            self.counts["paid"] += 1
            self.collected += result.amount
        elif result.state == Charge.State.PENDING:
            self.counts["uncertain"] += 1
            self.uncertain.append(f"{result}: {result.message}")
        else:
            self.counts["refused" if result.card_token else "without a card"] += 1

    def foretold(self, invoice: Invoice, card: Card | None) -> None:
        """Count what a dry run would try."""
        if card is None:
            self.counts["without a card"] += 1
        else:
            self.counts["to charge"] += 1
            self.collected += invoice.get_total_amount()

    def error(self, message: str) -> None:
        """Note an account that could not be worked."""
        self.errors.append(message)
