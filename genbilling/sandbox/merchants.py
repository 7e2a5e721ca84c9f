"""Who may use the sandbox: a merchant, its keys and its merchant accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Merchant:
    """A merchant. The defaults are those of Braintree's own development gateway."""

    id: str = "integration_merchant_id"
    public_key: str = "integration_public_key"
    private_key: str = "integration_private_key"
    # Merchant account id to currency; the first is the default one.
    accounts: Mapping[str, str] = field(
        default_factory=lambda: {"sandbox_credit_card": "USD", "sandbox_credit_card_non_default": "USD"}
    )

    @property
    def default_account(self) -> str:
        """The merchant account of a sale that names none."""
        return next(iter(self.accounts))
