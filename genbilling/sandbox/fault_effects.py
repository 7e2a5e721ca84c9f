"""The effects that a rule can have, and what each needs to be told."""

from __future__ import annotations

from dataclasses import dataclass

from braintree import ErrorCodes, Transaction

from .messages import message_for

_KEY = ErrorCodes.Transaction

# What the gateway has to say about an idempotency key.
KEY_CODES = {
    _KEY.ApiRequestKeyTooLong: "API request key is too long (maximum is 255 characters).",
    _KEY.ApiRequestKeyNotAllowed: "API request key is not allowed.",
    _KEY.ApiRequestKeyCanBeReusedOnlyWithTheSameRequest: (
        "API request key can be reused only with the same request."
    ),
    _KEY.ApiRequestKeyIsInFlight: "A request with this API request key is still being processed.",
    _KEY.ApiRequestKeyWithFailedRequest: "The earlier request with this API request key failed.",
    _KEY.ApiRequestKeyServerError: "The earlier request with this API request key ended in a server error.",
}
# And the other codes of that family: 915200 and 915201 for a refund that is declined, and so on.
CODES = KEY_CODES | {
    code: message_for(code)
    for code in sorted(value for value in vars(_KEY).values() if isinstance(value, str))
    if code.startswith("9152") and code not in KEY_CODES
}
REASONS = tuple(
    sorted(
        value
        for name, value in vars(Transaction.GatewayRejectionReason).items()
        if not name.startswith("_") and isinstance(value, str)
    )
)

_EITHER = ("before", "after")


@dataclass(frozen=True)
class Effect:
    """One effect: what it does, when it can happen (the default first), which fields it needs and takes."""

    help: str
    when: tuple[str, ...] = _EITHER
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    # The ends of the paths that it can be about, all of them sent by POST; empty for any request.
    path_ends: tuple[str, ...] = ()

    def is_about(self, verb: str, path: str) -> bool:
        """Return whether the effect makes sense for such a request at all."""
        return not self.path_ends or (verb == "POST" and path.endswith(self.path_ends))


EFFECTS = {
    "timeout": Effect("no answer comes", takes=("seconds",)),
    "reset": Effect("the connection is reset"),
    "hang-up": Effect("the connection is closed without an answer"),
    "refuse": Effect("the connection is refused", when=("before",)),
    "connect-timeout": Effect("no connection comes about", when=("before",)),
    "cut-off": Effect("the connection ends in the middle of the answer", when=("after", "before")),
    "status": Effect("the answer has that status", needs=("status",)),
    "empty": Effect("the answer has no body", when=("after", "before"), takes=("status",)),
    "garbage": Effect("the body is not XML", when=("after", "before"), takes=("status",)),
    "truncated": Effect("half of the body is missing", when=("after",), takes=("status",)),
    "code": Effect("a 422 with that code, 9152xx", needs=("code",)),
    "decline": Effect(
        "a sale is declined with that code", when=("after",), needs=("code",), path_ends=("/transactions",)
    ),
    "amount": Effect("the answer names another amount", when=("after",), needs=("amount",)),
    "latency": Effect("the answer is late", when=("before",), needs=("seconds",), takes=("jitter",)),
    "limit": Effect(
        "more than so many requests in a second, or in the seconds given: 429",
        when=("before",),
        needs=("requests",),
        takes=("seconds",),
    ),
    "search-lag": Effect(
        "a search does not find a transaction that is younger than so many seconds",
        when=("after",),
        needs=("seconds",),
        path_ends=("/transactions/advanced_search_ids", "/transactions/advanced_search"),
    ),
}
