"""What webhooks are about: for each kind, the elements of its subject."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from braintree import Dispute, Transaction, WebhookNotification

from . import amounts, disputes, transaction_view, transactions, vault
from .books import Books
from .errors import NotFoundError

_KIND = WebhookNotification.Kind
_STATUS = Transaction.Status

Subject = dict[str, Any]

# As many transactions as one notice of a disbursement names.
_MAX_NAMED = 1000


class SubjectError(Exception):
    """There is nothing of which such a notice could tell; the text says why and what to do."""


def subject(books: Books, kind: str, subject_id: str | None) -> Subject:
    """Return the subject of a notice of that kind. Raises SubjectError."""
    make = _SUBJECTS.get(kind)
    if make is None:
        raise SubjectError(f"{kind!r} is not a kind of webhook of cards. Choose one of {', '.join(KINDS)}.")
    try:
        return make(books, kind, subject_id or "")
    except NotFoundError as error:
        raise SubjectError(f"{error} A webhook of the kind {kind} needs the id of one.") from error


def _check(_books: Books, _kind: str, _subject_id: str) -> Subject:
    return {"check": True}


def _transaction(books: Books, kind: str, subject_id: str) -> Subject:
    kept = transactions.load(books, subject_id)
    wanted = _TRANSACTION_STATUS.get(kind)
    if wanted is not None and kept.status != wanted:
        raise SubjectError(
            f"The transaction {kept.id} is {kept.status}; {kind} tells of one that is {wanted}. "
            "Take it there with the gateway's testing methods first."
        )
    if kind == _KIND.TransactionDisbursed and kept.disbursed_on is None:
        raise SubjectError(
            f"The transaction {kept.id} was not paid out yet; set the clock some days ahead after it settled."
        )
    return {"transaction": transaction_view.show(books, kept)}


def _review(books: Books, _kind: str, subject_id: str) -> Subject:
    kept = transactions.load(books, subject_id)
    return {
        "transaction_review": {
            "transaction_id": kept.id,
            "decision": "approve",
            "reviewer_email": "reviewer@example.com",
            "reviewer_note": None,
            "reviewed_time": books.now,
        }
    }


def _dispute(books: Books, kind: str, subject_id: str) -> Subject:
    row = disputes.load(books, subject_id)
    wanted = DISPUTE_KINDS[kind]
    if row["status"] != wanted:
        raise SubjectError(
            f"The dispute {row['id']} is {row['status']}; {kind} tells of one that is {wanted}. "
            "Take it there with move_dispute first."
        )
    return {"dispute": disputes.shown(books, row)}


def _disbursement(books: Books, kind: str, subject_id: str) -> Subject:
    """Return the disbursement of a day, ``2026-01-31``, or of the last day on which there was one."""
    latest = books.one("SELECT max(disbursed_on) AS day FROM transactions")
    day = subject_id or (latest["day"] if latest else None) or f"{books.now:%Y-%m-%d}"
    try:
        disbursed_on = date.fromisoformat(day)
    except ValueError as error:
        raise SubjectError(f"{day!r} is not a day; write it like 2026-01-31.") from error
    rows = books.all(
        "SELECT id, type, amount FROM transactions WHERE disbursed_on = ? ORDER BY number LIMIT ?",
        [day, _MAX_NAMED],
    )
    total = sum(row["amount"] if row["type"] == "sale" else -row["amount"] for row in rows)
    account = books.merchant.default_account
    currency = books.merchant.accounts[account]
    failed = kind == _KIND.DisbursementException
    return {
        "disbursement": {
            "id": f"{day}-{account}",
            "transaction_ids": [row["id"] for row in rows],
            "success": not failed,
            "retry": False,
            "merchant_account": {
                "id": account,
                "currency_iso_code": currency,
                "sub_merchant_account": False,
                "default": True,
                "status": "active",
            },
            "amount": amounts.show(abs(total), currency),
            "disbursement_date": disbursed_on,
            "disbursement_type": "credit" if total >= 0 else "debit",
            "exception_message": "bank_rejected" if failed else None,
            "follow_up_action": "update_funding_information" if failed else None,
        }
    }


def _updated_cards(books: Books, _kind: str, subject_id: str) -> Subject:
    url = subject_id or "https://sandbox.invalid/account-updater.csv"
    return {"account_updater_daily_report": {"report_date": books.now.date(), "report_url": url}}


def _revoked_card(books: Books, _kind: str, subject_id: str) -> Subject:
    return {"credit_card": {**vault.show(books, subject_id), "revoked_at": books.now}}


_TRANSACTION_STATUS = {
    _KIND.TransactionSettled: _STATUS.Settled,
    _KIND.TransactionSettlementDeclined: _STATUS.SettlementDeclined,
}
# Kind to the status that a dispute has then.
DISPUTE_KINDS = {
    _KIND.DisputeAccepted: Dispute.Status.Accepted,
    _KIND.DisputeAutoAccepted: Dispute.Status.AutoAccepted,
    _KIND.DisputeDisputed: Dispute.Status.Disputed,
    _KIND.DisputeExpired: Dispute.Status.Expired,
    _KIND.DisputeLost: Dispute.Status.Lost,
    _KIND.DisputeOpened: Dispute.Status.Open,
    _KIND.DisputeUnderReview: Dispute.Status.UnderReview,
    _KIND.DisputeWon: Dispute.Status.Won,
}
_SUBJECTS: dict[str, Callable[[Books, str, str], Subject]] = {
    _KIND.AccountUpdaterDailyReport: _updated_cards,
    _KIND.Check: _check,
    _KIND.Disbursement: _disbursement,
    _KIND.DisbursementException: _disbursement,
    **dict.fromkeys(DISPUTE_KINDS, _dispute),
    _KIND.PaymentMethodRevokedByCustomer: _revoked_card,
    _KIND.RefundFailed: _transaction,
    _KIND.TransactionDisbursed: _transaction,
    _KIND.TransactionRetried: _transaction,
    _KIND.TransactionReviewed: _review,
    _KIND.TransactionSettled: _transaction,
    _KIND.TransactionSettlementDeclined: _transaction,
}
KINDS = tuple(_SUBJECTS)
