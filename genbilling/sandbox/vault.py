"""The vault: the cards that are kept with customers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import addresses, cards, verifications
from .books import Books, global_id, to_time
from .cards import Card
from .errors import NotFoundError


@dataclass(frozen=True)
class VaultedCard:
    """A card in the vault."""

    token: str
    customer_id: str
    card: Card
    billing_address_id: str | None
    is_default: bool
    created_at: str
    updated_at: str


def load(books: Books, token: str) -> VaultedCard:
    """Return the card with that token. Raises NotFoundError."""
    row = books.one("SELECT * FROM cards WHERE token = ?", [token])
    if row is None:
        raise NotFoundError(f"There is no card with the token {token!r}.")
    return _read(row)


def find(books: Books, token: str) -> VaultedCard | None:
    """Return the card with that token, or None."""
    row = books.one("SELECT * FROM cards WHERE token = ?", [token])
    return None if row is None else _read(row)


def all_of(books: Books, customer_id: str) -> list[VaultedCard]:
    """Return every card of a customer, in the order in which they came."""
    rows = books.all("SELECT * FROM cards WHERE customer_id = ? ORDER BY number", [customer_id])
    return [_read(row) for row in rows]


def default_of(books: Books, customer_id: str) -> VaultedCard | None:
    """Return the card that is charged where a sale names only the customer, or None without cards."""
    row = books.one(
        "SELECT * FROM cards WHERE customer_id = ? ORDER BY is_default DESC, number LIMIT 1", [customer_id]
    )
    return None if row is None else _read(row)


def keeps(
    books: Books, fingerprint: str, *, customer_id: str | None = None, but_for_token: str | None = None
) -> bool:
    """Return whether a card with that number is in the vault, of one customer or of any."""
    sql, values = (
        "SELECT 1 FROM cards WHERE fingerprint = ? AND token <> ?",
        [fingerprint, but_for_token or ""],
    )
    if customer_id is not None:
        sql, values = f"{sql} AND customer_id = ?", [*values, customer_id]
    return books.one(f"{sql} LIMIT 1", values) is not None


def insert(
    books: Books,
    customer_id: str,
    card: Card,
    *,
    token: str | None = None,
    billing_address_id: str | None = None,
    make_default: bool = False,
) -> str:
    """Keep a card of a customer; return its token. A customer's first card is the default one."""
    token = token or books.fresh_id("cards", column="token")
    is_first = not books.holds("cards", "customer_id", customer_id)
    books.insert(
        "cards",
        token=token,
        customer_id=customer_id,
        fingerprint=card.fingerprint,
        billing_address_id=billing_address_id,
        is_default=is_first,
        created_at=books.today,
        updated_at=books.today,
        details=cards.to_json(card),
    )
    if make_default:
        choose_default(books, customer_id, token)
    return token


def update(
    books: Books,
    token: str,
    card: Card,
    *,
    new_token: str,
    billing_address_id: str | None,
) -> None:
    """Change a card."""
    books.run(
        "UPDATE cards SET token = ?, fingerprint = ?, details = ?, billing_address_id = ?, updated_at = ?"
        " WHERE token = ?",
        [
            new_token,
            card.fingerprint,
            json.dumps(cards.to_json(card)),
            billing_address_id,
            books.today,
            token,
        ],
    )
    if new_token != token:
        verifications.rename_token(books, token, new_token)


def choose_default(books: Books, customer_id: str, token: str) -> None:
    """Make one card of a customer the default, and no other."""
    books.run("UPDATE cards SET is_default = (token = ?) WHERE customer_id = ?", [token, customer_id])


def delete(books: Books, token: str) -> None:
    """Forget a card. If it was the default, the customer's newest remaining card takes its place."""
    card = load(books, token)
    books.run("DELETE FROM cards WHERE token = ?", [token])
    if card.is_default:
        books.run(
            "UPDATE cards SET is_default = 1 WHERE number ="
            " (SELECT max(number) FROM cards WHERE customer_id = ?)",
            [card.customer_id],
        )


def show(books: Books, token: str) -> dict[str, Any]:
    """Return the elements of a card in the vault. Raises NotFoundError."""
    return _shown(books, load(books, token))


def show_all(books: Books, customer_id: str) -> list[dict[str, Any]]:
    """Return the elements of every card of a customer."""
    return [_shown(books, kept) for kept in all_of(books, customer_id)]


def _shown(books: Books, kept: VaultedCard) -> dict[str, Any]:
    shown = {
        "token": kept.token,
        "global_id": global_id("paymentmethod_cc", kept.token),
        "customer_id": kept.customer_id,
        "customer_global_id": global_id("customer", kept.customer_id),
        "default": kept.is_default,
        **cards.show(kept.card, books.now),
        "created_at": to_time(kept.created_at),
        "updated_at": to_time(kept.updated_at),
        "subscriptions": [],
        # The SDK takes the first of the newest.
        "verifications": verifications.show_of_token(books, kept.token),
    }
    # Left out where there is none: the SDK turns any element into an address.
    if kept.billing_address_id is not None:
        shown["billing_address"] = addresses.show(books, kept.billing_address_id)
    return shown


def _read(row: Any) -> VaultedCard:
    return VaultedCard(
        token=row["token"],
        customer_id=row["customer_id"],
        card=cards.from_json(json.loads(row["details"])),
        billing_address_id=row["billing_address_id"],
        is_default=bool(row["is_default"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
