"""Braintree, wrapped: the only package that knows the vendor."""

from .connections import Place, connected_place, disconnect, place_in_settings
from .outcomes import PAID_STATUSES, SETTLEMENT_DECLINED, VOIDED, Ending, Outcome
from .service import Booked, Dispute, PaymentService
from .vaulted import VaultedCard

__all__ = [
    "PAID_STATUSES",
    "SETTLEMENT_DECLINED",
    "VOIDED",
    "Booked",
    "Dispute",
    "Ending",
    "Outcome",
    "PaymentService",
    "Place",
    "VaultedCard",
    "connected_place",
    "disconnect",
    "place_in_settings",
]
