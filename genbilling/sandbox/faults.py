"""What can be made to go wrong: a rule says which requests it is about, and what happens to them.

A rule is written in three ways that mean the same: ``Fault("timeout", when="after", path="/transactions")``
in Python, ``{"effect": "timeout", "when": "after", "path": "/transactions"}`` in JSON, and the line
``timeout after /transactions`` on the command line.
"""

from __future__ import annotations

import json
import random
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Self

from .fault_effects import CODES, EFFECTS, REASONS

VERBS = ("GET", "POST", "PUT", "DELETE")
_NUMBERS = {"nth": int, "times": int, "status": int, "requests": int, "seed": int}
_NUMBERS_WITH_FRACTIONS = ("probability", "seconds", "jitter")


class FaultError(ValueError):
    """A rule makes no sense; the text says what to write instead."""


@dataclass(frozen=True)
class Subject:
    """What a rule looks at in a request."""

    verb: str
    # Below the merchant's own path, without the query.
    path: str
    # Of the sale that it asks for or of the search; empty if there is none.
    order_id: str = ""
    # Of the card that the sale would charge; empty if there is none.
    token: str = ""


@dataclass(frozen=True)
class Fault:
    """A rule. Without ``verb``, ``path``, ``order_id`` and ``token`` it is about every request.

    ``path`` is below the merchant's own, and may hold ``*``, as may ``order_id``. Of the requests that
    match, the rule acts on the ``nth`` and later ones, ``times`` times at most, each with its
    ``probability``, which ``seed`` makes the same in every run. ``when`` says whether the work of the
    request is done all the same: ``after`` it, or ``before`` it, and then it is not done.

    What the effects are, and which of the further fields each takes, is in ``fault_effects``. Raises
    FaultError.
    """

    effect: str
    when: str = ""
    verb: str = ""
    path: str = ""
    order_id: str = ""
    token: str = ""
    nth: int = 1
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    status: int | None = None
    code: str = ""
    seconds: float | None = None
    jitter: float = 0.0
    requests: int | None = None
    amount: str = ""

    def __post_init__(self) -> None:
        """Take numbers and texts for each other, the effect's own ``when``, and see whether all fits."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                object.__setattr__(self, field.name, _converted(field.name, value))
        effect = EFFECTS.get(self.effect)
        if effect is None:
            raise FaultError(f"{self.effect!r} is no effect; there are {', '.join(EFFECTS)}")
        if not self.when:
            object.__setattr__(self, "when", effect.when[0])
        for problem in self._problems():
            raise FaultError(f"the fault {self.effect!r} {problem}")

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Return the rule that a JSON object describes. Raises FaultError."""
        known = {field.name for field in fields(cls)}
        values = {str(name).replace("-", "_"): value for name, value in given.items() if value is not None}
        for name in values.keys() - known:
            raise FaultError(f"a fault has no {name!r}; it has {', '.join(sorted(known))}")
        if "effect" not in values:
            raise FaultError(f"a fault needs an effect, one of {', '.join(EFFECTS)}")
        return cls(**values)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the rule that a line describes, in words or as JSON. Raises FaultError.

        ``EFFECT [before|after] [VERB] [/PATH] [NAME=VALUE ...]``, where a bare status stands for the effect
        that answers with it, and a bare code of the family 9152xx for that one.
        """
        if text.lstrip().startswith("{"):
            try:
                given = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise FaultError(f"the JSON of a fault cannot be read: {error}") from error
            return cls.from_dict(given)
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise FaultError(f"the fault {text!r} cannot be read: {error}") from error
        values: dict[str, Any] = {}
        for word in words:
            values.update(_read_word(word, first=not values))
        return cls.from_dict(values)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as a JSON object, without what is left at its default."""
        return {
            field.name: value
            for field, value in zip(fields(self), asdict(self).values(), strict=True)
            if value != field.default
        }

    def matches(self, subject: Subject) -> bool:
        """Return whether the rule is about that request."""
        return (
            (not self.verb or self.verb == subject.verb)
            and (not self.path or fnmatchcase(subject.path, self.path))
            and (not self.order_id or fnmatchcase(subject.order_id, self.order_id))
            and (not self.token or self.token == subject.token)
            and EFFECTS[self.effect].is_about(subject.verb, subject.path)
        )

    def acts(self, matched: int, acted: int) -> bool:
        """Return whether it acts on the request that matches as the ``matched``-th, after ``acted`` acts."""
        if matched < self.nth or (self.times is not None and acted >= self.times):
            return False
        return self.probability >= 1 or self._random(matched).random() < self.probability

    def delay(self, matched: int) -> float:
        """Return by how many seconds the ``matched``-th matching request is delayed."""
        return (self.seconds or 0.0) + self._random(-matched).random() * self.jitter

    def window_is_over(self, began: float, now: float) -> bool:
        """Return whether a window of a rate limit, begun then, has ended; both in seconds."""
        # Where now is earlier, the machine was started anew, and its monotonic clock with it.
        return not began <= now < began + (1.0 if self.seconds is None else self.seconds)

    def _random(self, number: int) -> random.Random:
        # Made afresh from the count, so that several processes draw from one sequence.
        return random.Random(f"{self.seed}:{number}")

    def _problems(self) -> list[str]:
        effect = EFFECTS[self.effect]
        found = [f"needs {name}" for name in effect.needs if getattr(self, name) in (None, "")]
        set_apart = {name for one in EFFECTS.values() for name in (*one.needs, *one.takes)}
        found += [
            f"takes no {name}"
            for name in sorted(set_apart - {*effect.needs, *effect.takes})
            if getattr(self, name) not in (None, "", 0.0)
        ]
        if self.when not in effect.when:
            found.append(f"happens {' or '.join(effect.when)} the work, not {self.when!r}")
        return found + self._wrong_values()

    def _wrong_values(self) -> list[str]:
        checks = {
            f"has the verb {self.verb!r}, which is none of {', '.join(VERBS)}": self.verb in ("", *VERBS),
            f"has the path {self.path!r}; a path begins with / or *": self.path[:1] in ("", "/", "*"),
            "begins with its nth call, which is 1 or more": self.nth >= 1,
            "acts a number of times, which is 1 or more": self.times is None or self.times >= 1,
            "has a probability from 0 to 1": 0 <= self.probability <= 1,
            "has a status from 200 to 599": self.status is None or 200 <= self.status <= 599,
            "has seconds from 0 to 86400": self.seconds is None or 0 <= self.seconds <= 86_400,
            "has a jitter from 0 to 3600 seconds": 0 <= self.jitter <= 3600,
            "limits requests to 0 or more": self.requests is None or self.requests >= 0,
            f"has the amount {self.amount!r}; write it as 10.00": not self.amount or _is_amount(self.amount),
            f"has the code {self.code!r}; {_EXPECTED.get(self.effect)}": self._code_is_good(),
        }
        return [problem for problem, fine in checks.items() if not fine]

    def _code_is_good(self) -> bool:
        if self.effect == "code":
            return self.code in CODES
        return self.effect != "decline" or self.code in REASONS or bool(_DECLINE.fullmatch(self.code))


