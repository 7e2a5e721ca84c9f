"""The sandbox itself: a request in, an answer out."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from . import bodies, client_api, dispute_orders, markup, passing
from .auth import admit, merchant_in
from .books import Books
from .clock import Clock
from .delivery import Delivery, deliver
from .errors import RequestError, TooLargeError
from .exchange import NO_ORDERS, Orders, Reply, Request, refused
from .fault_book import Faults, PlacedFault
from .faults import Fault
from .ledgers import Ledgers
from .merchants import DEVELOPMENT_MERCHANTS, Merchant
from .request_log import RequestLog
from .routes import route
from .store import Store
from .validation import InvalidError
from .webhooks import Webhooks

# These only read, even where they are sent by POST; they need not wait for a writer.
_READING_ENDS = (
    "/advanced_search_ids",
    "/advanced_search",
    "/all/expired_ids",
    "/all/expired",
    "/all/expiring_ids",
    "/all/expiring",
)
# The one that uses something up although it is sent by GET.
_WRITING_GET = "/payment_methods/from_nonce/"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """An offline Braintree with its books in a SQLite file.

    Any number of threads may share one, and any number of processes may have one each on the same file:
    they are all the same Braintree. ``:memory:`` keeps the books in this object alone.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        merchant: Merchant | None = None,
        merchants: Iterable[Merchant] | None = None,
        settles_daily: bool = True,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Open the books, and begin new ones if the file does not exist.

        It serves the merchants of Braintree's development gateway, or those in ``merchants``, or the one
        ``merchant``. The first has its books in the file at ``path``, each other in one beside it.
        ``settles_daily`` lets time do its work: what was submitted settles when the day turns (UTC), what
        has settled is paid out a day later, and authorizations expire after a week; else only
        ``settle`` and the testing gateway settle. ``now`` tells the time, in UTC if it is naive.
        Raises BooksError if the file cannot be used.
        """
        served = merchants if merchants is not None else DEVELOPMENT_MERCHANTS
        self.ledgers = Ledgers(path, [merchant] if merchant else served)
        self.settles_daily = settles_daily
        # The first merchant, and its books. The clock and the faults, which are everybody's, are in them.
        self.merchant = self.ledgers.first
        self.store = self.ledgers.store_of(self.merchant)
        self.clock = Clock(self.store, now)
        self.faults = Faults(self.store)
        self.requests = RequestLog(self.store, self.clock)
        self.webhooks = Webhooks(self.merchant, self.open_books)

    def deliver(
        self, verb: str, path: str, headers: Mapping[str, str | bytes], body: str | bytes | None
    ) -> Delivery:
        """Answer one request as the faults in force want it, and note that it was seen. Never raises.

        Whoever transports the answer carries out what breaks on its way.
        """
        began = time.perf_counter()
        try:
            plan = self.faults.plan(verb, path, body or "")
            if plan.delay:
                time.sleep(plan.delay)
            delivery = deliver(
                plan.fault,
                verb,
                body or "",
                lambda: Delivery(*self.handle(verb, path, headers, body, orders=plan.orders)),
            )
            self.requests.add(verb, path, delivery, time.perf_counter() - began)
        except Exception:
            return Delivery(*_failure())
        return delivery

    @contextmanager
    def fault(self, effect: str, **details: Any) -> Iterator[PlacedFault]:
        """Put a rule in force inside the block. Raises FaultError; see ``Fault`` for the details."""
        placed = self.faults.add(Fault(effect, **details))
        try:
            yield placed
        finally:
            placed.remove()

    def handle(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str | bytes],
        body: str | bytes | None,
        *,
        orders: Orders = NO_ORDERS,
    ) -> tuple[int, str]:
        """Do the work of one request, and return the HTTP status and the XML text. Never raises.

        ``path`` may be a whole URL, as the SDK hands it to a transport. All that a request writes is
        one database transaction: after a crash it is there entirely or not at all.
        """
        try:
            reply = self._answer(verb, path, headers, body or "", orders)
            return reply.status, reply.text()
        except RequestError as error:
            return error.status, _problem(str(error))
        except Exception:
            return _failure()

    def settle(self) -> int:
        """Settle everything that is submitted, as the turn of the day would; return how many settled."""
        settled = 0
        for merchant, store in self.ledgers.begun():
            while True:
                with self._books(merchant, store, writing=True) as books:
                    batch = passing.settle_submitted(books)
                if not batch:
                    break
                settled += batch
        return settled

    @contextmanager
    def open_books(self, merchant_id: str | None = None, *, writing: bool = False) -> Iterator[Books]:
        """Give the books of a merchant, or of the first one, inside one database transaction."""
        merchant = self.ledgers.merchants[merchant_id] if merchant_id else self.merchant
        store = self.ledgers.store_of(merchant)
        self._let_time_pass(merchant, store, ())
        with self._books(merchant, store, writing=writing) as books:
            yield books

    def begun(self) -> list[Merchant]:
        """Return the merchants that have books so far, the first one first."""
        return [merchant for merchant, _ in self.ledgers.begun()]

    def open_dispute(
        self,
        transaction_id: str,
        *,
        amount: Decimal | str | None = None,
        kind: str = "chargeback",
        reason: str = "fraud",
        status: str = "open",
    ) -> str:
        """Have a cardholder dispute a transaction of the first merchant; return the dispute's id.

        Raises DisputeError. ``amount`` is in the currency of the transaction; without it all is disputed.
        """
        with self.open_books(writing=True) as books:
            return dispute_orders.place(books, transaction_id, amount, kind, reason, status)

    def move_dispute(self, dispute_id: str, status: str) -> None:
        """Put a dispute into another status, as the bank or time would. Raises DisputeError."""
        with self.open_books(writing=True) as books:
            dispute_orders.move(books, dispute_id, status)

    def reset(self) -> None:
        """Begin new books: delete everything, the faults in force and the setting of the clock included."""
        self.ledgers.empty()

    def close(self) -> None:
        """Close the books. They open again with the next request; those in memory start empty."""
        self.ledgers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str | bytes],
        body: str | bytes,
        orders: Orders,
    ) -> Reply:
        if client_api.is_for(url):
            return self._answer_client(Request(verb, url, body=body, origin=bodies.origin_of(headers, url)))
        merchant, path = admit(self.ledgers.merchants, url, headers)
        handler, ids = route(verb, path)
        if len(body) > bodies.limit_for(url):
            raise TooLargeError(f"The body has more than {bodies.limit_for(url)} bytes.")
        root, content = bodies.read(headers, body)
        query, origin = bodies.query_of(url), bodies.origin_of(headers, url)
        request = Request(verb, path, ids, root, content, query=query, origin=origin, orders=orders)
        writing = path.startswith(_WRITING_GET) if verb == "GET" else not path.endswith(_READING_ENDS)
        store = self.ledgers.store_of(merchant)
        self._let_time_pass(merchant, store, ids)
        try:
            with self._books(merchant, store, writing=writing) as books:
                return handler(books, request)
        except InvalidError as error:
            return refused(request, error.errors.message, error.errors)

    def _answer_client(self, request: Request) -> Reply:
        """Answer the library in a customer's browser, which has a client token and no keys."""
        merchant = merchant_in(self.ledgers.merchants, request.path)
        # Showing a customer's cards writes too: each is shown with a new nonce.
        with self._books(merchant, self.ledgers.store_of(merchant), writing=True) as books:
            return client_api.answer(books, request)

    @contextmanager
    def _books(self, merchant: Merchant, store: Store, *, writing: bool) -> Iterator[Books]:
        with store.transaction(writing=writing) as db:
            # All merchants go by the clock in the first one's books.
            now = self.clock.read(db) if store is self.store else self.clock.now()
            yield Books(db, merchant, now)

    def _let_time_pass(self, merchant: Merchant, store: Store, ids: Iterable[str]) -> None:
        """Do what was due until now. Where nothing is, finding that out is all that it costs."""
        if not self.settles_daily:
            return
        with self._books(merchant, store, writing=False) as books:
            if not passing.is_due(books):
                return
        with self._books(merchant, store, writing=True) as books:
            passing.catch_up(books, ids)


def _failure() -> tuple[int, str]:
    traceback.print_exc(file=sys.stderr)
    return 500, _problem("The sandbox failed; its standard error says how.")


def _problem(text: str) -> str:
    return markup.build("error", {"message": text})
