"""Every setting: its name, default, meaning, and what makes a value good. Read when used, never kept."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from . import money, texts
from .exceptions import BadSetting

MAX_PRINTED_NUMBER = 50
# Each takes a thread, and a place in the window of claims that a run which dies leaves behind.
MAX_CALLS_IN_FLIGHT = 1000

# What the format of invoice numbers may contain: digits alone.
_DIGITS = ("number", "period", "year", "month")
_ZEROS = re.compile("(0[1-9][0-9]?)?d?")

Problem = str | None


def _flag(value: object) -> Problem:
    return None if isinstance(value, bool) else "must be True or False"


def _positive_int(value: object) -> Problem:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return None if good else "must be a whole number, 1 or more"


def _calls(value: object) -> Problem:
    good = _positive_int(value) is None and int(str(value)) <= MAX_CALLS_IN_FLIGHT
    return None if good else f"must be a whole number from 1 to {MAX_CALLS_IN_FLIGHT}"


def _days(value: object) -> Problem:
    if value is None:
        return None
    good = (
        isinstance(value, list | tuple)
        and len(value) > 0
        and all(_positive_int(day) is None for day in value)
        and list(value) == sorted(set(value))
    )
    return None if good else "must be None or rising whole numbers of days, e.g. (1, 3, 5, 7)"


def _text(value: object) -> Problem:
    return None if isinstance(value, str) else "must be a string"


def _currency(value: object) -> Problem:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        return 'must be the three letters of a currency, e.g. "EUR"'
    return "must be a currency with at most two decimals" if value in money.TOO_FINE else None


def _path(value: object) -> Problem:
    return None if isinstance(value, str | Path) and str(value) else "must be a path"


def _number_format(value: object) -> Problem:
    return _wrong_number_format(value) if isinstance(value, str) else "must be a string"


def _wrong_number_format(layout: str) -> Problem:
    shape = _shape(layout)
    if shape is None:
        return (
            "must be a format with {number}, {period}, {year}, {month}, each as it is or padded with zeros, "
            'e.g. "INV-{year}-{number:06}"'
        )
    if len(layout.format(number=10**12, period=202612, year=2026, month=12)) > MAX_PRINTED_NUMBER:
        return f"must be a format that gives at most {MAX_PRINTED_NUMBER} characters"
    # What is no digit comes from the text alone, so whatever is printed falls into the same runs of digits. A
    # number can be read off a run in which nothing else has a changing length; so no two print the same.
    if not any(run.count("n") == 1 and "m" not in run for run in shape.split("-")):
        return (
            "must be a format that contains {number}, and prints no two invoices the same: "
            "keep {number} and {month} apart by a letter or a sign, or write {month:02}"
        )
    return None


def _shape(layout: str) -> str | None:
    """Return "n" for each number, "m" for a month of one or two digits, "0" for other digits, "-" for text.

    None if `layout` is no format, or one with other fields than digits.
    """
    shape = ""
    try:
        for text, name, padding, conversion in Formatter().parse(layout):
            shape += re.sub("[^0-9]", "-", text)
            if name is None:
                continue
            if name not in _DIGITS or conversion or not _ZEROS.fullmatch(padding or ""):
                return None
            changing = name == "number" or (name == "month" and padding in ("", "d", "01", "01d"))
            shape += name[0] if changing else "0"
    except ValueError:
        return None
    return shape


def _products(value: object) -> Problem:
    good = isinstance(value, str | list | tuple)
    return None if good else "must be a list of product dicts, or the dotted path of one"


def _callable(value: object) -> Problem:
    good = value is None or callable(value) or (isinstance(value, str) and "." in value)
    return None if good else "must be None, a callable or the dotted path of one"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One key of the ``GENBILLING`` dict; `problem` returns what is wrong with a value, or None."""

    name: str
    default: Any
    problem: Callable[[object], Problem]
    help: str


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            name="PRODUCTS",
            default=[],
            problem=_products,
            help="the product dicts: a list, or the dotted path of one",
        ),
        Setting(
            name="PRORATE_FIRST_PERIOD",
            default=False,
            problem=_flag,
            help="charge a product's first month by days, the day of adding included",
        ),
        Setting(
            name="CURRENCY",
            default="USD",
            problem=_currency,
            help="what all amounts are in; it decides the decimals, and must be the merchant account's own",
        ),
        Setting(
            name="RETRY_DAYS",
            default=None,
            problem=_days,
            help="days after the first failure on which an invoice is tried again; None: every dispatch",
        ),
        Setting(
            name="MAX_TRIES",
            default=15,
            problem=_positive_int,
            help="refused tries per invoice and card number in 30 days; card networks fine more than 15",
        ),
        Setting(
            name="CALLS_IN_FLIGHT",
            default=8,
            problem=_calls,
            help="gateway calls that one dispatch_invoices keeps in flight, at most",
        ),
        Setting(
            name="MERCHANT_ACCOUNT_ID",
            default="",
            problem=_text,
            help="the Braintree merchant account that is charged; empty: the merchant's default",
        ),
        Setting(
            name="CUSTOMER",
            default=None,
            problem=_callable,
            help="called with an owner, returns what Braintree is told of them; None: e-mail and name",
        ),
        Setting(
            name="DESCRIPTOR",
            default={},
            problem=texts.descriptor_problem,
            help="what stands on the cardholder's statement: name, phone, url",
        ),
        Setting(
            name="CUSTOM_FIELDS",
            default={},
            problem=texts.custom_fields_problem,
            help="custom fields of each sale, as texts with {number}, {period} and {account}",
        ),
        Setting(
            name="INVOICE_NUMBER_FORMAT",
            default="{number}",
            problem=_number_format,
            help='how an invoice number is printed, e.g. "INV-{year}-{number:06}"; also {period}, {month}',
        ),
        Setting(
            name="EMBEDDED_DB",
            default="braintree.sqlite3",
            problem=_path,
            help='the books of BRAINTREE_ENVIRONMENT = "embedded": a file, or ":memory:" for one process; '
            "a relative path goes by the SQLite database, else by BASE_DIR",
        ),
    )
}

