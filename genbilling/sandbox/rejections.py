"""The gateway's own rules: sales that it rejects whatever the bank says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from braintree import Transaction

from .books import Books, to_text
from .processor import Outcome

_STATUS = Transaction.Status
_REASON = Transaction.GatewayRejectionReason

# How long a decline counts against a card.
DECLINES_COUNT_FOR = timedelta(days=30)
# A try that came to nothing is no reason to reject the next as its duplicate.
_LIVE = (
    _STATUS.Authorized,
    _STATUS.SubmittedForSettlement,
    _STATUS.Settling,
    _STATUS.Settled,
    _STATUS.SettlementPending,
    _STATUS.SettlementConfirmed,
)


def before_the_bank(
    books: Books, *, kind: str, fingerprint: str, amount: int, order_id: str | None, has_key: bool
) -> str:
    """Return why the gateway does not even ask the bank, or empty text.

    A request with an API request key is told from its duplicates by that, and not looked at for them.
    """
    merchant = books.merchant
    if merchant.rejects_duplicates and not has_key:
        since = to_text(books.now - merchant.duplicate_window)
        # The pluses leave SQLite no index but that of the card, which ends with the window.
        duplicate = books.one(
            "SELECT 1 FROM transactions WHERE fingerprint = ? AND created_at >= ? AND +amount = ?"
            " AND +order_id IS ? AND type = ? AND +refunded_transaction_id IS NULL"
            f" AND +authorized_transaction_id IS NULL AND status IN ({_marks(_LIVE)}) LIMIT 1",
            [fingerprint, since, amount, order_id, kind, *_LIVE],
        )
        if duplicate:
            return _REASON.Duplicate
    if merchant.decline_limit is not None and _declines(books, fingerprint) >= merchant.decline_limit:
        return _REASON.ExcessiveRetry
    return ""


def after_the_bank(books: Books, outcome: Outcome, answers: dict[str, str | None]) -> Outcome:
    """Return the outcome of a sale once the merchant's rules on AVS and CVV were applied to an approval."""
    merchant = books.merchant
    if not outcome.is_approved:
        return outcome
    streets = (answers["avs_street_address_response_code"], answers["avs_postal_code_response_code"])
    wrong_address = merchant.rejects_avs and "N" in streets
    wrong_cvv = merchant.rejects_cvv and answers["cvv_response_code"] == "N"
    reason = {
        (True, True): _REASON.AvsAndCvv,
        (True, False): _REASON.Avs,
        (False, True): _REASON.Cvv,
    }.get((wrong_address, wrong_cvv))
    # The bank had said yes, and its answer stays.
    return replace(outcome, status=_STATUS.GatewayRejected, rejection=reason) if reason else outcome


def _declines(books: Books, fingerprint: str) -> int:
    """Return how many declines of a card count, up to the limit: counting further would serve nobody."""
    row = books.one(
        "SELECT count(*) AS declines FROM (SELECT 1 FROM transactions WHERE fingerprint = ? AND status = ?"
        " AND created_at >= ? LIMIT ?)",
        [
            fingerprint,
            _STATUS.ProcessorDeclined,
            to_text(books.now - DECLINES_COUNT_FOR),
            books.merchant.decline_limit,
        ],
    )
    return row["declines"] if row else 0


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))
