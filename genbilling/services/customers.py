"""What Braintree is told of a customer: by ``GENBILLING["CUSTOMER"]``, or else the user's e-mail and name."""

from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string

from .. import conf
from ..exceptions import BadSetting, one_line

KEYS = frozenset({"email", "first_name", "last_name", "company", "phone", "fax", "website"})


def told_of(user: Any) -> dict[str, str]:
    """Return what Braintree is told of `user`; what is empty is left out.

    Raises:
        BadSetting: ``GENBILLING["CUSTOMER"]`` is not there, or returns something else than a dict of strings.
    """
    given = _describe(user)
    if not isinstance(given, dict) or not given.keys() <= KEYS or not all(map(_is_text, given.values())):
        raise BadSetting(
            f"GENBILLING['CUSTOMER'] returned {_shown(given)}: it must return a dict of strings, with no "
            f"keys but {', '.join(sorted(KEYS))}."
        )
    # XML, in which it is sent, has no place for control characters.
    told = {name: one_line(text).strip() for name, text in given.items() if text}
    return {name: text for name, text in told.items() if text}


def _describe(user: Any) -> Any:
    describe = conf.customer()
    if isinstance(describe, str):
        try:
            describe = import_string(describe)
        except ImportError as error:
            raise BadSetting(f"GENBILLING['CUSTOMER'] cannot be imported: {error}") from error
    if describe is None:
        return _email_and_name(user)
    if not callable(describe):
        raise BadSetting(f"GENBILLING['CUSTOMER'] is {describe!r}: it must be a callable.")
    return describe(user)


def _email_and_name(user: Any) -> dict[str, Any]:
    """Return what any user model may have; one of the project's own need not."""
    email = getattr(user, "get_email_field_name", lambda: "email")()
    return {
        "email": getattr(user, email, "") or "",
        **{name: getattr(user, name, "") or "" for name in ("first_name", "last_name")},
    }


def _is_text(value: object) -> bool:
    return isinstance(value, str) or value is None


def _shown(given: object) -> str:
    # Not the values: they are somebody's name and address.
    return (
        f"a dict with {', '.join(map(repr, given))}"
        if isinstance(given, dict)
        else f"a {type(given).__name__}"
    )
