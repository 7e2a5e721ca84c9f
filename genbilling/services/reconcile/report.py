"""What a comparison found, repaired and left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ...gateway import PaymentService


@dataclass(kw_only=True)
class Comparison:
    """A comparison under way: counts, and a sentence for each thing that does not fit."""

    service: PaymentService
    dry_run: bool
    looked_at: Counter[str] = field(default_factory=Counter)
    met: set[str] = field(default_factory=set)
    repaired: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def repair(self, found: str, work: Callable[[], object]) -> None:
        """Do `work`, which mends what was `found`; None from it: the books do not allow that."""
        if self.dry_run or work() is not None:
            self.repaired.append(f"{found}.")
        else:
            self.leave(f"{found}; the invoice or what else was paid back does not allow to write that down")

    def leave(self, found: str) -> None:
        """Note what somebody has to look at."""
        self.left.append(f"{found}.")

    def note(self, found: str) -> None:
        """Note what nothing has to be done about."""
        self.noted.append(f"{found}.")
