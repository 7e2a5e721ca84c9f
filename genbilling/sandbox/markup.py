"""The XML of Braintree's API: requests into plain values, plain values into answers.

Requests keep underscored names, answers have dashed ones. A list is an element with ``type="array"``;
numbers, booleans and times carry their type; None is ``nil="true"`` and must stand alone, because the
SDK raises on a nil that also has a type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from xml.parsers import expat

from .errors import BadRequestError

# Deeper than any request of the SDK (air travel legs, depth 6), and no strain on the stack.
MAX_DEPTH = 32

_ESCAPES: dict[int, str | None] = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    # A bare carriage return would reach the reader as a line feed.
    ord("\r"): "&#13;",
    # XML 1.0 has no way to write these.
    **dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF]),
    **dict.fromkeys(range(0xD800, 0xE000)),
}


@dataclass(frozen=True)
class Items:
    """A list whose elements have a name of their own, instead of ``item``."""

    name: str
    values: Iterable[Any]


@dataclass(frozen=True)
class Elements:
    """Elements of one name directly inside their parent, with no list around them, after some others."""

    name: str
    values: Iterable[Any]
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Node:
    name: str
    attributes: dict[str, str]
    children: list[tuple[str, Any]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def value(self) -> Any:
        """Return the plain value of this element: list, dict, int, bool, text, or None if empty."""
        kind = self.attributes.get("type")
        text = "".join(self.text)
        if kind == "array":
            return [value for _, value in self.children]
        if self.children:
            return dict(self.children)
        if kind == "integer" and text:
            return _integer(text)
        if kind == "boolean":
            return text.strip() in ("true", "1")
        return text or None


class _Reader:
    """Collects what expat reports; refuses document types, and so every entity of one's own making."""

    def __init__(self) -> None:
        self.root: tuple[str, Any] = ("", None)
        self.open: list[_Node] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise BadRequestError(f"The XML is nested more than {MAX_DEPTH} levels deep.")
        self.open.append(_Node(name.replace("-", "_"), attributes))

    def end(self, _name: str) -> None:
        node = self.open.pop()
        if self.open:
            self.open[-1].children.append((node.name, node.value()))
        else:
            self.root = (node.name, node.value())

    def text(self, text: str) -> None:
        self.open[-1].text.append(text)

    def doctype(self, *_: Any) -> None:
        raise BadRequestError("The XML has a document type, which requests may not have.")


def parse(body: str | bytes) -> tuple[str, Any]:
    """Return the name of the root element and its plain value.

    Raises BadRequestError where the body is not well-formed, is too deep or has a document type.
    """
    reader = _Reader()
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body.encode() if isinstance(body, str) else body, True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise BadRequestError(f"The body is not well-formed XML: {error}.") from error
    return reader.root


def build(root: str, value: Any) -> str:
    """Return an XML document with one root element of that name."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(root, value, out)
    return "".join(out)


def _write(name: str, value: Any, out: list[str]) -> None:
    tag = name.replace("_", "-")
    # First what most values are: an answer has some two hundred.
    if isinstance(value, str):
        out.append(f"<{tag}>{value.translate(_ESCAPES)}</{tag}>")
    elif value is None or value == {}:
        out.append(f'<{tag} nil="true"/>')
    elif isinstance(value, dict):
        out.append(f"<{tag}>")
        for key, child in value.items():
            _write(key, child, out)
        out.append(f"</{tag}>")
    elif isinstance(value, list):
        _write(name, Items("item", value), out)
    elif isinstance(value, Items):
        out.append(f'<{tag} type="array">')
        for child in value.values:
            _write(value.name, child, out)
        out.append(f"</{tag}>")
    elif isinstance(value, Elements):
        out.append(f"<{tag}>")
        for key, child in value.others.items():
            _write(key, child, out)
        for child in value.values:
            _write(value.name, child, out)
        out.append(f"</{tag}>")
    else:
        kind, text = _scalar(value)
        out.append(f"<{tag}{kind}>{text}</{tag}>")


def _scalar(value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return ' type="boolean"', "true" if value else "false"
    if isinstance(value, int):
        return ' type="integer"', str(value)
    if isinstance(value, datetime):
        return ' type="datetime"', f"{value.isoformat()[:19]}Z"
    if isinstance(value, date):
        return ' type="date"', value.isoformat()
    return "", str(value).translate(_ESCAPES)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadRequestError(f"{text[:40]!r} is not an integer.") from error
