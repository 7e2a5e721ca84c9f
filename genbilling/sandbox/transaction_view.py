"""A transaction as the books have it, and as answers show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from . import addresses, amounts, cards, customers
from .books import Books, global_id, to_time

# How long an authorization of a card is good for.
AUTHORIZATION = timedelta(days=7)

# Fields that Braintree sends with every transaction, and that have nothing to say about these.
_ALWAYS_EMPTY = (
    "acquirer_reference_number",
    "authorized_transaction_id",
    "debit_network",
    "escrow_status",
    "foreign_retailer",
    "mastercard_transaction_link_id",
    "merchant_advice_code",
    "merchant_advice_code_text",
    "plan_id",
    "retried_transaction_id",
    "service_fee_amount",
    "shipping_tax_amount",
    "subscription_id",
    "surcharge_amount",
    "upcoming_retry_date",
    "voice_referral_number",
)
_ALWAYS_EMPTY_LISTS = (
    "add_ons",
    "authorization_adjustments",
    "discounts",
    "disputes",
    "partial_settlement_transaction_ids",
    "retry_ids",
    "shipments",
)


@dataclass(frozen=True)
class Kept:
    """A transaction as the books have it. Amounts are in cents."""

    id: str
    type: str
    status: str
    amount: int
    currency: str
    merchant_account_id: str
    order_id: str | None
    customer_id: str | None
    payment_method_token: str | None
    refunded_transaction_id: str | None
    created_at: str
    updated_at: str
    details: dict[str, Any]


def show(books: Books, kept: Kept) -> dict[str, Any]:
    """Return the elements of a transaction."""
    details = kept.details
    return {
        "id": kept.id,
        "global_id": global_id("transaction", kept.id),
        "type": kept.type,
        "status": kept.status,
        "amount": amounts.show(kept.amount),
        "currency_iso_code": kept.currency,
        "merchant_account_id": kept.merchant_account_id,
        "order_id": kept.order_id,
        "created_at": to_time(kept.created_at),
        "updated_at": to_time(kept.updated_at),
        "authorization_expires_at": _expiry(kept),
        **dict.fromkeys(_ALWAYS_EMPTY),
        **{name: [] for name in _ALWAYS_EMPTY_LISTS},
        **details["fields"],
        **_refunds(books, kept),
        "account_funding_transaction": False,
        "retried": False,
        "processed_with_network_token": False,
        "payment_instrument_type": "credit_card",
        "custom_fields": details["custom_fields"] or "",
        "descriptor": details["descriptor"],
        "three_d_secure_info": details["three_d_secure_info"],
        "disbursement_details": _DISBURSEMENT,
        "subscription": {"billing_period_start_date": None, "billing_period_end_date": None},
        "customer": _customer(kept),
        "credit_card": _card(books, kept),
        "billing": _address(details["billing"], details["billing_id"]),
        "shipping": _address(details["shipping"], None),
        "status_history": _history(books, kept),
    }


_DISBURSEMENT = {
    "disbursement_date": None,
    "funds_held": None,
    "settlement_amount": None,
    "settlement_base_currency_exchange_rate": None,
    "settlement_currency_exchange_rate": None,
    "settlement_currency_iso_code": None,
    "success": None,
}


def _expiry(kept: Kept) -> Any:
    authorized = kept.details["fields"]["processor_authorization_code"] is not None
    is_sale = kept.type == "sale"
    return to_time(kept.created_at) + AUTHORIZATION if authorized and is_sale else None


def _refunds(books: Books, kept: Kept) -> dict[str, Any]:
    # A refund that the bank declined outright is not one.
    rows = books.all(
        "SELECT id FROM transactions WHERE refunded_transaction_id = ? AND status <> 'processor_declined'"
        " ORDER BY number",
        [kept.id],
    )
    ids = [row["id"] for row in rows]
    return {
        "refund_id": ids[-1] if ids else None,
        "refund_ids": ids,
        "refunded_transaction_id": kept.refunded_transaction_id,
    }


def _customer(kept: Kept) -> dict[str, Any]:
    customer_id = kept.customer_id
    return {
        "id": customer_id,
        "global_id": global_id("customer", customer_id) if customer_id else None,
        **dict.fromkeys(customers.FIELDS),
        **kept.details["customer"],
    }


def _card(books: Books, kept: Kept) -> dict[str, Any]:
    token = kept.payment_method_token
    return {
        "token": token,
        "global_id": global_id("paymentmethod_cc", token) if token else None,
        **cards.show(cards.from_json(kept.details["card"]), books.now, extended=True),
    }


def _address(fields: dict[str, Any], address_id: str | None) -> dict[str, Any]:
    return {"id": address_id, **addresses.EMPTY, **fields}


def _history(books: Books, kept: Kept) -> list[dict[str, Any]]:
    rows = books.all("SELECT * FROM status_events WHERE transaction_id = ? ORDER BY number", [kept.id])
    return [
        {
            "status": row["status"],
            "amount": amounts.show(row["amount"]),
            "timestamp": to_time(row["at"]),
            "transaction_source": "api",
            "user": None,
        }
        for row in rows
    ]
