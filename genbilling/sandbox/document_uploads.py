"""The endpoint that takes documents, which can then be evidence in a dispute."""

from __future__ import annotations

from typing import Any

from braintree import DocumentUpload, ErrorCodes

from .bodies import FORM
from .books import Books, global_id
from .exchange import Reply, Request
from .validation import Errors

_CODES = ErrorCodes.DocumentUpload

MAX_SIZE = 4_194_304
MAX_PAGES = 50
# Content type to the bytes that such a file begins with.
_BEGINNINGS = {"application/pdf": b"%PDF", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG"}


def create(books: Books, request: Request) -> Reply:
    """Take a document. What is in it is not kept, only its name and its size."""
    form = request.section(FORM)
    kind, file = form.section("document_upload").text("kind"), form.section("file").values
    errors = Errors()
    here = errors.under("document_upload")
    if kind != DocumentUpload.Kind.EvidenceDocument:
        here.add("kind", _CODES.KindIsInvalid)
    problem = _problem(file)
    if problem is not None:
        here.add("file", problem)
    errors.raise_if_any()
    document_id = books.fresh_id("documents", length=16)
    details = {"name": file["name"], "content_type": file["content_type"], "size": file["size"], "kind": kind}
    books.insert("documents", id=document_id, created_at=books.today, details=details)
    shown = {"id": document_id, "global_id": global_id("documentupload", document_id), **details}
    return Reply(201, "document_upload", {**shown, "expires_at": None})


def _problem(file: dict[str, Any]) -> str | None:
    size = file.get("size", 0)
    if not size:
        return _CODES.FileIsEmpty
    if size > MAX_SIZE:
        return _CODES.FileIsTooLarge
    beginning = _BEGINNINGS.get(file["content_type"])
    if beginning is None:
        return _CODES.FileTypeIsInvalid
    if file["pages"] > MAX_PAGES:
        return _CODES.FileIsTooLong
    if not bytes.fromhex(file["start"]).startswith(beginning):
        return _CODES.FileIsMalformedOrEncrypted
    return None
