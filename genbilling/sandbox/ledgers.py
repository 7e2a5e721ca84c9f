"""The books of each merchant: a file of its own, so that no request can come upon another's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from .errors import BooksError
from .merchants import Merchant
from .store import MEMORY, Store


class Ledgers:
    """Several merchants and their books.

    The first merchant's books are in the file of the given name. Those of another are beside it, in a
    file that has the merchant's id added to its name, and that is made when that merchant first calls.
    """

    def __init__(self, path: str | os.PathLike[str], merchants: Iterable[Merchant]) -> None:
        """Open the books of the first merchant. Raises BooksError."""
        self.merchants = {merchant.id: merchant for merchant in merchants}
        if not self.merchants:
            raise BooksError("The sandbox serves no merchant. Give it one at least, or leave out merchants.")
        self.first = next(iter(self.merchants.values()))
        self._stores = {self.first.id: Store(path)}

    def store_of(self, merchant: Merchant) -> Store:
        """Return the open books of a merchant. Raises BooksError if they cannot be opened."""
        store = self._stores.get(merchant.id)
        if store is not None:
            return store
        # No lock, which a fork could leave held for ever: of two threads that come at once, one wins.
        made = Store(self._path_of(merchant))
        kept = self._stores.setdefault(merchant.id, made)
        if kept is not made:
            made.close()
        return kept

    def begun(self) -> Iterator[tuple[Merchant, Store]]:
        """Give the merchants that have called so far, with their books."""
        for merchant in self.merchants.values():
            path = self._path_of(merchant)
            if merchant.id in self._stores or (path != MEMORY and Path(path).exists()):
                yield merchant, self.store_of(merchant)

    def empty(self) -> None:
        """Delete everything in all books."""
        for _, store in self.begun():
            store.empty()

    def close(self) -> None:
        """Close all files. The next use opens them again; books in memory are lost."""
        for store in list(self._stores.values()):
            store.close()

    def _path_of(self, merchant: Merchant) -> str:
        path = self._stores[self.first.id].path
        if merchant.id == self.first.id or path == MEMORY:
            return path
        return f"{path}.{quote(merchant.id, safe='')}"
