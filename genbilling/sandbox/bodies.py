"""Bodies and queries of requests: XML as a rule, and multipart forms where files are sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from . import markup
from .errors import BadRequestError

FORM = "form"

# Far above any request of the SDK that brings no file.
MAX_BODY = 1_000_000
# Above the largest document that is taken, so that one that is too large can be told so.
MAX_UPLOAD = 8_000_000
_UPLOADS = "/document_uploads"

_NAME = re.compile(r"[A-Za-z_]\w{0,100}(?:\[[A-Za-z_]\w{0,100}\]){0,8}", re.ASCII)

# Takes any text apart, where the standard library refuses some.
_URL = re.compile(r"(?:(https?)://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)


def read(headers: Mapping[str, str | bytes], body: Any) -> tuple[str, Any]:
    """Return the root element of a body and its plain value; for a form, ``form`` and its fields.

    A file becomes a dict with its name, content type and size. Raises BadRequestError.
    """
    if isinstance(body, tuple):
        return FORM, _from_parts(*body)
    kind = _header(headers, "content-type")
    if kind.lower().startswith("multipart/form-data"):
        return FORM, _from_form(kind, body.encode() if isinstance(body, str) else body)
    return markup.parse(body) if body.strip() else ("", None)


def limit_for(url: str) -> int:
    """Return how many bytes a body sent there may have."""
    return MAX_UPLOAD if path_of(url).endswith(_UPLOADS) else MAX_BODY


def path_of(url: str) -> str:
    """Return the path of a URL."""
    return _parts(url)[2]


def pairs_of(url: str) -> list[tuple[str, str]]:
    """Return the names and values of a URL's query, in their order."""
    return parse_qsl(_parts(url)[3], keep_blank_values=True)


def query_of(url: str) -> dict[str, str]:
    """Return the names and values of a URL's query, the last one of each name."""
    return dict(pairs_of(url))


def origin_of(headers: Mapping[str, str | bytes], url: str) -> str:
    """Return scheme and host of a request, from its URL or else its Host header."""
    scheme, host, _, _ = _parts(url)
    return f"{scheme or 'http'}://{host or _header(headers, 'host') or 'localhost'}"


def _parts(url: str) -> tuple[str, str, str, str]:
    match = _URL.fullmatch(url)
    scheme, host, path, query = match.groups() if match else (None, None, "", None)
    return scheme or "", host or "", path or "", query or ""


def _header(headers: Mapping[str, str | bytes], wanted: str) -> str:
    given = next((value for name, value in headers.items() if name.lower() == wanted), "")
    return given.decode("latin-1") if isinstance(given, bytes) else given


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the dicts that names like ``credit_card[billing_address][region]`` stand for."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        # Other names could not be shown in XML.
        if not _NAME.fullmatch(name):
            continue
        *outer, last = re.findall(r"[^\[\]]+", name)
        node = root
        for key in outer:
            inner = node.setdefault(key, {})
            node = inner if isinstance(inner, dict) else {}
        node[last] = value
    return root


def _from_parts(fields: Any, files: Any) -> dict[str, Any]:
    """Return the fields of a form that never became text: inside the process the SDK hands over a tuple."""
    form = nested(fields.items()) if isinstance(fields, Mapping) else {}
    for name, (file_name, file, kind) in dict(files or {}).items():
        form[name] = _file(file_name, kind, file.read())
    return form


def _from_form(kind: str, body: bytes) -> dict[str, Any]:
    parsed = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n" + body
    )
    if not parsed.is_multipart():
        raise BadRequestError("The form cannot be read.")
    return nested(_part(part) for part in parsed.iter_parts())


def _part(part: Message) -> tuple[str, Any]:
    name = str(part.get_param("name", "", header="content-disposition"))
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    file_name = part.get_filename()
    if file_name is None:
        return name, content.decode("utf-8", "replace")
    return name, _file(file_name, part.get_content_type(), content)


def _file(name: str, kind: str | None, content: bytes | str) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    return {
        "name": name,
        "content_type": kind or "",
        "size": len(data),
        "start": data[:8].hex(),
        # In a PDF, that is.
        "pages": len(re.findall(rb"/Type\s*/Page\b", data)),
    }
