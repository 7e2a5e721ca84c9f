"""The control endpoint of a served sandbox: JSON under ``/sandbox``, for test suites in any language."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .delivery import Delivery
from .faults import Fault
from .gateway import Sandbox
from .loopback import is_asked_here, is_from_elsewhere
from .webhooks import WebhookError

ROOT = "/sandbox"

# What it answers to GET /sandbox, which is all the help that curl can have.
HELP = {
    "GET /sandbox/faults": "the rules in force",
    "POST /sandbox/faults": 'add one: {"effect": "timeout", "when": "after", "path": "/transactions"}',
    "DELETE /sandbox/faults": "remove all; DELETE /sandbox/faults/ID removes one",
    "GET /sandbox/clock": "the time",
    "PUT /sandbox/clock": 'set it: {"at": "2026-02-01T00:00:00Z", "ticking": true}',
    "POST /sandbox/clock/move": 'move it: {"days": 1, "hours": 0, "minutes": 0, "seconds": 0}',
    "DELETE /sandbox/clock": "go by the real time again",
    "POST /sandbox/settle": "settle everything that was submitted for settlement",
    "POST /sandbox/webhooks": 'send one: {"kind": "dispute_opened", "id": "...", "url": "http://localhost:8000/"}',
    "GET /sandbox/requests": "the last requests, newest first; ?limit=N",
    "POST /sandbox/reset": "empty the books: everything is deleted, faults and clock included",
}


class ControlError(Exception):
    """A request to the control endpoint that makes no sense."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Call:
    """One request to the control endpoint."""

    def __init__(self, sandbox: Sandbox, path: str, said: dict[str, Any]) -> None:
        self.sandbox = sandbox
        self.path = path
        self.said = said
        self.query = {name: values[-1] for name, values in parse_qs(urlsplit(path).query).items()}

    @property
    def id(self) -> str:
        """The last part of the path."""
        return urlsplit(self.path).path.rstrip("/").rpartition("/")[2]


def is_for(path: str) -> bool:
    """Return whether a path belongs to the control endpoint."""
    place = urlsplit(path).path
    return place == ROOT or place.startswith(f"{ROOT}/")


def answer(
    sandbox: Sandbox, verb: str, path: str, headers: Mapping[str, str], body: bytes, client: str
) -> Delivery:
    """Answer one request; ``client`` is the address it came from."""
    try:
        status, content = _answer(sandbox, verb, path, headers, body, client)
    except ControlError as error:
        status, content = error.status, {"error": str(error)}
    except (WebhookError, ValueError, OverflowError) as error:
        status, content = 422, {"error": str(error)}
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        status, content = 500, {"error": f"the sandbox failed: {error}"}
    return Delivery(status, json.dumps(content, indent=2) + "\n")


def _answer(
    sandbox: Sandbox, verb: str, path: str, headers: Mapping[str, str], body: bytes, client: str
) -> tuple[int, dict[str, Any]]:
    host = next((value for name, value in headers.items() if name.lower() == "host"), "")
    if not is_asked_here(host, client):
        raise ControlError(403, "the control endpoint is for this machine alone")
    # A body is not needed for everything, and without one any page may send a request.
    if verb != "GET" and is_from_elsewhere(headers):
        raise ControlError(403, "the control endpoint is not for web pages of other addresses")
    place = urlsplit(path).path.rstrip("/").removeprefix(ROOT)
    handler = _HANDLERS.get((verb, place)) or _HANDLERS.get((verb, place.rpartition("/")[0] + "/ID"))
    if handler is None:
        raise ControlError(404, f"there is no {verb} {path}; GET {ROOT} says what there is")
    return 200, handler(Call(sandbox, path, _said(headers, body)))


