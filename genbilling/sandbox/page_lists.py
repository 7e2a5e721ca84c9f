"""Lists of what is in the books, 50 to a page, newest first.

A page begins where the one before it ended, by number, so that each costs the same however many there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import amounts
from .books import Books
from .page_parts import Safe, address, html, link, link_to, state, table

PAGE_SIZE = 50


@dataclass(frozen=True)
class Listing:
    """A table of the books as people see it: its columns, and what is searched for."""

    table: str
    heads: tuple[str, ...]
    row: Callable[[Any, str], Sequence[Any]]
    # What a search looks at; every column has an index.
    searched: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """What a list is asked to show."""

    merchant: str = ""
    search: str = ""
    before: int = 0
    after: int = 0


def count(books: Books, name: str) -> int:
    """Return how many rows a table has."""
    row = books.one(f"SELECT count(*) AS many FROM {name}")
    return row["many"] if row else 0


def newest(books: Books, name: str, view: View, limit: int) -> Safe:
    """Return the newest rows of a table."""
    listing = LISTINGS[name]
    rows = books.all(f"SELECT * FROM {listing.table} ORDER BY number DESC LIMIT ?", [limit])
    return table(listing.heads, [listing.row(row, view.merchant) for row in rows])


def related(books: Books, name: str, column: str, value: str, merchant: str) -> Safe:
    """Return the newest rows of a table that belong to something."""
    listing = LISTINGS[name]
    rows = books.all(
        f"SELECT * FROM {listing.table} WHERE {column} = ? ORDER BY +number DESC LIMIT ?", [value, PAGE_SIZE]
    )
    return table(listing.heads, [listing.row(row, merchant) for row in rows])


def browse(books: Books, name: str, view: View) -> Safe:
    """Return a page of a table, with a form to search and links to the pages beside it."""
    listing = LISTINGS[name]
    path = f"/books/{name}"
    rows = _search(books, listing, view) if view.search else _rows(books, listing, view)
    shown = table(listing.heads, [listing.row(row, view.merchant) for row in rows])
    form = _form(path, view) if listing.searched else Safe("")
    beside = Safe("") if view.search else _beside(books, listing, path, view, rows)
    return Safe(form + shown + beside)


def _rows(books: Books, listing: Listing, view: View) -> list[Any]:
    if view.after:
        sql = f"SELECT * FROM {listing.table} WHERE number > ? ORDER BY number LIMIT ?"
        return books.all(sql, [view.after, PAGE_SIZE])[::-1]
    sql = f"SELECT * FROM {listing.table} WHERE number < ? ORDER BY number DESC LIMIT ?"
    return books.all(sql, [view.before or 2**62, PAGE_SIZE])


def _search(books: Books, listing: Listing, view: View) -> list[Any]:
    fits = " OR ".join(f"{column} = ?" for column in listing.searched)
    sql = f"SELECT * FROM {listing.table} WHERE {fits} ORDER BY +number DESC LIMIT ?"
    return books.all(sql, [*[view.search] * len(listing.searched), PAGE_SIZE])


def _form(path: str, view: View) -> Safe:
    merchant = f'<input type="hidden" name="merchant" value="{html(view.merchant)}">' if view.merchant else ""
    value = html(view.search) if view.search else ""
    return Safe(
        f'<form action="{path}">{merchant}<input name="q" value="{value}" aria-label="Search"'
        ' placeholder="An id, whole"> <button>Search</button></form>'
    )


def _beside(books: Books, listing: Listing, path: str, view: View, rows: list[Any]) -> Safe:
    if not rows:
        return Safe("")
    first, last = rows[0]["number"], rows[-1]["number"]
    links = []
    if books.one(f"SELECT 1 FROM {listing.table} WHERE number > ? LIMIT 1", [first]):
        links += [
            link(address(path, view.merchant), "Newest"),
            link(address(path, view.merchant, after=first), "← Newer"),
        ]
    if books.one(f"SELECT 1 FROM {listing.table} WHERE number < ? LIMIT 1", [last]):
        links.append(link(address(path, view.merchant, before=last), "Older →"))
    return Safe(f'<div class="pages">{"".join(links)}</div>')


def _time(text: str) -> str:
    return text.replace("T", " ").removesuffix("Z")


def _customer(row: Any, merchant: str) -> Sequence[Any]:
    details = json.loads(row["details"])
    name = " ".join(part for part in (details["first_name"], details["last_name"]) if part)
    shown_id = link_to("customers", row["id"], merchant)
    return _time(row["created_at"]), shown_id, name, details["company"], details["email"]


def _card(row: Any, merchant: str) -> Sequence[Any]:
    card = json.loads(row["details"])
    return (
        _time(row["created_at"]),
        link_to("cards", row["token"], merchant),
        f"{card['card_type']} {card['bin'][:6]}…{card['last_4']}",
        f"{card['expiration_month']}/{card['expiration_year']}",
        bool(row["is_default"]),
        link_to("customers", row["customer_id"], merchant),
    )


def _transaction(row: Any, merchant: str) -> Sequence[Any]:
    return (
        _time(row["created_at"]),
        link_to("transactions", row["id"], merchant),
        row["type"],
        state(row["status"]),
        f"{amounts.show(row['amount'], row['currency'])} {row['currency']}",
        row["order_id"],
        link_to("customers", row["customer_id"], merchant),
        link_to("cards", row["payment_method_token"], merchant),
    )


def _dispute(row: Any, merchant: str) -> Sequence[Any]:
    return (
        _time(row["created_at"]),
        link_to("disputes", row["id"], merchant),
        row["kind"],
        state(row["status"]),
        amounts.show(row["amount"]),
        row["reply_by"],
        link_to("transactions", row["transaction_id"], merchant),
    )


def _request(row: Any, _merchant: str) -> Sequence[Any]:
    # A fingerprint of a client token lets one in; it stands in queries, which are left out.
    path = row["path"].partition("?")[0]
    answer = Safe(f'<span class="state {"bad" if row["status"] >= 400 else "good"}">{row["status"]}</span>')
    return _time(row["at"]), row["verb"], path, answer, f"{row['milliseconds']:.1f} ms", row["note"]


LISTINGS = {
    "customers": Listing("customers", ("Time", "Id", "Name", "Company", "Email"), _customer, ("id",)),
    "cards": Listing(
        "cards",
        ("Time", "Token", "Card", "Expires", "Default", "Customer"),
        _card,
        ("token", "customer_id", "fingerprint"),
    ),
    "transactions": Listing(
        "transactions",
        ("Time", "Id", "Type", "Status", "Amount", "Order", "Customer", "Card"),
        _transaction,
        ("id", "order_id", "customer_id", "payment_method_token"),
    ),
    "disputes": Listing(
        "disputes",
        ("Time", "Id", "Kind", "Status", "Amount", "Reply by", "Transaction"),
        _dispute,
        ("id", "transaction_id"),
    ),
    "requests": Listing("requests", ("Time", "Verb", "Path", "Answer", "Took", "Note"), _request, ()),
}
