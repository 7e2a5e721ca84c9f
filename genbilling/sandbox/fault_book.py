"""The rules in force. They are kept in the books, and so hold for every process on the same file."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from . import markup
from .errors import RequestError
from .exchange import NO_ORDERS, Orders
from .faults import Fault, Subject
from .params import Params
from .store import Store

_MERCHANT = re.compile(r"^(?:https?://[^/?#]+)?/merchants/[^/?#]+")


@dataclass(frozen=True)
class Rule:
    """A rule in force, and what came of it so far."""

    number: int
    fault: Fault
    # How many requests it was about, and on how many of these it acted.
    matched: int
    acted: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        counts = {"id": self.number, "matched": self.matched, "acted": self.acted}
        return {**counts, "fault": self.fault.to_dict()}


@dataclass(frozen=True)
class Plan:
    """What the rules want done with one request."""

    delay: float = 0.0
    orders: Orders = NO_ORDERS
    # Of all that end or change an answer the first one counts.
    fault: Fault | None = None


NOTHING = Plan()


class PlacedFault:
    """A rule that was put in force: what became of it, and the way to end it."""

    def __init__(self, faults: Faults, fault: Fault, number: int) -> None:
        self._faults = faults
        self.fault = fault
        self.number = number

    @property
    def matched(self) -> int:
        """How many requests it was about so far; 0 once it is removed."""
        rule = self._faults.get(self.number)
        return rule.matched if rule else 0

    @property
    def acted(self) -> int:
        """On how many requests it acted so far; 0 once it is removed."""
        rule = self._faults.get(self.number)
        return rule.acted if rule else 0

    def remove(self) -> None:
        """Take it out of force."""
        self._faults.remove(self.number)


class Faults:
    """The rules in force, in the order in which they were added."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        """``monotonic`` tells the real seconds, which limits are in, however the clock is set."""
        self._store = store
        self._monotonic = monotonic

    def add(self, fault: Fault) -> PlacedFault:
        """Put a rule in force."""
        with self._store.transaction(writing=True) as db:
            added = db.execute("INSERT INTO faults (rule) VALUES (?)", [json.dumps(fault.to_dict())])
            return PlacedFault(self, fault, added.lastrowid or 0)

    def list(self) -> list[Rule]:
        """Return the rules in force."""
        with self._store.transaction(writing=False) as db:
            return [_rule(row) for row in db.execute("SELECT * FROM faults ORDER BY number")]

    def get(self, number: int) -> Rule | None:
        """Return the rule with that number, or None."""
        with self._store.transaction(writing=False) as db:
            row = db.execute("SELECT * FROM faults WHERE number = ?", [number]).fetchone()
            return None if row is None else _rule(row)

    def remove(self, number: int) -> bool:
        """Take a rule out of force; return whether there was one."""
        with self._store.transaction(writing=True) as db:
            return db.execute("DELETE FROM faults WHERE number = ?", [number]).rowcount > 0

    def clear(self) -> None:
        """Take all rules out of force."""
        with self._store.transaction(writing=True) as db:
            db.execute("DELETE FROM faults")

    def plan(self, verb: str, path: str, body: str | bytes) -> Plan:
        """Return what is to be done with a request, and count it."""
        with self._store.transaction(writing=False) as db:
            # Nearly always there is none, and then nothing is written and no body is read twice.
            if db.execute("SELECT 1 FROM faults").fetchone() is None:
                return NOTHING
        with self._store.transaction(writing=True) as db:
            subject = _subject(db, verb, path, body)
            now = self._monotonic()
            plan = NOTHING
            for row in db.execute("SELECT * FROM faults ORDER BY number").fetchall():
                plan = _consider(db, row, subject, now, plan)
            return plan


def _rule(row: sqlite3.Row) -> Rule:
    return Rule(row["number"], Fault.from_dict(json.loads(row["rule"])), row["matched"], row["acted"])


def _consider(db: sqlite3.Connection, row: sqlite3.Row, subject: Subject, now: float, plan: Plan) -> Plan:
    """Return the plan with what one rule adds to it, and count in the books."""
    rule = _rule(row)
    if not rule.fault.matches(subject):
        return plan
    matched = rule.matched + 1
    changed = plan
    if rule.fault.acts(matched, rule.acted) and (
        rule.fault.effect != "limit" or _is_over_the_limit(db, row, rule.fault, now)
    ):
        changed = _add(plan, rule.fault, matched)
    acted = rule.acted + (changed is not plan)
    db.execute("UPDATE faults SET matched = ?, acted = ? WHERE number = ?", [matched, acted, rule.number])
    return changed


def _add(plan: Plan, fault: Fault, matched: int) -> Plan:
    if fault.effect == "latency":
        return replace(plan, delay=plan.delay + fault.delay(matched))
    orders = plan.orders
    if fault.effect == "search-lag":
        lag = max(orders.search_lag, fault.seconds or 0.0)
        return replace(plan, orders=replace(orders, search_lag=lag))
    if fault.effect == "decline":
        return plan if orders.refusal else replace(plan, orders=replace(orders, refusal=fault.code))
    return plan if plan.fault else replace(plan, fault=fault)


def _is_over_the_limit(db: sqlite3.Connection, row: sqlite3.Row, fault: Fault, now: float) -> bool:
    began, count = float(row["window_began"] or "-inf"), int(row["in_window"]) + 1
    if fault.window_is_over(began, now):
        began, count = now, 1
    # The column is a text: repr() keeps all digits.
    window = [repr(began), count, row["number"]]
    db.execute("UPDATE faults SET window_began = ?, in_window = ? WHERE number = ?", window)
    return count > (fault.requests or 0)


def _subject(db: sqlite3.Connection, verb: str, path: str, body: str | bytes) -> Subject:
    below = _MERCHANT.sub("", path).partition("?")[0].partition("#")[0]
    root, content = "", None
    if body.strip():
        # A body that cannot be read is answered by the handler; here it only says nothing.
        with suppress(RequestError):
            root, content = markup.parse(body)
    said = Params(content)
    if root == "search":
        return Subject(verb, below, order_id=_searched_order_id(said.values))
    if root != "transaction":
        return Subject(verb, below)
    return Subject(verb, below, said.text("order_id") or "", _token(db, said))


def _searched_order_id(criteria: Mapping[str, Any]) -> str:
    term = criteria.get("order_id")
    wanted = term.get("is") if isinstance(term, dict) else term
    return wanted if isinstance(wanted, str) else ""


def _token(db: sqlite3.Connection, sale: Params) -> str:
    """Return the token of the card that a sale would charge: the one named, or the customer's default."""
    token, customer_id = sale.text("payment_method_token"), sale.text("customer_id")
    if token or not customer_id:
        return token or ""
    row = db.execute(
        "SELECT token FROM cards WHERE customer_id = ? ORDER BY is_default DESC", [customer_id]
    ).fetchone()
    return "" if row is None else row["token"]
