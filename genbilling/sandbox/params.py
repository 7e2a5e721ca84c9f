"""Reading what a request says, whatever shape it came in."""

from __future__ import annotations

from typing import Any


class Params:
    """One section of a request: names and values, read leniently.

    A value of an unexpected shape (text where a section belongs, a list where text belongs) counts as
    absent, so that no request, however odd, can break a handler.
    """

    def __init__(self, values: object = None) -> None:
        self.values: dict[str, Any] = values if isinstance(values, dict) else {}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str | None:
        """Return the value as text, or None where it is absent or empty."""
        value = self.values.get(name)
        if value is None or isinstance(value, dict | list):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) or None

    def flag(self, name: str) -> bool:
        """Return whether the value is true; absent counts as false."""
        value = self.values.get(name)
        return value is True or value in ("true", "1", 1)

    def section(self, name: str) -> Params:
        """Return the section of that name, empty where there is none."""
        return Params(self.values.get(name))

    def sections(self, name: str) -> list[Params]:
        """Return the list of sections of that name, empty where there is none."""
        value = self.values.get(name)
        return [Params(item) for item in value] if isinstance(value, list) else []

    def texts(self, *names: str) -> dict[str, str | None]:
        """Return the named values as text, one entry for every name."""
        return {name: self.text(name) for name in names}

    def given(self, *names: str) -> dict[str, str | None]:
        """Return those of the named values that the request mentions, even if empty."""
        return {name: self.text(name) for name in names if name in self.values}
