"""Pages that show the books to people, so that one can see what a program did."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from . import bodies, customers, disputes, page_lists, page_parts, transaction_view, transactions, vault
from .books import Books
from .errors import NotFoundError
from .loopback import is_asked_here
from .merchants import Merchant
from .page_lists import LISTINGS, View
from .page_parts import Safe, address, facts, html

_ON_OVERVIEW = 10
_REQUESTS = "requests"


class Shown(Protocol):
    """What is shown: a sandbox."""

    def begun(self) -> list[Merchant]:
        """Return the merchants that have books, the first one first."""

    def open_books(self, merchant_id: str | None = None) -> AbstractContextManager[Books]:
        """Give the books of a merchant to read."""


@dataclass(frozen=True)
class _Asked:
    parts: list[str]
    view: View
    merchants: list[str]

    def page(self, title: str, current: str, *parts: Safe) -> str:
        return page_parts.page(title, current, self.merchants, self.view.merchant, *parts)


def is_for(path: str) -> bool:
    """Return whether a path is one of these pages."""
    path = bodies.path_of(path)
    return path == "/" or path == "/books" or path.startswith("/books/")


def answer(sandbox: Shown, verb: str, path: str, host: str, client: str) -> tuple[int, str]:
    """Return the status and the HTML of a page, if it was asked for from this machine.

    ``host`` is the Host header, ``client`` the address that the request came from.
    """
    if verb != "GET":
        return 405, ""
    if not is_asked_here(host, client):
        return 403, page_parts.page("Forbidden", "", [], "", Safe("<p>The books are for this machine.</p>"))
    return page(sandbox, path)


def page(sandbox: Shown, path: str) -> tuple[int, str]:
    """Return the status and the HTML of a page; ``path`` may have a query."""
    query = bodies.query_of(path)
    merchants = [merchant.id for merchant in sandbox.begun()]
    merchant = query.get("merchant", "")
    if merchant not in merchants[1:]:
        merchant = ""
    view = View(merchant, query.get("q", "").strip(), _number(query, "before"), _number(query, "after"))
    parts = [unquote(part) for part in bodies.path_of(path).split("/") if part]
    asked = _Asked(parts[1:], view, merchants)
    # The requests to all merchants are noted in the first one's books.
    place = "" if asked.parts[:1] == [_REQUESTS] else merchant
    try:
        with sandbox.open_books(place or merchants[0]) as books:
            return 200, _show(books, asked)
    except NotFoundError as error:
        return 404, asked.page("Not found", "", Safe(f"<p>{html(error)}</p>"))


def _show(books: Books, asked: _Asked) -> str:
    if not asked.parts:
        return _overview(books, asked)
    name, *ids = asked.parts
    if name in LISTINGS and not ids:
        return asked.page(name.capitalize(), f"/books/{name}", page_lists.browse(books, name, asked.view))
    if name in _DETAILS and len(ids) == 1:
        title, parts = _DETAILS[name](books, ids[0], asked.view.merchant)
        return asked.page(title, f"/books/{name}", *parts)
    raise NotFoundError("There is no such page.")


def _overview(books: Books, asked: _Asked) -> str:
    merchant = asked.view.merchant
    counts = "".join(
        f'<a href="{html(address(f"/books/{name}", merchant))}">'
        f"<b>{page_lists.count(books, name):,}</b>{name.capitalize()}</a>"
        for name in LISTINGS
        if not (merchant and name == _REQUESTS)
    )
    about = f"<p>Merchant {html(books.merchant.id)}. It is {html(books.now)} UTC here.</p>"
    lists = [
        Safe(f"<h2>Newest {name}</h2>{page_lists.newest(books, name, asked.view, _ON_OVERVIEW)}")
        for name in ("transactions", "customers", _REQUESTS)
        if not (merchant and name == _REQUESTS)
    ]
    return asked.page("Overview", "/", Safe(f'<div class="cards">{counts}</div>{about}'), *lists)


Details = tuple[str, list[Safe]]


def _customer(books: Books, customer_id: str, merchant: str) -> Details:
    shown = customers.show(books, customer_id)
    cards = page_lists.related(books, "cards", "customer_id", customer_id, merchant)
    sales = page_lists.related(books, "transactions", "customer_id", customer_id, merchant)
    return f"Customer {customer_id}", [
        _section("Cards", cards),
        _section("Transactions", sales),
        _section("All fields", facts({**shown, "credit_cards": []})),
    ]


def _card(books: Books, token: str, merchant: str) -> Details:
    shown = vault.show(books, token)
    owner = page_lists.related(books, "customers", "id", shown["customer_id"], merchant)
    sales = page_lists.related(books, "transactions", "payment_method_token", token, merchant)
    return f"Card {token}", [
        _section("Customer", owner),
        _section("Transactions", sales),
        _section("All fields", facts(shown)),
    ]


def _transaction(books: Books, transaction_id: str, merchant: str) -> Details:
    shown = transaction_view.show(books, transactions.load(books, transaction_id))
    history = page_parts.table(
        ("Time", "Status", "Amount"),
        [
            (event["timestamp"], page_parts.state(event["status"]), event["amount"])
            for event in shown["status_history"]
        ],
    )
    own = page_lists.related(books, "transactions", "id", transaction_id, merchant)
    refunds = page_lists.related(books, "transactions", "refunded_transaction_id", transaction_id, merchant)
    disputed = page_lists.related(books, "disputes", "transaction_id", transaction_id, merchant)
    return f"Transaction {transaction_id}", [
        own,
        _section("What became of it", history),
        _section("Refunds", refunds),
        _section("Disputes", disputed),
        _section("All fields", facts({**shown, "status_history": [], "disputes": []})),
    ]


def _dispute(books: Books, dispute_id: str, merchant: str) -> Details:
    shown = disputes.shown(books, disputes.load(books, dispute_id))
    sale = page_lists.related(books, "transactions", "id", shown["transaction"]["id"], merchant)
    return f"Dispute {dispute_id}", [_section("Transaction", sale), _section("All fields", facts(shown))]


def _section(title: str, content: Safe) -> Safe:
    return Safe(f"<h2>{html(title)}</h2>{content}")


_DETAILS: dict[str, Callable[[Books, str, str], Details]] = {
    "customers": _customer,
    "cards": _card,
    "transactions": _transaction,
    "disputes": _dispute,
}


def _number(query: dict[str, Any], name: str) -> int:
    given = query.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0
