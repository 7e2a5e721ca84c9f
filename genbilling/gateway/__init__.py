"""Braintree, wrapped: the only package that knows the vendor."""

from .connections import disconnect
from .outcomes import PAID_STATUSES, VOIDED, Ending, Outcome
from .service import Booked, Dispute, PaymentService
from .vaulted import VaultedCard

__all__ = [
    "PAID_STATUSES",
    "VOIDED",
    "Booked",
    "Dispute",
    "Ending",
    "Outcome",
    "PaymentService",
    "VaultedCard",
    "disconnect",
]
