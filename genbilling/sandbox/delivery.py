"""How an answer reaches the client, or does not: the fault of a plan, carried out."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from . import markup
from .errors import RequestError
from .exchange import Request, refused
from .fault_effects import CODES, KEY_CODES
from .faults import Fault
from .validation import Errors

XML = "application/xml; charset=utf-8"
JSON = "application/json; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
HTML = "text/html; charset=utf-8"

# Effects of the connection: the transports carry them out, each in its own way.
BREAKS = ("timeout", "reset", "hang-up", "refuse", "connect-timeout", "cut-off")

_GARBAGE = "<html><head><title>Bad Gateway</title></head><body><hr>nginx"
_AMOUNT = re.compile(r"<amount>[^<]*</amount>")


@dataclass(frozen=True)
class Delivery:
    """An answer, and what breaks on its way to the client."""

    status: int
    text: str
    # One of BREAKS, or empty.
    breaks: str = ""
    # For how long a time-out holds the connection open, if the client waits so long; None: long enough.
    hold: float | None = None

    @property
    def content_type(self) -> str:
        """What the text is, told by how it begins."""
        if self.text.startswith(("{", "[")):
            return JSON
        if self.text[:1].isalpha():
            # A call of a browser's function.
            return SCRIPT
        return HTML if self.text[:9].lower() == "<!doctype" else XML


def deliver(fault: Fault | None, verb: str, body: str | bytes, work: Callable[[], Delivery]) -> Delivery:
    """Do the work of a request, unless the fault comes before it, and return what becomes of the answer."""
    if fault is None:
        return work()
    answer = work() if fault.when == "after" else Delivery(201 if verb == "POST" else 200, _problem(fault))
    if fault.effect in BREAKS:
        return replace(answer, breaks=fault.effect, hold=fault.seconds)
    if fault.effect == "limit":
        return Delivery(429, _problem(fault))
    if fault.effect == "status":
        return Delivery(fault.status or 500, _problem(fault))
    if fault.effect == "code":
        return Delivery(422, _refusal(fault.code, body))
    if fault.effect == "amount":
        return replace(answer, text=_AMOUNT.sub(f"<amount>{fault.amount}</amount>", answer.text))
    return Delivery(fault.status or answer.status, _spoilt(fault.effect, answer.text))


def _spoilt(effect: str, text: str) -> str:
    if effect == "truncated":
        return text[: len(text) // 2]
    return _GARBAGE if effect == "garbage" else ""


def _problem(fault: Fault) -> str:
    return markup.build("error", {"message": f"As ordered by a fault: {fault.effect}."})


def _refusal(code: str, body: str | bytes) -> str:
    root, content = "", None
    with suppress(RequestError):
        root, content = markup.parse(body)
    errors = Errors()
    attribute = "api_request_key" if code in KEY_CODES else "base"
    errors.under("transaction").add(attribute, code, CODES[code])
    return refused(Request("POST", "", (), root, content), errors.message, errors).text()