def _said(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    # Also keeps web pages out: without a permission nobody here gives, they cannot send this type.
    if not kind.lower().startswith("application/json"):
        raise ControlError(415, "send JSON, with the header Content-Type: application/json")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ControlError(400, f"the JSON cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise ControlError(400, "send a JSON object")
    return said


def _help(call: Call) -> dict[str, Any]:
    return HELP


def _list_faults(call: Call) -> dict[str, Any]:
    return {"faults": [rule.to_dict() for rule in call.sandbox.faults.list()]}


def _add_fault(call: Call) -> dict[str, Any]:
    fault = Fault.from_text(str(call.said["text"])) if "text" in call.said else Fault.from_dict(call.said)
    placed = call.sandbox.faults.add(fault)
    return {"id": placed.number, "fault": fault.to_dict()}


def _remove_faults(call: Call) -> dict[str, Any]:
    call.sandbox.faults.clear()
    return _list_faults(call)


def _remove_fault(call: Call) -> dict[str, Any]:
    if not call.id.isdecimal() or not call.sandbox.faults.remove(int(call.id)):
        raise ControlError(404, f"there is no fault {call.id}")
    return _list_faults(call)


def _clock(call: Call) -> dict[str, Any]:
    clock = call.sandbox.clock
    return {"now": clock.now().isoformat(), "ticking": not clock.stands_still()}


def _set_clock(call: Call) -> dict[str, Any]:
    _only(call, "at", "ticking")
    at, ticking = call.said.get("at"), call.said.get("ticking", True)
    if not isinstance(at, str) or not isinstance(ticking, bool):
        raise ControlError(422, 'say {"at": "2026-02-01T00:00:00Z", "ticking": true}')
    call.sandbox.clock.set(datetime.fromisoformat(at), ticking=ticking)
    return _clock(call)


def _move_clock(call: Call) -> dict[str, Any]:
    _only(call, "days", "hours", "minutes", "seconds")
    if not all(isinstance(value, int | float) for value in call.said.values()):
        raise ControlError(422, 'say {"days": 1, "hours": 0, "minutes": 0, "seconds": 0}, with numbers')
    call.sandbox.clock.move(timedelta(**call.said))
    return _clock(call)


def _reset_clock(call: Call) -> dict[str, Any]:
    call.sandbox.clock.reset()
    return _clock(call)


def _settle(call: Call) -> dict[str, Any]:
    return {"settled": call.sandbox.settle()}


def _send_webhook(call: Call) -> dict[str, Any]:
    _only(call, "kind", "id", "url")
    kind, about, url = (call.said.get(name) for name in ("kind", "id", "url"))
    if not isinstance(kind, str) or not isinstance(url, str) or not isinstance(about, str | None):
        raise ControlError(422, "say the kind and the url, and the id of what it is about")
    return {"status": call.sandbox.webhooks.send(url, kind, about)}


def _requests(call: Call) -> dict[str, Any]:
    limit = call.query.get("limit", "100")
    if not limit.isdecimal():
        raise ControlError(422, "the limit is a number")
    return {"requests": [seen.to_dict() for seen in call.sandbox.requests.list(int(limit))]}


def _reset(call: Call) -> dict[str, Any]:
    call.sandbox.reset()
    return {}


def _only(call: Call, *names: str) -> None:
    for name in call.said.keys() - set(names):
        raise ControlError(422, f"there is no {name!r} here, only {', '.join(names)}")


_HANDLERS: dict[tuple[str, str], Callable[[Call], dict[str, Any]]] = {
    ("GET", ""): _help,
    ("GET", "/faults"): _list_faults,
    ("POST", "/faults"): _add_fault,
    ("DELETE", "/faults"): _remove_faults,
    ("DELETE", "/faults/ID"): _remove_fault,
    ("GET", "/clock"): _clock,
    ("PUT", "/clock"): _set_clock,
    ("POST", "/clock/move"): _move_clock,
    ("DELETE", "/clock"): _reset_clock,
    ("POST", "/settle"): _settle,
    ("POST", "/webhooks"): _send_webhook,
    ("GET", "/requests"): _requests,
    ("POST", "/reset"): _reset,
}