BRAINTREE_NAMES = (
    "BRAINTREE_ENVIRONMENT",
    "BRAINTREE_MERCHANT_ID",
    "BRAINTREE_PUBLIC_KEY",
    "BRAINTREE_PRIVATE_KEY",
)
# Of the merchant that the embedded Braintree serves, where the settings name none.
EMBEDDED_KEYS = {
    "BRAINTREE_MERCHANT_ID": "integration_merchant_id",
    "BRAINTREE_PUBLIC_KEY": "integration_public_key",
    "BRAINTREE_PRIVATE_KEY": "integration_private_key",
}


@dataclass(frozen=True, kw_only=True)
class Braintree:
    """The four ``BRAINTREE_*`` settings. The private key stays out of the repr, and so out of logs."""

    environment: str
    merchant_id: str
    public_key: str
    private_key: str

    def __repr__(self) -> str:
        return f"Braintree(environment={self.environment!r}, merchant_id={self.merchant_id!r})"


def products() -> str | list[Any] | tuple[Any, ...]:
    """Return ``PRODUCTS`` as it stands; `genbilling.catalogue` reads it."""
    value: str | list[Any] | tuple[Any, ...] = _get("PRODUCTS")
    return value


def prorate_first_period() -> bool:
    """Return whether a product's first month is charged by days."""
    return bool(_get("PRORATE_FIRST_PERIOD"))


def currency() -> str:
    """Return the currency that all amounts are in, by its three letters."""
    return str(_get("CURRENCY"))


def retry_days() -> tuple[int, ...] | None:
    """Return the days after the first failure on which an invoice is tried again; None: no schedule."""
    days: Iterable[int] | None = _get("RETRY_DAYS")
    return None if days is None else tuple(days)


def max_tries() -> int:
    """Return how many refused tries an invoice may have on one card number within 30 days."""
    return int(_get("MAX_TRIES"))


