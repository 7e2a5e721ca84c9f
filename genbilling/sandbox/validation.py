"""Validation errors: collecting them, and the 422 that lists them."""

from __future__ import annotations

from typing import Any

from .errors import RequestError
from .markup import Items
from .messages import message_for


class InvalidError(RequestError):
    """The request was understood and is refused: a 422 with validation errors. Nothing was written."""

    status = 422

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors.message)
        self.errors = errors


class Errors:
    """Validation errors, nested as the request is.

    ``under`` gives a view one level down that adds to the same collection, so that code which checks a
    card need not know whether the card came alone, with a customer or with a sale.
    """

    def __init__(self) -> None:
        self._path: tuple[str, ...] = ()
        self._found: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def under(self, name: str) -> Errors:
        """Return a view that adds its errors one level below this one."""
        view = Errors()
        view._path = (*self._path, name)
        view._found = self._found
        return view

    def beside(self, name: str) -> Errors:
        """Return a view that adds its errors on the same level as this one, under another name."""
        view = self.under(name)
        view._path = (*self._path[:-1], name)
        return view

    def add(self, attribute: str, code: str, text: str | None = None) -> None:
        """Add one error. Its text is the usual one of the code, unless one is given."""
        error = {"attribute": attribute, "code": code, "message": text or message_for(code)}
        self._found.append((self._path, error))

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def message(self) -> str:
        """All texts, one a line, as the ``message`` of the answer gives them."""
        return "\n".join(error["message"] for _, error in self._found)

    def raise_if_any(self) -> None:
        """Raise InvalidError if an error was added, here or below."""
        if self:
            raise InvalidError(self)

    def tree(self) -> dict[str, Any]:
        """Return the errors as the SDK reads them: every level has an ``errors`` list of its own."""
        root: dict[str, Any] = {"errors": []}
        for path, error in self._found:
            node = root
            for name in path:
                node = node.setdefault(name, {"errors": []})
            node["errors"].append(error)
        return _wrapped(root)


def _wrapped(node: dict[str, Any]) -> dict[str, Any]:
    from_below = {name: _wrapped(child) for name, child in node.items() if name != "errors"}
    return {"errors": Items("error", node["errors"]), **from_below}


def invalid(path: tuple[str, ...], attribute: str, code: str) -> InvalidError:
    """Return the exception for a single error at that path."""
    errors = Errors()
    view = errors
    for name in path:
        view = view.under(name)
    view.add(attribute, code)
    return InvalidError(errors)
