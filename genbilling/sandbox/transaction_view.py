"""A transaction as the books have it, and as answers show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from . import addresses, amounts, cards, customers, disputes
from .books import Books, global_id, to_time
from .schedule import AUTHORIZATION

# Fields that Braintree sends with every transaction, and that have nothing to say about these.
_ALWAYS_EMPTY = (
    "acquirer_reference_number",
    "escrow_status",
    "mastercard_transaction_link_id",
    "merchant_advice_code",
    "merchant_advice_code_text",
    "plan_id",
    "retried_transaction_id",
    "service_fee_amount",
    "subscription_id",
    "upcoming_retry_date",
    "voice_referral_number",
)
_ALWAYS_EMPTY_LISTS = (
    "add_ons",
    "discounts",
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
    authorized_transaction_id: str | None
    fingerprint: str
    # When time moves it on, or None.
    moves_at: str | None
    disbursed_on: str | None
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
        "amount": amounts.show(kept.amount, kept.currency),
        "currency_iso_code": kept.currency,
        "merchant_account_id": kept.merchant_account_id,
        "order_id": kept.order_id,
        "created_at": to_time(kept.created_at),
        "updated_at": to_time(kept.updated_at),
        "authorization_expires_at": _expiry(kept),
        **dict.fromkeys(_ALWAYS_EMPTY),
        **{name: [] for name in _ALWAYS_EMPTY_LISTS},
        **details["fields"],
        "disputes": disputes.show_all(books, kept.id),
        **_refunds(books, kept),
        **_parts(books, kept),
        **details["echo"],
        "authorization_adjustments": [
            {**one, "timestamp": to_time(one["timestamp"])} for one in details["adjustments"]
        ],
        "account_funding_transaction": "transfer" in details["echo"],
        "retried": False,
        "processed_with_network_token": details["network_token"],
        "payment_instrument_type": "credit_card",
        "custom_fields": details["custom_fields"] or "",
        "descriptor": details["descriptor"],
        "three_d_secure_info": details["three_d_secure_info"],
        "disbursement_details": _disbursement(kept),
        "subscription": {"billing_period_start_date": None, "billing_period_end_date": None},
        "customer": _customer(kept),
        "credit_card": _card(books, kept),
        "billing": _address(details["billing"], details["billing_id"]),
        "shipping": _address(details["shipping"], details["shipping_id"]),
        "status_history": _history(books, kept),
    }


def _disbursement(kept: Kept) -> dict[str, Any]:
    paid = kept.disbursed_on is not None
    return {
        "disbursement_date": date.fromisoformat(kept.disbursed_on) if kept.disbursed_on else None,
        "funds_held": False if paid else None,
        "settlement_amount": kept.details.get("settlement_amount"),
        "settlement_base_currency_exchange_rate": "1" if paid else None,
        "settlement_currency_exchange_rate": "1" if paid else None,
        "settlement_currency_iso_code": kept.currency if paid else None,
        "success": True if paid else None,
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


def _parts(books: Books, kept: Kept) -> dict[str, Any]:
    rows = books.all(
        "SELECT id FROM transactions WHERE authorized_transaction_id = ? ORDER BY number", [kept.id]
    )
    return {
        "authorized_transaction_id": kept.authorized_transaction_id,
        "partial_settlement_transaction_ids": [row["id"] for row in rows],
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
    token, account_type = kept.payment_method_token, kept.details["account_type"]
    shown = {
        "token": token,
        "global_id": global_id("paymentmethod_cc", token) if token else None,
        **cards.show(cards.from_json(kept.details["card"]), books.now, extended=True),
    }
    return {**shown, "account_type": account_type} if account_type else shown


def _address(fields: dict[str, Any], address_id: str | None) -> dict[str, Any]:
    return {"id": address_id, **addresses.EMPTY, **fields}


def _history(books: Books, kept: Kept) -> list[dict[str, Any]]:
    rows = books.all("SELECT * FROM status_events WHERE transaction_id = ? ORDER BY number", [kept.id])
    return [
        {
            "status": row["status"],
            "amount": amounts.show(row["amount"], kept.currency),
            "timestamp": to_time(row["at"]),
            "transaction_source": "api",
            "user": None,
        }
        for row in rows
    ]