def calls_in_flight() -> int:
    """Return how many gateway calls one dispatch keeps in flight, at most."""
    return int(_get("CALLS_IN_FLIGHT"))


def merchant_account_id() -> str:
    """Return the merchant account to charge, empty for the merchant's default one."""
    return str(_get("MERCHANT_ACCOUNT_ID"))


def customer() -> Callable[[Any], Any] | str | None:
    """Return ``CUSTOMER`` as it stands; `genbilling.services.customers` calls it."""
    value: Callable[[Any], Any] | str | None = _get("CUSTOMER")
    return value


def descriptor() -> dict[str, str]:
    """Return what stands on the cardholder's statement: name, phone and url, as far as they are set."""
    return dict(_get("DESCRIPTOR"))


def custom_fields() -> dict[str, str]:
    """Return the custom fields of a sale, and for each a text for `texts.filled_in`."""
    return dict(_get("CUSTOM_FIELDS"))


def invoice_number_format() -> str:
    """Return the format of invoice numbers: for `str.format` with number, period, year and month."""
    return str(_get("INVOICE_NUMBER_FORMAT"))


def embedded_db() -> str:
    """Return ``EMBEDDED_DB`` as it stands; `genbilling.embedded` knows the file."""
    return str(_get("EMBEDDED_DB"))


def braintree() -> Braintree:
    """Return the gateway's settings.

    Raises:
        BadSetting: one is missing or empty, or the environment is none that there is.
    """
    for problem in braintree_problems():
        raise BadSetting(problem)
    environment, merchant_id, public_key, private_key = map(_braintree, BRAINTREE_NAMES)
    return Braintree(
        environment=environment, merchant_id=merchant_id, public_key=public_key, private_key=private_key
    )


def is_braintrees_own() -> bool:
    """Return whether the gateway is one of Braintree's own, production or sandbox: one with a real clock."""
    return getattr(settings, "BRAINTREE_ENVIRONMENT", None) in ("production", "sandbox")


def braintree_problems() -> Iterator[str]:
    """Yield what is wrong with the ``BRAINTREE_*`` settings, a sentence each."""
    for name in BRAINTREE_NAMES:
        value = _braintree(name)
        if not isinstance(value, str) or not value:
            yield f"The setting {name} is missing: it must be a string that is not empty."
        elif name == "BRAINTREE_ENVIRONMENT" and not _is_environment(value):
            yield (
                f"BRAINTREE_ENVIRONMENT is {value!r}: it must be 'production', 'sandbox', 'embedded', or the "
                "URL of a gateway on this host, e.g. 'http://localhost:3000'."
            )


def _braintree(name: str) -> Any:
    embedded = getattr(settings, "BRAINTREE_ENVIRONMENT", None) == "embedded"
    return getattr(settings, name, EMBEDDED_KEYS.get(name) if embedded else None)


def genbilling_problems() -> Iterator[str]:
    """Yield what is wrong with the ``GENBILLING`` dict itself, a sentence each; products apart."""
    given = getattr(settings, "GENBILLING", {})
    if not isinstance(given, dict):
        yield "The setting GENBILLING must be a dict."
        return
    for name in sorted(given.keys() - SETTINGS.keys(), key=str):
        yield f"GENBILLING has the unknown key {name!r}: the keys are {', '.join(SETTINGS)}."
    for name in SETTINGS.keys() & given.keys():
        if problem := SETTINGS[name].problem(given[name]):
            yield f"GENBILLING[{name!r}] is {given[name]!r}: it {problem}."


def _get(name: str) -> Any:
    for problem in genbilling_problems():
        raise BadSetting(problem)
    return getattr(settings, "GENBILLING", {}).get(name, SETTINGS[name].default)


def _is_environment(value: str) -> bool:
    return value in {"production", "sandbox", "embedded"} or is_local_url(value)


def is_local_url(value: str) -> bool:
    """Return whether `value` is the http URL of a port on this host (a loopback name or address)."""
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        return False
    rest = url.path.strip("/") or url.query or url.fragment or "@" in url.netloc
    if url.scheme != "http" or not port or rest:
        return False
    if url.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:
        return False
