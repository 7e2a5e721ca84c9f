"""What a comparison found, repaired and left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ...exceptions import GatewayError
from ...gateway import PaymentService


@dataclass(kw_only=True)
class Comparison:
    """A comparison under way: counts, and a sentence for each thing that does not fit.

    `known` are the ids of transactions and disputes that somebody has looked at: they are noted, not left.

    Raises:
        BadSetting: the gateway is not set up.
    """

    service: PaymentService = field(default_factory=PaymentService)
    dry_run: bool = False
    known: frozenset[str] = frozenset()
    looked_at: Counter[str] = field(default_factory=Counter)
    met: set[str] = field(default_factory=set)
    repaired: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def repair(self, found: str, work: Callable[[], object], otherwise: Callable[[], None]) -> None:
        """Do `work`, which mends what was `found`; where the books do not allow it (None), do `otherwise`."""
        if self.dry_run or work() is not None:
            self.repaired.append(f"{found}.")
        else:
            otherwise()

    def mended(self, found: str) -> None:
        """Note what was repaired already."""
        self.repaired.append(f"{found}.")

    def leave(self, found: str, key: str) -> None:
        """Note what somebody has to look at; `key` is the gateway's id of what it is about."""
        (self.noted if key in self.known else self.left).append(f"{found}.")

    def note(self, found: str) -> None:
        """Note what nothing has to be done about."""
        self.noted.append(f"{found}.")

    @contextmanager
    def unless_unanswered(self, what: str) -> Iterator[None]:
        """Leave `what` the gateway does not answer about; the rest is compared all the same."""
        try:
            yield
        except GatewayError as error:
            self.left.append(f"It cannot be found out now what became of {what}: {error}")
