"""Where the embedded Braintree keeps its books: one place, whatever folder a process was started in.

Where Django's test runner, or pytest-django, has made a database of its own, the Braintree is one of its own,
too: in memory, so that no test writes into the developer's file. A test that sets ``EMBEDDED_DB`` gets that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from . import books, conf
from .exceptions import BadSetting

MEMORY = ":memory:"

# As the project's settings have them; a test runner gives a database another name.
_names: dict[str, Any] = {}
_own_setting: list[str] = []


def remember() -> None:
    """Note what the settings say, before any test runner changes them: once the apps are loaded."""
    _names.update((alias, database.get("NAME")) for alias, database in connections.databases.items())
    _own_setting[:] = [_given()]


def path() -> str:
    """Return the file of the books, absolute; or ``":memory:"``.

    Raises:
        BadSetting: the setting is wrong, or a relative path that there is nothing to go by for.
    """
    given = conf.embedded_db()
    if given == MEMORY or (_given() in _own_setting and _is_made_for_tests()):
        return MEMORY
    return given if Path(given).is_absolute() else str(_folder(given) / given)


def problem() -> str:
    """Return, in a sentence, why there can be no books; empty: they can be. The setting itself is good."""
    try:
        file = path()
    except BadSetting as error:
        return str(error)
    if file == MEMORY or Path(file).parent.is_dir():
        return ""
    return f"The embedded Braintree cannot keep its books in {file}: there is no such folder."


def _given() -> str:
    # Read past `conf`, which refuses settings that a check should tell of.
    own = getattr(settings, "GENBILLING", None)
    return str(own.get("EMBEDDED_DB", "")) if isinstance(own, dict) else ""


def _is_made_for_tests() -> bool:
    alias, connection = books.alias(), books.connection()
    return alias in _names and connection.settings_dict.get("NAME") != _names[alias]


def _folder(given: str) -> Path:
    if file := _sqlite_file(books.connection()):
        return Path(file).absolute().parent
    base = getattr(settings, "BASE_DIR", None)
    if base is None:
        raise BadSetting(
            f"GENBILLING['EMBEDDED_DB'] is {given!r}, and it is not clear where: there is neither a SQLite "
            "database to put it beside nor BASE_DIR in the settings. Give an absolute path."
        )
    return Path(base).absolute()


def _sqlite_file(connection: BaseDatabaseWrapper) -> str:
    if connection.vendor != "sqlite":
        return ""
    name = str(connection.settings_dict.get("NAME") or "")
    # A URI, as of a database in memory, is no file to put anything beside.
    return "" if name == MEMORY or name.startswith("file:") else name
