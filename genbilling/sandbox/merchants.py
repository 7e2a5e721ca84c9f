"""Who may use the sandbox: merchants, their keys, their merchant accounts and their switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

_NO_TRAITS: frozenset[str] = frozenset()


class Trait:
    """What a merchant account can or cannot do that an ordinary one cannot, or can."""

    SUSPENDED = "suspended"
    # Raises and lowers an authorization (adjust_authorization).
    ADJUSTS = "adjusts"
    # Charges a card as debit or as credit, as the sale asks (options.credit_card.account_type).
    ACCOUNT_TYPES = "account_types"
    # Sends debit cards over a debit network.
    PINLESS_DEBIT = "pinless_debit"
    # Does not let a submitted transaction be changed (update_details), nor settled in parts.
    FIXED = "fixed"
    # Must be told the tax of a sale.
    TAXED = "taxed"
    # Takes no result of a 3D Secure authentication from elsewhere.
    UNAUTHENTICATED = "unauthenticated"

    ALL = (SUSPENDED, ADJUSTS, ACCOUNT_TYPES, PINLESS_DEBIT, FIXED, TAXED, UNAUTHENTICATED)


# The merchant accounts of cards that the SDK's authors use on Braintree's development gateway, with
# their currencies.
DEVELOPMENT_ACCOUNTS: Mapping[str, str] = {
    "sandbox_credit_card": "USD",
    "sandbox_credit_card_non_default": "USD",
    "fake_first_data_merchant_account": "USD",
    "fake_amex_direct_usd": "USD",
    "card_processor_brl": "BRL",
    "hiper_brl": "BRL",
    "adyen_ma": "USD",
    "aib_swe_ma": "SEK",
    "heartland_ma": "USD",
    "pinless_debit": "USD",
    "three_d_secure_merchant_account": "USD",
    "suspended_account": "USD",
}
DEVELOPMENT_TRAITS: Mapping[str, frozenset[str]] = {
    "aib_swe_ma": frozenset({Trait.TAXED}),
    "fake_first_data_merchant_account": frozenset({Trait.ADJUSTS}),
    "fake_amex_direct_usd": frozenset({Trait.FIXED}),
    "card_processor_brl": frozenset({Trait.ACCOUNT_TYPES}),
    "heartland_ma": frozenset({Trait.UNAUTHENTICATED}),
    "hiper_brl": frozenset({Trait.ACCOUNT_TYPES}),
    "pinless_debit": frozenset({Trait.PINLESS_DEBIT}),
    "suspended_account": frozenset({Trait.SUSPENDED}),
}


@dataclass(frozen=True)
class Merchant:
    """A merchant. The defaults are those of Braintree's own development gateway."""

    id: str = "integration_merchant_id"
    public_key: str = "integration_public_key"
    private_key: str = "integration_private_key"
    # Merchant account id to currency; the first is the default one.
    accounts: Mapping[str, str] = field(default_factory=lambda: dict(DEVELOPMENT_ACCOUNTS))
    # The custom fields that are registered, for customers and transactions alike.
    custom_fields: tuple[str, ...] = ("store_me",)
    # Merchant account id to what is special about it; see Trait.
    traits: Mapping[str, frozenset[str]] = field(default_factory=lambda: dict(DEVELOPMENT_TRAITS))
    # Who judges the risk of a sale, such as "kount" or "fraud_protection"; empty: nobody does.
    fraud_service: str = ""
    # Whether the fraud service answers for chargebacks of the sales that it lets pass.
    shifts_liability: bool = False
    # Whether sales are rejected whose billing address, or CVV, the bank says is wrong.
    rejects_avs: bool = False
    rejects_cvv: bool = False
    # Whether a sale is rejected that repeats one of the same amount, order id and card within the window.
    rejects_duplicates: bool = False
    duplicate_window: timedelta = timedelta(seconds=30)
    # How many declines of one card in 30 days are let through before tries are rejected; None: any number.
    decline_limit: int | None = None

    @property
    def default_account(self) -> str:
        """The merchant account of a sale that names none."""
        return next(iter(self.accounts))

    def has(self, trait: str, account_id: str) -> bool:
        """Return whether a merchant account has a trait."""
        return trait in self.traits.get(account_id, _NO_TRAITS)


# The merchants for cards that the SDK's authors use on the development gateway.
DEVELOPMENT_MERCHANTS = (
    Merchant(),
    Merchant(
        "processing_rules_merchant_id",
        "processing_rules_public_key",
        "processing_rules_private_key",
        rejects_avs=True,
        rejects_cvv=True,
    ),
    Merchant(
        "advanced_fraud_integration_merchant_id",
        "advanced_fraud_integration_public_key",
        "advanced_fraud_integration_private_key",
        fraud_service="kount",
    ),
    Merchant(
        "fraud_protection_enterprise_integration_merchant_id",
        "fraud_protection_enterprise_integration_public_key",
        "fraud_protection_enterprise_integration_private_key",
        fraud_service="fraud_protection_enterprise",
    ),
    Merchant(
        "fraud_protection_effortless_chargeback_protection_merchant_id",
        "effortless_chargeback_protection_public_key",
        "effortless_chargeback_protection_private_key",
        fraud_service="fraud_protection",
        shifts_liability=True,
    ),
    Merchant(
        "dup_checking_integration_merchant_id",
        "dup_checking_integration_public_key",
        "dup_checking_integration_private_key",
        rejects_duplicates=True,
        # Visa lets a merchant try a card 15 times more in 30 days after a decline.
        decline_limit=15,
    ),
)
