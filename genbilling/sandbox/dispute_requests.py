"""The endpoints of disputes and of the evidence in them."""

from __future__ import annotations

import json
from typing import Any

from braintree import Dispute, ErrorCodes

from . import dispute_categories, disputes
from .books import Books
from .errors import NotFoundError
from .exchange import EMPTY, Reply, Request
from .params import Params
from .validation import Errors, invalid

_CODES = ErrorCodes.Dispute
_STATUS = Dispute.Status


def find(books: Books, request: Request) -> Reply:
    """Show a dispute."""
    return Reply(200, "dispute", disputes.shown(books, disputes.load(books, request.ids[0])))


def accept(books: Books, request: Request) -> Reply:
    """Let the cardholder have the money."""
    _check_open(books, request, _CODES.CanOnlyAcceptOpenDispute)
    disputes.move(books, request.ids[0], _STATUS.Accepted)
    return EMPTY


def finalize(books: Books, request: Request) -> Reply:
    """Send the evidence to the bank; evidence with one of two special texts decides the dispute at once."""
    (dispute_id,) = request.ids
    _check_open(books, request, _CODES.CanOnlyFinalizeOpenDispute)
    evidence = [json.loads(row["details"]) for row in _evidence_of(books, dispute_id)]
    errors = Errors()
    for code in dispute_categories.missing({piece["category"] for piece in evidence}):
        errors.under("dispute").add("evidence", code)
    errors.raise_if_any()
    disputes.move(books, dispute_id, _STATUS.Disputed)
    texts = {piece["comments"] for piece in evidence}
    for text, status in dispute_categories.DECIDING_TEXTS.items():
        if text in texts:
            disputes.move(books, dispute_id, status)
            break
    return EMPTY


def add_evidence(books: Books, request: Request) -> Reply:
    """Add a text, or a document that was uploaded, to an open dispute."""
    (dispute_id,) = request.ids
    disputes.load(books, dispute_id)
    params = request.section("evidence")
    document_id = params.text("document_upload_id")
    if document_id is not None and not books.holds("documents", "id", document_id):
        raise NotFoundError(f"There is no document with the id {document_id!r}.")
    _check_open(books, request, _CODES.CanOnlyAddEvidenceToOpenDispute)
    evidence_id = _insert(books, dispute_id, _read_evidence(params, document_id))
    row = books.one("SELECT * FROM dispute_evidence WHERE id = ?", [evidence_id])
    return Reply(201, "evidence", disputes.shown_evidence(row))


def remove_evidence(books: Books, request: Request) -> Reply:
    """Take a piece of evidence out of an open dispute."""
    dispute_id, evidence_id = request.ids
    if not any(row["id"] == evidence_id for row in _evidence_of(books, dispute_id)):
        raise NotFoundError(f"The dispute {dispute_id!r} has no evidence {evidence_id!r}.")
    _check_open(books, request, _CODES.CanOnlyRemoveEvidenceFromOpenDispute)
    books.run("DELETE FROM dispute_evidence WHERE id = ?", [evidence_id])
    return EMPTY


def _check_open(books: Books, request: Request, code: str) -> None:
    """Raise InvalidError unless the dispute is open."""
    if disputes.load(books, request.ids[0])["status"] != _STATUS.Open:
        raise invalid(("dispute",), "status", code)


def _read_evidence(params: Params, document_id: str | None) -> dict[str, Any]:
    category, text = params.text("category"), params.text("comments")
    code = dispute_categories.problem(category, None if document_id else text or "")
    if code is not None:
        raise invalid(("dispute",), "evidence", code)
    number = params.text("sequence_number")
    return {
        "category": category,
        "comments": None if document_id else text,
        "sequence_number": int(number) if number and number.isdigit() else None,
        "url": f"https://sandbox.invalid/documents/{document_id}" if document_id else None,
    }


def _insert(books: Books, dispute_id: str, details: dict[str, Any]) -> str:
    evidence_id = books.fresh_id("dispute_evidence", length=16)
    books.insert(
        "dispute_evidence", id=evidence_id, dispute_id=dispute_id, created_at=books.today, details=details
    )
    return evidence_id


def _evidence_of(books: Books, dispute_id: str) -> list[Any]:
    return books.all("SELECT * FROM dispute_evidence WHERE dispute_id = ? ORDER BY number", [dispute_id])
