"""Webhooks: notices that Braintree signs and posts to an address of the merchant's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlencode, urlsplit

from . import markup, webhook_subjects
from .books import Books
from .loopback import is_loopback
from .merchants import Merchant
from .webhook_subjects import KINDS, SubjectError

__all__ = ["KINDS", "WebhookError", "Webhooks"]

# Not more of an answer is read.
_MAX_ANSWER = 65_536


class WebhookError(Exception):
    """A webhook could not be made or delivered; the text says why and what to do."""


class Webhooks:
    """Makes the webhooks of one merchant, and sends them.

    Nothing is sent by itself: Braintree's own come some time after the event, in no certain order, and
    now and then twice, and a test says best when.
    """

    def __init__(self, merchant: Merchant, open_books: Callable[[], AbstractContextManager[Books]]) -> None:
        """Tell of what is in the books that ``open_books`` opens to read."""
        self.merchant = merchant
        self._open_books = open_books

    def make(self, kind: str, subject_id: str | None = None) -> dict[str, str]:
        """Return the form fields ``bt_signature`` and ``bt_payload`` of a webhook.

        ``subject_id`` is the id of the transaction, refund or dispute, the token of the card, or the day of
        the disbursement that it tells of. Raises WebhookError.
        """
        with self._open_books() as books:
            try:
                subject = webhook_subjects.subject(books, kind, subject_id)
            except SubjectError as error:
                raise WebhookError(str(error)) from error
            notification = {"kind": kind, "timestamp": books.now, "subject": subject}
        payload = base64.encodebytes(markup.build("notification", notification).encode()).decode()
        return {"bt_signature": self._sign(payload), "bt_payload": payload}

    def send(
        self,
        url: str,
        kind: str,
        subject_id: str | None = None,
        *,
        timeout: float = 10.0,
        allow_remote: bool = False,
    ) -> int:
        """Post a webhook to an address; return the HTTP status of the answer, which is 2xx.

        ``timeout`` is in seconds. Addresses of other machines are refused unless ``allow_remote`` is set.
        Raises WebhookError.
        """
        form = urlencode(self.make(kind, subject_id)).encode()
        status, _ = self._call(url, form, timeout=timeout, allow_remote=allow_remote)
        return status

    def challenge(self, url: str, *, timeout: float = 10.0, allow_remote: bool = False) -> bool:
        """Ask an address to prove that it has the merchant's keys, as Braintree does before it sends.

        Return whether the answer is right. Raises WebhookError.
        """
        challenge = secrets.token_hex(16)
        asked = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode({'bt_challenge': challenge})}"
        _, answer = self._call(asked, None, timeout=timeout, allow_remote=allow_remote)
        return hmac.compare_digest(answer.strip().encode(), self._sign(challenge).encode())

    def _sign(self, text: str) -> str:
        # SHA-1, and a hash of the key instead of the key: Braintree's own scheme.
        key = hashlib.sha1(self.merchant.private_key.encode()).digest()
        return f"{self.merchant.public_key}|{hmac.new(key, text.encode(), hashlib.sha1).hexdigest()}"

    def _call(self, url: str, form: bytes | None, *, timeout: float, allow_remote: bool) -> tuple[int, str]:
        _check_address(url, allow_remote=allow_remote)
        request = urllib.request.Request(url, data=form, headers={"User-Agent": "Braintree Webhooks"})
        try:
            with _OPENER.open(request, timeout=timeout) as answer:
                return answer.status, answer.read(_MAX_ANSWER).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                raise WebhookError(
                    f"{url} answered with {error.code}. A receiver of webhooks has to answer with 2xx."
                ) from error
        except TimeoutError as error:
            raise WebhookError(f"{url} did not answer within {timeout:g} seconds.") from error
        except (OSError, ValueError) as error:
            raise WebhookError(f"{url} cannot be reached: {getattr(error, 'reason', error)}.") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: a form that is posted would not go along."""


# No proxy: it could not reach this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def _check_address(url: str, *, allow_remote: bool) -> None:
    try:
        parts = urlsplit(url)
        host, scheme = parts.hostname or "", parts.scheme
    except ValueError as error:
        raise WebhookError(f"{url!r} is not an address: {error}.") from error
    if scheme not in ("http", "https") or not host:
        raise WebhookError(f"{url!r} is not an address; give one like http://127.0.0.1:8000/webhooks/.")
    if not allow_remote and not is_loopback(host):
        raise WebhookError(
            f"{host} is not this machine. Set allow_remote to send webhooks there all the same."
        )
