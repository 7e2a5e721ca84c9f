"""Disputes in the books: opening one, moving it to another status, showing it."""

from __future__ import annotations

import json
import secrets
from datetime import date, timedelta
from typing import Any

from braintree import Dispute
from braintree.test.credit_card_numbers import CreditCardNumbers

from . import amounts, card_numbers
from .books import Books, global_id, to_time
from .errors import NotFoundError

_STATUS = Dispute.Status

KINDS = (Dispute.Kind.Chargeback, Dispute.Kind.PreArbitration, Dispute.Kind.Retrieval)
STATUSES = tuple(value for name, value in vars(_STATUS).items() if not name.startswith("_"))
REASONS = tuple(value for name, value in vars(Dispute.Reason).items() if not name.startswith("_"))

# Visa's code for a sale that the cardholder says was fraud.
_FRAUD_CODE = "83"
# How long a merchant has to answer.
_REPLY_WITHIN = timedelta(days=14)
# Bytes of files that a dispute may hold.
_FILE_STORAGE = 2_097_152

_CHARGEBACK_CARD = card_numbers.fingerprint(CreditCardNumbers.Disputes.Chargeback)


def open_if_special(books: Books, transaction_id: str, fingerprint: str, amount: int) -> None:
    """Open a dispute if a transaction charged the test card whose sales are disputed at once."""
    if fingerprint == _CHARGEBACK_CARD:
        insert(books, transaction_id, amount=amount)


def insert(
    books: Books,
    transaction_id: str,
    *,
    amount: int,
    kind: str = Dispute.Kind.Chargeback,
    reason: str = Dispute.Reason.Fraud,
    status: str = _STATUS.Open,
) -> str:
    """Keep a new dispute about a transaction, for an amount in cents; return its id."""
    dispute_id = books.fresh_id("disputes", length=16)
    statuses = [_STATUS.Open] if status == _STATUS.Open else [_STATUS.Open, status]
    details = {
        "reason": reason,
        "reason_code": _FRAUD_CODE if reason == Dispute.Reason.Fraud else None,
        "case_number": f"CB{secrets.randbelow(10**12):012}",
        "reference_number": f"{secrets.randbelow(10**11):011}",
        "amount_won": amount if status == _STATUS.Won else 0,
        "history": [_event(books, each) for each in statuses],
    }
    books.insert(
        "disputes",
        id=dispute_id,
        transaction_id=transaction_id,
        status=status,
        kind=kind,
        amount=amount,
        received_on=f"{books.now:%Y-%m-%d}",
        reply_by=f"{books.now + _REPLY_WITHIN:%Y-%m-%d}",
        created_at=books.today,
        updated_at=books.today,
        details=details,
    )
    return dispute_id


def load(books: Books, dispute_id: str) -> Any:
    """Return the row of a dispute. Raises NotFoundError."""
    row = books.one("SELECT * FROM disputes WHERE id = ?", [dispute_id])
    if row is None:
        raise NotFoundError(f"There is no dispute with the id {dispute_id!r}.")
    return row


def move(books: Books, dispute_id: str, status: str) -> None:
    """Put a dispute into another status; one that is won gives the amount back."""
    row = load(books, dispute_id)
    details = json.loads(row["details"])
    details["history"].append(_event(books, status))
    details["amount_won"] = row["amount"] if status == _STATUS.Won else 0
    books.run(
        "UPDATE disputes SET status = ?, details = ?, updated_at = ? WHERE id = ?",
        [status, json.dumps(details), books.today, dispute_id],
    )


def show_all(books: Books, transaction_id: str) -> list[dict[str, Any]]:
    """Return the elements of the disputes about a transaction."""
    rows = books.all("SELECT * FROM disputes WHERE transaction_id = ? ORDER BY number", [transaction_id])
    return [shown(books, row) for row in rows]


def shown(books: Books, row: Any) -> dict[str, Any]:
    """Return the elements of the dispute in a row of the books."""
    details = json.loads(row["details"])
    sale = books.one("SELECT * FROM transactions WHERE id = ?", [row["transaction_id"]])
    if sale is None:
        raise NotFoundError(f"The transaction {row['transaction_id']!r} of a dispute is gone.")
    currency = sale["currency"]
    won = row["status"] == _STATUS.Won
    return {
        "id": row["id"],
        "global_id": global_id("dispute", row["id"]),
        "amount": amounts.show(row["amount"], currency),
        "amount_disputed": amounts.show(row["amount"], currency),
        "amount_won": amounts.show(details["amount_won"], currency),
        "case_number": details["case_number"],
        "created_at": to_time(row["created_at"]),
        "updated_at": to_time(row["updated_at"]),
        "currency_iso_code": currency,
        "date_opened": date.fromisoformat(row["received_on"]),
        "date_won": to_time(row["updated_at"]).date() if won else None,
        "kind": row["kind"],
        "merchant_account_id": sale["merchant_account_id"],
        "original_dispute_id": None,
        "pre_dispute_program": Dispute.PreDisputeProgram.NONE,
        "processor_comments": None,
        "forwarded_comments": None,
        "reason": details["reason"],
        "reason_code": details["reason_code"],
        "reason_description": None,
        "received_date": date.fromisoformat(row["received_on"]),
        "reference_number": details["reference_number"],
        "remaining_file_evidence_storage": _FILE_STORAGE,
        "reply_by_date": date.fromisoformat(row["reply_by"]),
        "status": row["status"],
        "transaction": _transaction(sale),
        "status_history": [_shown_event(event) for event in details["history"]],
        "evidence": _evidence(books, row["id"]),
        "paypal_messages": [],
    }


def shown_evidence(row: Any) -> dict[str, Any]:
    """Return the elements of the piece of evidence in a row of the books."""
    details = json.loads(row["details"])
    return {
        "id": row["id"],
        "global_id": global_id("disputeevidence", row["id"]),
        "category": details["category"],
        "comment": details["comments"],
        "comments": details["comments"],
        "created_at": to_time(row["created_at"]),
        "sent_to_processor_at": None,
        "sequence_number": details["sequence_number"],
        "url": details["url"],
    }


def _evidence(books: Books, dispute_id: str) -> list[dict[str, Any]]:
    rows = books.all("SELECT * FROM dispute_evidence WHERE dispute_id = ? ORDER BY number", [dispute_id])
    return [shown_evidence(row) for row in rows]


def _transaction(sale: Any) -> dict[str, Any]:
    details = json.loads(sale["details"])
    return {
        "id": sale["id"],
        "global_id": global_id("transaction", sale["id"]),
        "amount": amounts.show(sale["amount"], sale["currency"]),
        "created_at": to_time(sale["created_at"]),
        "installment_count": None,
        "order_id": sale["order_id"],
        "payment_instrument_subtype": details["card"]["card_type"],
        "purchase_order_number": details["fields"].get("purchase_order_number"),
    }


def _event(books: Books, status: str) -> dict[str, str]:
    day = f"{books.now:%Y-%m-%d}"
    return {"status": status, "at": books.today, "effective_on": day, "disbursed_on": day}


def _shown_event(event: dict[str, str]) -> dict[str, Any]:
    return {
        "status": event["status"],
        "timestamp": to_time(event["at"]),
        "effective_date": date.fromisoformat(event["effective_on"]),
        "disbursement_date": date.fromisoformat(event["disbursed_on"]),
    }
