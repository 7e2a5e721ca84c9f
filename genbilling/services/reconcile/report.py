"""What a comparison found, repaired and left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils import timezone

from ...exceptions import GatewayError, one_line
from ...gateway import Booked, PaymentService
from ...models import Charge, Installation, Refund
from .. import attempts, installations
from ..installations import payment_service


@dataclass(kw_only=True)
class Comparison:
    """A comparison under way: counts, and a sentence on one line for each thing that does not fit.

    `known` are the ids of transactions and disputes that somebody has looked at: they are noted, not left.

    Raises:
        BadSetting: the gateway is not set up.
        OtherMerchant: the books belong to another merchant than the settings point at.
    """

    service: PaymentService = field(default_factory=payment_service)
    installation: Installation = field(default_factory=installations.current)
    dry_run: bool = False
    known: frozenset[str] = frozenset()
    looked_at: Counter[str] = field(default_factory=Counter)
    met: set[str] = field(default_factory=set)
    looked_for: set[str] = field(default_factory=set)
    """The transactions of sales that the books did not know."""
    repaired: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def find(self, attempt: Charge | Refund) -> Booked | None:
        """Return what the gateway booked as the transaction of `attempt`; None: nothing, which is left.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        booked = self.service.find(attempt.transaction_id)
        if booked is None:
            found = f"The {attempt}: the gateway has no transaction {attempt.transaction_id}"
            self.leave(found, attempt.transaction_id)
        return booked

    def is_to_resolve(self, attempt: Charge | Refund, found: str) -> bool:
        """Return whether to find out now what became of `attempt`, whose answer is lost, as `found` says.

        Not while its sender may still wait for it; a dry run notes it as mended.
        """
        if attempts.may_be_in_flight(attempt, timezone.now()):
            return False
        if self.dry_run:
            self.mended(found)
        return not self.dry_run

    def repair(self, found: str, work: Callable[[], object]) -> bool:
        """Do `work`, which mends what was `found`; False: it is None, the books do not allow it."""
        if not self.dry_run and work() is None:
            return False
        self.mended(found)
        return True

    def mended(self, found: str) -> None:
        """Note what was repaired already."""
        self.repaired.append(one_line(f"{found}."))

    def leave(self, found: str, key: str) -> None:
        """Note what somebody has to look at; `key` is the gateway's id of what it is about."""
        (self.noted if key in self.known else self.left).append(one_line(f"{found}."))

    def note(self, found: str) -> None:
        """Note what nothing has to be done about."""
        self.noted.append(one_line(f"{found}."))

    @contextmanager
    def unless_unanswered(self, what: str) -> Iterator[None]:
        """Leave `what` the gateway does not answer about; the rest is compared all the same."""
        try:
            yield
        except GatewayError as error:
            self.left.append(one_line(f"It cannot be found out now what became of {what}: {error}"))
