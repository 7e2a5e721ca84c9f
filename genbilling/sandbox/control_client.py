"""``python -m genbilling.sandbox control``: the control endpoint of a running server, from a shell."""

from __future__ import annotations

import argparse
import json
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from .command import FAULTS, fail

Call = tuple[str, str, dict[str, Any] | None]

_SPAN = re.compile(r"(\+[0-9]{1,9})([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
# Longer than any webhook takes.
_TIMEOUT = 60.0


def main(arguments: Sequence[str]) -> int:
    """Do one thing and print the JSON that comes back; return the exit status.

    0 if it was done, 1 if the sandbox refused, 2 if none answered.
    """
    options = _options(arguments)
    verb, path, said = options.call(options)
    try:
        status, text = _ask(options.url, verb, path, said)
    except OSError as error:
        return fail(f"No sandbox answers at {options.url}: {error}. Name another one with --url.")
    print(text, end="")
    return 0 if status == 200 else 1


def _ask(url: str, verb: str, path: str, said: dict[str, Any] | None) -> tuple[int, str]:
    body = None if said is None else json.dumps(said).encode()
    request = urllib.request.Request(
        f"{url.rstrip('/')}/sandbox{path}",
        data=body,
        method=verb,
        headers={"Content-Type": "application/json"},
    )
    # Without proxies: the sandbox is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genbilling.sandbox control",
        description="Tell a running sandbox what to do.",
        epilog=FAULTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", default="http://127.0.0.1:3000", help="of the server (default: %(default)s)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str, call: Any, **more: dict[str, Any]) -> None:
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(call=call)
        for argument, details in more.items():
            one.add_argument(argument, **details)

    add("faults", "list the rules in force", lambda _: ("GET", "/faults", None))
    add("fault", "add a rule", lambda o: ("POST", "/faults", {"text": " ".join(o.rule)}), rule={"nargs": "+"})
    add(
        "remove",
        "remove a rule by its id, or all of them",
        lambda o: ("DELETE", "/faults" if o.id == "all" else f"/faults/{o.id}", None),
        id={"metavar": "ID|all"},
    )
    add(
        "clock",
        "tell, set or move the time: 2026-01-31T23:59:00 (UTC), +1d, +12h, +30m, +5s, or real",
        _clock,
        time={"nargs": "?"},
    )
    add("settle", "settle all that was submitted for settlement", lambda _: ("POST", "/settle", None))
    add(
        "webhook",
        "send a signed webhook of a kind to a URL, about what has the id",
        lambda o: ("POST", "/webhooks", {"kind": o.kind, "url": o.webhook_url, "id": o.id}),
        kind={},
        webhook_url={"metavar": "url"},
        id={"nargs": "?"},
    )
    add("requests", "list the last requests", lambda _: ("GET", "/requests", None))
    add("reset", "empty the books", lambda _: ("POST", "/reset", None))
    return parser.parse_args(arguments)


def _clock(options: argparse.Namespace) -> Call:
    if options.time is None:
        return "GET", "/clock", None
    if options.time == "real":
        return "DELETE", "/clock", None
    span = _SPAN.fullmatch(options.time)
    if span:
        by = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return "POST", "/clock/move", {"seconds": by.total_seconds()}
    return "PUT", "/clock", {"at": options.time}
