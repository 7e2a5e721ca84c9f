"""The categories of evidence, and what is asked of evidence in each."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from braintree import ErrorCodes

_CODES = ErrorCodes.Dispute

_DATES = ("DOWNLOAD_DATE_TIME", "PRIOR_NON_DISPUTED_TRANSACTION_DATE_TIME", "RECURRING_TRANSACTION_DATE_TIME")
_REFERENCES = ("PRIOR_NON_DISPUTED_TRANSACTION_ARN", "RECURRING_TRANSACTION_ARN")
_EMAILS = ("PRIOR_NON_DISPUTED_TRANSACTION_EMAIL_ADDRESS", "PURCHASER_EMAIL_ADDRESS")
_PHONES = ("PRIOR_NON_DISPUTED_TRANSACTION_PHONE_NUMBER",)
TEXT_ONLY = (
    *_DATES,
    *_REFERENCES,
    *_EMAILS,
    *_PHONES,
    "CARRIER_NAME",
    "DEVICE_ID",
    "DEVICE_NAME",
    "GEOGRAPHICAL_LOCATION",
    "PRIOR_NON_DISPUTED_TRANSACTION_IP_ADDRESS",
    "PRIOR_NON_DISPUTED_TRANSACTION_PHYSICAL_ADDRESS",
    "PURCHASER_IP_ADDRESS",
    "PURCHASER_NAME",
    "REFUND_ID",
    "TRACKING_NUMBER",
    "TRACKING_URL",
)
DOCUMENT_ONLY = (
    "LEGIT_PAYMENTS_FOR_SAME_MERCHANDISE",
    "MERCHANT_WEBSITE_OR_APP_ACCESS",
    "PROFILE_SETUP_OR_APP_ACCESS",
    "PROOF_OF_AUTHORIZED_SIGNER",
    "PROOF_OF_DELIVERY",
    "PROOF_OF_DELIVERY_EMP_ADDRESS",
    "PROOF_OF_POSSESSION_OR_USAGE",
    "SIGNED_DELIVERY_FORM",
    "SIGNED_ORDER_FORM",
    "TICKET_PROOF",
)
ALL = (*TEXT_ONLY, *DOCUMENT_ONLY, "CREDIT_ISSUED", "EVIDENCE_TYPE", "GENERAL", "PROOF_OF_FULFILLMENT")

_MAX_TEXT = 500
_MAX_REFERENCE = 25
_MAX_PHONE = 15

# Evidence that says one of these decides the dispute in Braintree's sandbox, once it is finalized.
DECIDING_TEXTS = {"compelling_evidence": "won", "losing_evidence": "lost"}

_DOWNLOADS = ("DEVICE_ID", "DEVICE_NAME", "GEOGRAPHICAL_LOCATION", "PURCHASER_IP_ADDRESS", "PURCHASER_NAME")


def problem(category: str | None, text: str | None) -> str | None:
    """Return the code of what is wrong with evidence of a category; ``text`` is None for a document."""
    if category is not None and category not in ALL:
        return _CODES.CanOnlyCreateEvidenceWithValidCategory
    if text is None:
        return _CODES.EvidenceCategoryTextOnly if category in TEXT_ONLY else None
    if category in DOCUMENT_ONLY:
        return _CODES.EvidenceCategoryDocumentOnly
    if category in _DATES and not _is_time(text):
        return _CODES.EvidenceContentDateInvalid
    if category in _REFERENCES and len(text) > _MAX_REFERENCE:
        return _CODES.EvidenceContentARNTooLong
    if category in _PHONES and len(text) > _MAX_PHONE:
        return _CODES.EvidenceContentPhoneTooLong
    if category in _EMAILS and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        return _CODES.EvidenceContentEmailInvalid
    return _CODES.EvidenceContentTooLong if len(text) > _MAX_TEXT else None


def missing(categories: Collection[str]) -> list[str]:
    """Return the codes of what a dispute with evidence of these categories lacks to be finalized."""
    found = []
    if "PRIOR_NON_DISPUTED_TRANSACTION_DATE_TIME" in categories and _REFERENCES[0] not in categories:
        found.append(_CODES.NonDisputedPriorTransactionEvidenceMissingARN)
    if _REFERENCES[0] in categories and "PRIOR_NON_DISPUTED_TRANSACTION_DATE_TIME" not in categories:
        found.append(_CODES.NonDisputedPriorTransactionEvidenceMissingDate)
    if _REFERENCES[1] in categories and "RECURRING_TRANSACTION_DATE_TIME" not in categories:
        found.append(_CODES.RecurringTransactionEvidenceMissingDate)
    if "RECURRING_TRANSACTION_DATE_TIME" in categories and _REFERENCES[1] not in categories:
        found.append(_CODES.RecurringTransactionEvidenceMissingARN)
    return found + _missing_of_download(categories)


def _missing_of_download(categories: Collection[str]) -> list[str]:
    """Return what is missing to show that somebody downloaded digital goods: when, and two facts on whom."""
    facts = sum(name in categories for name in _DOWNLOADS)
    has_date = "DOWNLOAD_DATE_TIME" in categories
    if not facts and not has_date:
        return []
    found = [] if facts > 1 else [_CODES.DigitalGoodsMissingEvidence]
    return found if has_date else [*found, _CODES.DigitalGoodsMissingDownloadDate]


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
