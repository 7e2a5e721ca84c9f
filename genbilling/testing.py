"""An offline Braintree for each test, and words for what tests say about it.

With pytest, name it in the ``conftest.py`` at the top of your tests, and ask for the fixture ``braintree``::

    pytest_plugins = ["genbilling.testing"]

With Django's own test runner, let a ``TestCase`` inherit from `BraintreeMixin`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from braintree import BraintreeGateway, Transaction, TransactionSearch
from django.conf import settings
from django.test.utils import override_settings
from django.utils.module_loading import import_string

from . import gateway
from .gateway import PAID_STATUSES
from .sandbox import Fault, Merchant, PlacedFault, Sandbox, connect
from .sandbox.clock import Clock
from .sandbox.fault_book import Faults
from .sandbox.webhooks import Webhooks

__all__ = ["Braintree", "BraintreeMixin", "Charges", "Fault"]

# The fixtures: only pytest reads this, so that Django's own runner needs no pytest.
pytest_plugins = ["genbilling.pytest_sandbox"]

# A card that is always good; braintree.test.nonces has the others.
GOOD_NONCE = "fake-valid-nonce"

_EVER = TransactionSearch.created_at >= datetime(2000, 1, 1)  # noqa: DTZ001 - the SDK takes it for UTC


class HasToken(Protocol):
    """A card of genbilling's or of the SDK's."""

    @property
    def token(self) -> str:
        """The card's token in the vault."""


class Charges(list[Transaction]):
    """Sales that took money, the oldest first."""

    @property
    def total(self) -> Decimal:
        """What they took in all."""
        return sum((sale.amount for sale in self), start=Decimal("0.00"))


class Braintree:
    """An offline Braintree, as a test sees it."""

    def __init__(self, books: Path) -> None:
        """Keep the books in that file, from the first use on."""
        self.books = books

    @cached_property
    def sandbox(self) -> Sandbox:
        """The sandbox itself."""
        return Sandbox(self.books)

    @cached_property
    def gateway(self) -> BraintreeGateway:
        """The SDK's gateway, to look at anything; faults do not concern it."""
        return connect(self.sandbox, undisturbed=True)

    @property
    def clock(self) -> Clock:
        """Its time: ``braintree.clock.move(timedelta(days=1))`` also settles what was submitted."""
        return self.sandbox.clock

    @property
    def faults(self) -> Faults:
        """The faults in force, in this process and in those that use the same books."""
        return self.sandbox.faults

    @property
    def webhooks(self) -> Webhooks:
        """Signed webhooks: ``client.post(url, braintree.webhooks.make("check"))``."""
        return self.sandbox.webhooks

    def fault(self, effect: str, **details: Any) -> AbstractContextManager[PlacedFault]:
        """Make something go wrong inside the block: ``with braintree.fault("timeout", when="after"):``.

        Raises FaultError; see `genbilling.sandbox.Fault` for what there is.
        """
        return self.sandbox.fault(effect, **details)

    def good_card(self, user: Any, nonce: str = GOOD_NONCE) -> Any:
        """Put a card on file for the account that `user` owns and return it: `interface.save_card`."""
        return import_string("genbilling.interface.save_card")(user, nonce)

    def declining_card(self, user: Any, code: int | str = 2001) -> Any:
        """Put a card on file whose sales are declined with `code`, whatever the amount, and return it."""
        card = self.good_card(user)
        self.decline(card, code)
        return card

    def decline(self, card: HasToken, code: int | str = 2001) -> PlacedFault:
        """Decline every sale on `card` from now on with `code`; ``remove()`` what is returned to end it.

        2000 to 2999 is what the bank says, 3000 a failing network, ``"fraud"`` and the like the gateway.
        """
        return self.faults.add(Fault("decline", code=str(code), token=card.token))

    def charged_to(self, user: Any) -> Charges:
        """Return the sales that took money from the account of `user`, refunded or not; see ``.total``."""
        customer_id = user.genbilling_account_user.account.customer_id
        return Charges(
            one
            for one in self.transactions(TransactionSearch.customer_id == customer_id)
            if one.type == Transaction.Type.Sale and one.status in PAID_STATUSES
        )

    def transactions(self, *criteria: Any) -> list[Transaction]:
        """Return all transactions, or those that fit the `TransactionSearch` criteria, the oldest first."""
        found = self.gateway.transaction.search(*(criteria or (_EVER,)))
        return list(found.items)[::-1]

    def close(self) -> None:
        """Close the books."""
        if "sandbox" in self.__dict__:
            self.sandbox.close()

    def settings(self) -> dict[str, Any]:
        """Return the settings that point here."""
        merchant = Merchant()
        return {
            "BRAINTREE_ENVIRONMENT": "embedded",
            "BRAINTREE_MERCHANT_ID": merchant.id,
            "BRAINTREE_PUBLIC_KEY": merchant.public_key,
            "BRAINTREE_PRIVATE_KEY": merchant.private_key,
            "GENBILLING": {**getattr(settings, "GENBILLING", {}), "EMBEDDED_DB": self.books},
        }


class BraintreeMixin:
    """For a ``TestCase`` of Django's: ``self.braintree`` is a Braintree of each test's own.

    In ``setUpTestData`` it is ``cls.braintree``; each test begins with what is stored there, as with rows.
    Name it before the ``TestCase``: ``class BillingTest(BraintreeMixin, TestCase)``.
    """

    braintree: Braintree

    @classmethod
    def setUpClass(cls) -> None:
        """Begin the Braintree of the class."""
        cls.braintree = cls.enterClassContext(_a_braintree())  # type: ignore[attr-defined]
        super().setUpClass()  # type: ignore[misc]

    def setUp(self) -> None:
        """Begin the test's own, with what the class has stored."""
        stored = type(self).braintree
        self.braintree = self.enterContext(_a_braintree(stored))  # type: ignore[attr-defined]
        super().setUp()  # type: ignore[misc]


@contextmanager
def _a_braintree(stored: Braintree | None = None) -> Iterator[Braintree]:
    """Yield a Braintree in a folder of its own, at which the settings point inside; with what is `stored`."""
    with tempfile.TemporaryDirectory(prefix="genbilling-braintree-") as folder:
        own = Braintree(Path(folder) / "braintree.sqlite3")
        if stored is not None:
            _let_go(stored)
            if stored.books.exists():
                shutil.copy(stored.books, own.books)
        try:
            with override_settings(**own.settings()):
                yield own
        finally:
            _let_go(own)


def _let_go(own: Braintree) -> None:
    """Close whatever has the books open here: SQLite then has all of them in one file."""
    gateway.disconnect()
    own.close()
