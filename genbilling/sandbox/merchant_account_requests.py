"""The endpoints that show merchant accounts."""

from __future__ import annotations

from typing import Any

from .books import Books
from .errors import NotFoundError
from .exchange import Reply, Request
from .markup import Elements
from .merchants import Trait


def find(books: Books, request: Request) -> Reply:
    """Show one merchant account."""
    [account] = request.ids
    if account not in books.merchant.accounts:
        raise NotFoundError(f"There is no merchant account {account}.")
    return Reply(200, "merchant_account", _shown(books, account))


def find_page(books: Books, request: Request) -> Reply:
    """Show all merchant accounts, which fit on one page."""
    accounts = books.merchant.accounts
    counts = {"current_page_number": 1, "page_size": len(accounts), "total_items": len(accounts)}
    shown = [_shown(books, account) for account in accounts]
    return Reply(200, "merchant_accounts", Elements("merchant_account", shown, counts))


def _shown(books: Books, account: str) -> dict[str, Any]:
    return {
        "id": account,
        "currency_iso_code": books.merchant.accounts[account],
        "default": account == books.merchant.default_account,
        "status": "suspended" if books.merchant.has(Trait.SUSPENDED, account) else "active",
        "sub_merchant_account": False,
    }
