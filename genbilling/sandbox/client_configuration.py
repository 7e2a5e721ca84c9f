"""What the library in a browser is told about the merchant."""

from __future__ import annotations

from typing import Any

from .books import Books

ENVIRONMENT = "development"
CARD_TYPES = ("American Express", "Discover", "JCB", "MasterCard", "Visa", "UnionPay")


def urls(books: Books, origin: str) -> dict[str, str]:
    """Return where the library finds things; nothing but this sandbox answers at any of them."""
    base = f"{origin}/merchants/{books.merchant.id}"
    return {
        "configUrl": f"{base}/client_api/v1/configuration",
        "clientApiUrl": f"{base}/client_api",
        "assetsUrl": origin,
        "authUrl": origin,
    }


def show(books: Books, account: str, origin: str) -> dict[str, Any]:
    """Return the configuration of a merchant account: cards, and nothing else."""
    return {
        "challenges": [],
        "clientApiUrl": urls(books, origin)["clientApiUrl"],
        "assetsUrl": origin,
        "environment": ENVIRONMENT,
        "merchantId": books.merchant.id,
        "merchantAccountId": account,
        "analytics": {},
        "creditCards": {
            "supportedCardTypes": list(CARD_TYPES),
            "supportedGateways": [{"name": "clientApi"}],
            "challenges": [],
            "collectDeviceData": False,
            "threeDSecureEnabled": False,
        },
        "threeDSecureEnabled": False,
        "paypalEnabled": False,
        "venmo": "off",
        "coinbaseEnabled": False,
    }