_DECLINE = re.compile(r"2[0-9]{3}|3000")
_EXPECTED = {
    "code": f"there are {', '.join(CODES)}",
    "decline": f"give 2000 to 3000, or one of {', '.join(REASONS)}",
}


def _is_amount(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,10}\.[0-9]{2}", text) is not None


def _read_word(word: str, *, first: bool) -> dict[str, Any]:
    name, equals, value = word.partition("=")
    if first:
        if word in CODES:
            return {"effect": "code", "code": word}
        return {"effect": "status", "status": word} if word.isdigit() else {"effect": word}
    if word in ("before", "after"):
        return {"when": word}
    if word in VERBS:
        return {"verb": word}
    if word.startswith(("/", "*")):
        return {"path": word}
    if not equals:
        raise FaultError(f"{word!r} is neither before or after, nor a verb, a path or NAME=VALUE")
    return {name: value}


def _converted(name: str, value: Any) -> Any:
    if isinstance(value, bool | list | dict):
        raise FaultError(f"{name} of a fault cannot be {json.dumps(value)}")
    kind = float if name in _NUMBERS_WITH_FRACTIONS else _NUMBERS.get(name, str)
    try:
        return kind(value)
    except ValueError as error:
        raise FaultError(f"{name} of a fault must be a number, not {value!r}") from error
