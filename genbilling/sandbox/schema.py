"""The tables of the books.

Times are text in UTC, ``2026-01-31T12:00:00Z``, which sorts as it reads. Money is whole cents. What is
searched or joined has a column and an index; what is only handed back lies in a JSON document.
"""

from __future__ import annotations

# In the file's header, so that the file of another application is not mistaken for books: "BTSB".
APPLICATION_ID = 0x42545342
VERSION = 2

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
    is_default INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX cards_customer ON cards (customer_id);
CREATE INDEX cards_fingerprint ON cards (fingerprint);
CREATE INDEX cards_billing_address ON cards (billing_address_id);
CREATE INDEX cards_expiry ON cards (
    json_extract(details, '$.expiration_year') || json_extract(details, '$.expiration_month')
);
CREATE TABLE nonces (
    nonce TEXT PRIMARY KEY,
    token TEXT REFERENCES cards (token) ON UPDATE CASCADE ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    consumed INTEGER NOT NULL DEFAULT 0,
    details TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE INDEX nonces_token ON nonces (token);
CREATE INDEX nonces_shared ON nonces (json_extract(details, '$.shared'))
    WHERE json_extract(details, '$.shared') IS NOT NULL;
CREATE TABLE verifications (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    customer_id TEXT,
    payment_method_token TEXT,
    created_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX verifications_token ON verifications (payment_method_token)
    WHERE payment_method_token IS NOT NULL;
CREATE INDEX verifications_customer ON verifications (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX verifications_created ON verifications (created_at);
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
    authorized_transaction_id TEXT REFERENCES transactions (id),
    fingerprint TEXT NOT NULL,
    moves_at TEXT,
    disbursed_on TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX transactions_order ON transactions (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX transactions_customer ON transactions (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX transactions_token ON transactions (payment_method_token) WHERE payment_method_token IS NOT NULL;
CREATE INDEX transactions_refunded ON transactions (refunded_transaction_id)
    WHERE refunded_transaction_id IS NOT NULL;
CREATE INDEX transactions_parts ON transactions (authorized_transaction_id)
    WHERE authorized_transaction_id IS NOT NULL;
CREATE INDEX transactions_card ON transactions (fingerprint, status, created_at);
CREATE INDEX transactions_moves ON transactions (moves_at) WHERE moves_at IS NOT NULL;
CREATE INDEX transactions_disbursed ON transactions (disbursed_on) WHERE disbursed_on IS NOT NULL;
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
CREATE TABLE disputes (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    status TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    received_on TEXT NOT NULL,
    reply_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX disputes_transaction ON disputes (transaction_id);
CREATE INDEX disputes_received ON disputes (received_on);
CREATE TABLE dispute_evidence (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dispute_id TEXT NOT NULL REFERENCES disputes (id),
    created_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX dispute_evidence_dispute ON dispute_evidence (dispute_id);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE TABLE request_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    transaction_id TEXT REFERENCES transactions (id),
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE clock (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    ahead REAL NOT NULL,
    stopped_at TEXT
);
CREATE TABLE faults (
    number INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    matched INTEGER NOT NULL DEFAULT 0,
    acted INTEGER NOT NULL DEFAULT 0,
    window_began TEXT NOT NULL DEFAULT '',
    in_window INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE requests (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    verb TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    milliseconds REAL NOT NULL,
    note TEXT NOT NULL
);
"""
