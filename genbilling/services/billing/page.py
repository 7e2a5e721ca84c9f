"""The rows of a page of accounts, locked in the order that all verbs keep: accounts, products, invoices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from ...models import Account, Invoice, Product
from ..locks import lock_rows
from ..rows import among
from . import filling
from .filling import Draft

Row = TypeVar("Row", bound=Model)


class Page:
    """A page of accounts in the current transaction; an account of which one row is held leaves it."""

    def __init__(self, keys: list[int], period: int, *, skip_locked: bool) -> None:
        self._keys, self._period, self._skip_locked = keys, period, skip_locked
        accounts = lock_rows(Account.objects.filter(among("pk", keys)), skip_locked=skip_locked)
        self._accounts = {account.pk: account for account in accounts}
        self._products: list[Product] = []
        self._invoices: list[Invoice] = []

    def billable(self) -> list[Account]:
        """Return the accounts whose products are charged for."""
        return [account for account in self._accounts.values() if account.billable()]

    def lock_what_is_due(self) -> None:
        """Lock the products that have flat rates to fill in, and the invoices to close."""
        self._products = self._lock(filling.owing(self._period))
        # Locked before its items are read: one that is put on it directly comes before, or is refused.
        self._invoices = self._lock(Invoice.objects.due(self._period).filter(closed=False))

    def products(self) -> list[Product]:
        """Return the locked products of the accounts on the page."""
        return [one for one in self._products if one.account_id in self._accounts]

    def drafts(self) -> list[Draft]:
        """Return a draft for each locked invoice, an account's in the order of their periods."""
        return [
            Draft(account=self._accounts[invoice.account_id], invoice=invoice)
            for invoice in sorted(self._invoices, key=lambda one: (one.account_id, one.period))
            if invoice.account_id in self._accounts
        ]

    def held(self) -> list[int]:
        """Return the accounts of which somebody else holds a row."""
        return [key for key in self._keys if key not in self._accounts]

    def _lock(self, rows: QuerySet[Any]) -> list[Any]:
        wanted = rows.filter(among("account__pk", self._accounts)).order_by("pk")
        there = dict(wanted.values_list("pk", "account_id"))
        locked = lock_rows(wanted.filter(among("pk", there)), skip_locked=self._skip_locked) if there else []
        self._leave(there[key] for key in there.keys() - {row.pk for row in locked})
        return locked

    def _leave(self, accounts: Iterable[int]) -> None:
        for key in accounts:
            self._accounts.pop(key, None)
