"""The endpoints that show one transaction."""

from __future__ import annotations

from . import transaction_view, transactions
from .books import Books
from .exchange import Reply, Request


def find(books: Books, request: Request) -> Reply:
    """Show a transaction, whatever became of it."""
    kept = transactions.load(books, request.ids[0])
    return Reply(200, "transaction", transaction_view.show(books, kept))


def line_items(books: Books, request: Request) -> Reply:
    """Show the line items of a transaction."""
    return Reply(200, "line_items", transactions.load(books, request.ids[0]).details["line_items"])
