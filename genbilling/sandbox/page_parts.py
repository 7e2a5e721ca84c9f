"""The parts of the pages that show the books to people: one style, tables, lists of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from .markup import Elements, Items

STYLE = """
:root {
  color-scheme: light dark;
  --line: #8883; --dim: #777; --link: #2457a7; --back: #fff; --head: #f4f5f7;
}
@media (prefers-color-scheme: dark) {
  :root { --dim: #999; --link: #8ab4f8; --back: #16181c; --head: #202329; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); font: 15px/1.5 system-ui, sans-serif; }
header { background: var(--head); border-bottom: 1px solid var(--line); padding: .7rem 1.5rem; }
header strong { margin-right: 1.5rem; }
nav { display: inline; }
nav a { margin-right: 1.1rem; }
nav a[aria-current] { color: inherit; font-weight: 600; text-decoration: none; }
main { max-width: 78rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.4rem; margin: .6rem 0 1rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
a { color: var(--link); }
p, .dim { color: var(--dim); }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .9rem .35rem 0; }
th, td { text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 500; white-space: nowrap; }
td { overflow-wrap: anywhere; }
td.amount, th.amount { padding-right: 1.6rem; text-align: right; white-space: nowrap; }
td.amount { font-variant-numeric: tabular-nums; }
td.narrow { white-space: nowrap; }
table table { border-left: 2px solid var(--line); margin-left: .1rem; padding-left: .6rem; width: auto; }
table.facts > tbody > tr > th { width: 17rem; }
table table th { padding-left: .8rem; }
.state { border-radius: .7rem; background: #8882; padding: .1rem .55rem; white-space: nowrap; }
.good { background: #2a9d4a33; } .bad { background: #d33c3c33; } .busy { background: #d9a40033; }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; }
.cards a { border: 1px solid var(--line); border-radius: .5rem; min-width: 9rem; padding: .6rem 1rem;
  text-decoration: none; }
.cards b { display: block; font-size: 1.5rem; }
form { margin: 0 0 1rem; }
input { font: inherit; padding: .25rem .5rem; width: 24rem; max-width: 60vw; }
button { font: inherit; padding: .25rem .8rem; }
.pages { display: flex; gap: 1.5rem; margin-top: 1rem; }
"""

_GOOD = ("settled", "settlement_confirmed", "won", "verified", "authorized")
_BAD = (
    "processor_declined",
    "gateway_rejected",
    "failed",
    "settlement_declined",
    "lost",
    "open",
    "authorization_expired",
)
_BUSY = ("submitted_for_settlement", "settling", "settlement_pending", "disputed", "under_review")

SECTIONS = (
    ("/", "Overview"),
    ("/books/customers", "Customers"),
    ("/books/cards", "Cards"),
    ("/books/transactions", "Transactions"),
    ("/books/disputes", "Disputes"),
    ("/books/requests", "Requests"),
)


class Safe(str):
    """Text that is HTML already, and is written as it is."""

    __slots__ = ()


def html(value: Any) -> Safe:
    """Return anything as HTML: escaped, with a dash for nothing."""
    if isinstance(value, Safe):
        return value
    if value is None or value == "":
        return Safe('<span class="dim">–</span>')
    if isinstance(value, bool):
        return Safe("yes" if value else "no")
    if isinstance(value, datetime):
        return Safe(f"{value:%Y-%m-%d %H:%M:%S}")
    return Safe(escape(str(value)))


def address(path: str, merchant: str = "", **query: Any) -> str:
    """Return a link to a page, with the merchant that is looked at if it is not the first."""
    given = {name: value for name, value in {"merchant": merchant, **query}.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def link(to: str, text: Any) -> Safe:
    """Return a link to an address."""
    return Safe(f'<a href="{escape(to)}">{html(text)}</a>')


def link_to(kind: str, object_id: str | None, merchant: str = "", text: Any = None) -> Safe:
    """Return a link to the page of one object, or a dash where there is none."""
    if not object_id:
        return html(None)
    to = address(f"/books/{kind}/{quote(object_id, safe='')}", merchant)
    return link(to, object_id if text is None else text)


def state(status: str | None) -> Safe:
    """Return a status with a colour."""
    kind = "good" if status in _GOOD else "bad" if status in _BAD else "busy" if status in _BUSY else ""
    return Safe(f'<span class="state {kind}">{html(status)}</span>') if status else html(None)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Safe:
    """Return a table; a column named Amount is set to the right, and some others are kept in one line."""
    narrow = dict.fromkeys(("Answer", "Reply by", "Time", "Took", "Verb"), ' class="narrow"')
    classes = [{"Amount": ' class="amount"', **narrow}.get(head, "") for head in heads]
    head = "".join(f"<th{kind}>{html(name)}</th>" for name, kind in zip(heads, classes, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{html(cell)}</td>' for cell, kind in zip(row, classes, strict=True))}</tr>"
        for row in rows
    )
    if not body:
        return Safe("<p>Nothing here yet.</p>")
    return Safe(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def facts(value: Any) -> Safe:
    """Return what an answer of the API says of an object, without what says nothing."""
    if isinstance(value, dict):
        told = {name: facts(inner) for name, inner in value.items() if _says_something(inner)}
        rows = "".join(f"<tr><th>{html(name)}</th><td>{inner}</td></tr>" for name, inner in told.items())
        return Safe(f'<table class="facts"><tbody>{rows}</tbody></table>')
    if isinstance(value, Items | Elements):
        return facts(list(value.values))
    if isinstance(value, list):
        plain = not any(isinstance(inner, dict | list) for inner in value)
        return Safe((", " if plain else "").join(facts(inner) for inner in value))
    return html(value)


def page(title: str, current: str, merchants: Sequence[str], merchant: str, *parts: Safe) -> str:
    """Return a whole page. ``merchant`` is empty where the first one is looked at."""
    links = "".join(
        f'<a href="{escape(address(to, merchant))}"{" aria-current=page" if to == current else ""}>{name}</a>'
        for to, name in SECTIONS
    )
    others = ""
    if len(merchants) > 1:
        chosen = (link(address(current, "" if one == merchants[0] else one), one) for one in merchants)
        others = f"<p>Merchants: {', '.join(chosen)}</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src'
        " 'unsafe-inline'; form-action 'self'\">"
        f"<title>{escape(title)} · Braintree sandbox</title><style>{STYLE}</style></head>"
        f"<body><header><strong>Braintree sandbox</strong><nav>{links}</nav></header>"
        f"<main><h1>{html(title)}</h1>{''.join(parts)}{others}</main></body></html>"
    )


def _says_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_says_something(inner) for inner in value.values())
    return value not in (None, "", [])
