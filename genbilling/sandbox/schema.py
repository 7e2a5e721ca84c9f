"""The tables of the books.

Times are text in UTC, ``2026-01-31T12:00:00Z``, which sorts as it reads. Money is whole cents. What is
searched or joined has a column and an index; what is only handed back lies in a JSON document.
"""

from __future__ import annotations

# In the file's header, so that the file of another application is not mistaken for books: "BTSB".
APPLICATION_ID = 0x42545342
VERSION = 1

SCHEMA = """
CREATE TABLE customers (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE TABLE addresses (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL REFERENCES customers (id) ON UPDATE CASCADE ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX addresses_customer ON addresses (customer_id);
CREATE TABLE cards (
    number INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL REFERENCES customers (id) ON UPDATE CASCADE ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,
    billing_address_id TEXT REFERENCES addresses (id) ON DELETE SET NULL,
    verification_id TEXT,
    is_default INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX cards_customer ON cards (customer_id);
CREATE INDEX cards_fingerprint ON cards (fingerprint);
CREATE INDEX cards_billing_address ON cards (billing_address_id);
CREATE TABLE nonces (
    nonce TEXT PRIMARY KEY,
    token TEXT NOT NULL REFERENCES cards (token) ON UPDATE CASCADE ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    consumed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX nonces_token ON nonces (token);
CREATE TABLE verifications (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE TABLE transactions (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    merchant_account_id TEXT NOT NULL,
    order_id TEXT,
    customer_id TEXT,
    payment_method_token TEXT,
    refunded_transaction_id TEXT REFERENCES transactions (id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX transactions_order ON transactions (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX transactions_customer ON transactions (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX transactions_token ON transactions (payment_method_token) WHERE payment_method_token IS NOT NULL;
CREATE INDEX transactions_refunded ON transactions (refunded_transaction_id)
    WHERE refunded_transaction_id IS NOT NULL;
CREATE INDEX transactions_created ON transactions (created_at);
CREATE INDEX transactions_amount ON transactions (amount);
CREATE INDEX transactions_status ON transactions (status);
CREATE TABLE status_events (
    number INTEGER PRIMARY KEY,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX status_events_transaction ON status_events (transaction_id);
CREATE INDEX status_events_time ON status_events (status, at);
CREATE TABLE request_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    created_at TEXT NOT NULL
) WITHOUT ROWID;
"""
