"""The host project's product declarations: reading and validating ``GENBILLING["PRODUCTS"]``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.module_loading import import_string

from . import conf
from .exceptions import BadMoney, BadSetting, UnknownProduct
from .money import ZERO, places, to_money

Handler = Callable[..., Any]

REQUIRED_KEYS = ("name", "description", "flat_rate", "initial_step", "step_cost", "step")
OPTIONAL_KEYS = ("periodic", "trigger", "bill", "bill_steps", "use")
HANDLER_KEYS = ("bill", "bill_steps", "use")
# What is said of a path, whose way out is another than a wrong value's.
NOT_IMPORTED = "cannot be imported"
MAX_NAME = 100
MAX_DESCRIPTION = 200
MAX_UNITS = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A product as the project declares it today. Money in the merchant's currency, the rest in units."""

    name: str
    description: str
    flat_rate: Decimal
    initial_step: int
    step_cost: Decimal
    step: int
    periodic: bool = False
    trigger: int | None = None
    bill: Handler | None = None
    bill_steps: Handler | None = None
    use: Handler | None = None


_read: tuple[tuple[str, list[Any]], dict[str, Declaration]] | None = None


def declarations() -> dict[str, Declaration]:
    """Return the declared products by name, in their order.

    Raises:
        BadSetting: a declaration is wrong; the message names the product and the key.
    """
    global _read
    raw, currency = _raw(), conf.currency()
    if _read is None or _read[0] != (currency, raw):
        # Validating costs more than comparing, and every use of a product comes through here.
        for problem in _problems(raw):
            raise BadSetting(problem)
        declared = [_declaration(entry) for entry in raw]
        _read = (currency, [dict(entry) for entry in raw]), {one.name: one for one in declared}
    return _read[1]


def declaration(name: str) -> Declaration:
    """Return the declared product called `name`.

    Raises:
        UnknownProduct: no such product is declared.
        BadSetting: a declaration is wrong.
    """
    found = find_declaration(name)
    if found is None:
        raise unknown(name)
    return found


def find_declaration(name: str) -> Declaration | None:
    """Return the declared product called `name`, or None.

    Raises:
        UnknownProduct: `name` is nothing that a product can be called.
        BadSetting: a declaration is wrong.
    """
    if not isinstance(name, str) or "\0" in name:
        raise unknown(name)
    return declarations().get(name)


def unknown(name: object) -> UnknownProduct:
    """Return the error for a name that is neither declared nor held."""
    known = ", ".join(declarations()) or "none"
    return UnknownProduct(f'No product {name!r} is declared in GENBILLING["PRODUCTS"]; declared: {known}.')


def problems() -> Iterator[str]:
    """Yield everything that is wrong with the declarations, a sentence each."""
    try:
        raw = _raw()
    except BadSetting as error:
        yield str(error)
    else:
        yield from _problems(raw)


def _raw() -> list[Any]:
    given = conf.products()
    if isinstance(given, str):
        path = given
        try:
            given = import_string(path)
        except ImportError as error:
            raise BadSetting(f'GENBILLING["PRODUCTS"] is {path!r}, which {NOT_IMPORTED}: {error}') from error
        if not isinstance(given, list | tuple):
            raise BadSetting(f'GENBILLING["PRODUCTS"] is {path!r}, which is not a list of product dicts.')
    return list(given)


def _problems(raw: list[Any]) -> Iterator[str]:
    seen: set[str] = set()
    for position, entry in enumerate(raw, start=1):
        if not isinstance(entry, dict):
            yield f'GENBILLING["PRODUCTS"]: entry {position} is {entry!r}, not a dict.'
            continue
        name = entry.get("name")
        where = f"Product {name!r}" if isinstance(name, str) and name else f"Product number {position}"
        for problem in _entry_problems(entry):
            yield f"{where}: {problem}."
        if isinstance(name, str) and name in seen:
            yield f"{where}: the key 'name' is a duplicate; names are unique."
        elif isinstance(name, str):
            seen.add(name)


def _entry_problems(entry: dict[Any, Any]) -> Iterator[str]:
    for key in REQUIRED_KEYS:
        if key not in entry:
            yield f"the key {key!r} is missing"
    for key, value in entry.items():
        if key not in REQUIRED_KEYS + OPTIONAL_KEYS:
            yield f"the key {key!r} is unknown; the keys are {', '.join(REQUIRED_KEYS + OPTIONAL_KEYS)}"
        elif problem := _value_problem(key, value):
            yield f"the key {key!r} is {value!r}: it {problem}"


def _value_problem(key: str, value: object) -> str | None:
    match key:
        case "name":
            return _text_problem(value, MAX_NAME)
        case "description":
            return _text_problem(value, MAX_DESCRIPTION)
        case "flat_rate" | "step_cost":
            return _price_problem(value)
        case "initial_step":
            return _units_problem(value, least=0)
        case "step":
            return _units_problem(value, least=1)
        case "trigger":
            return None if value is None else _units_problem(value, least=0)
        case "periodic":
            return None if isinstance(value, bool) else "must be True or False"
        case _:
            return _handler_problem(value)


def _text_problem(value: object, longest: int) -> str | None:
    good = isinstance(value, str) and bool(value.strip()) and len(value) <= longest
    return None if good else f"must be a string of 1 to {longest} characters"


def _price_problem(value: object) -> str | None:
    currency = conf.currency()
    if not isinstance(value, str | Decimal):
        return 'must be a Decimal or a decimal string such as "9.99"'
    try:
        amount = to_money(value, currency)
    except BadMoney as error:
        return f"must be an amount of money ({error})"
    if amount < ZERO:
        return "must not be negative"
    if amount == Decimal(value):
        return None
    some = "more than two decimal places" if places(currency) else f"decimal places: {currency} has none"
    return f"must not have {some}"


def _units_problem(value: object, *, least: int) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_UNITS
    return None if good else f"must be a whole number from {least} to {MAX_UNITS}"


def _handler_problem(value: object) -> str | None:
    try:
        _handler(value)
    except ImportError as error:
        return f"{NOT_IMPORTED} ({error})"
    except TypeError:
        return "must be a callable or the dotted path of one"
    return None


def _handler(value: object) -> Handler | None:
    found = import_string(value) if isinstance(value, str) else value
    if found is None or callable(found):
        return found
    raise TypeError


def _declaration(entry: dict[str, Any]) -> Declaration:
    values = dict(entry)
    values |= {key: to_money(entry[key], conf.currency()) for key in ("flat_rate", "step_cost")}
    values |= {key: _handler(entry.get(key)) for key in HANDLER_KEYS}
    return Declaration(**values)
