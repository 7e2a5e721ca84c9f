"""The sandbox itself: a request in, an answer out."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from . import markup
from .auth import admit
from .books import Books
from .errors import RequestError, TooLargeError
from .exchange import Reply, Request, refused
from .merchants import Merchant
from .routes import route
from .store import Store
from .validation import InvalidError

# Far above any request of the SDK.
MAX_BODY = 1_000_000

# These only read, even where they are sent by POST; they need not wait for a writer.
_READING_ENDS = ("/advanced_search_ids", "/advanced_search")


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
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Open the books, and begin new ones if the file does not exist.

        ``now`` tells the time, in UTC if it is naive. Raises BooksError if the file cannot be used.
        """
        self.merchant = merchant or Merchant()
        self.store = Store(path)
        self.now = now

    def handle(
        self, verb: str, path: str, headers: Mapping[str, str | bytes], body: str | bytes | None
    ) -> tuple[int, str]:
        """Answer one request, and return the HTTP status and the XML text. Never raises.

        ``path`` may be a whole URL, as the SDK hands it to a transport. All that a request writes is
        one database transaction: after a crash it is there entirely or not at all.
        """
        try:
            reply = self._answer(verb, path, headers, body or "")
            return reply.status, reply.text()
        except RequestError as error:
            return error.status, _problem(str(error))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return 500, _problem("The sandbox failed; its standard error says how.")

    def close(self) -> None:
        """Close the books. They open again with the next request; those in memory start empty."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self, verb: str, url: str, headers: Mapping[str, str | bytes], body: str | bytes) -> Reply:
        path = admit(self.merchant, url, headers)
        handler, ids = route(verb, path)
        if len(body) > MAX_BODY:
            raise TooLargeError(f"The body has more than {MAX_BODY} bytes.")
        root, content = markup.parse(body) if body.strip() else ("", None)
        request = Request(verb, path, ids, root, content)
        writing = verb != "GET" and not path.endswith(_READING_ENDS)
        try:
            with self.store.transaction(writing=writing) as db:
                return handler(Books(db, self.merchant, self._moment()), request)
        except InvalidError as error:
            return refused(request, error.errors.message, error.errors)

    def _moment(self) -> datetime:
        now = self.now()
        return now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)


def _problem(text: str) -> str:
    return markup.build("error", {"message": text})
