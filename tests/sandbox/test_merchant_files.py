import json
from datetime import timedelta

import pytest

from genbilling.sandbox import BooksError, Merchant, merchant_files
from genbilling.sandbox.__main__ import main

from .connections import http_gateway, serve
from .factories import sell, submitted_sale, try_sale

KEYS = {"merchant_id": "shop", "public_key": "shop_public_key", "private_key": "shop_private_key"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "merchants.json"

    def write(merchants):
        path.write_text(json.dumps(merchants))
        return path

    return write


def test_a_merchant_in_a_file_needs_nothing_but_an_id(file):
    (merchant,) = merchant_files.read(file([{"id": "shop"}]))
    assert merchant == Merchant("shop", "shop_public_key", "shop_private_key")


def test_a_merchant_in_a_file_can_have_everything(file):
    values = {
        "id": "shop",
        "public_key": "public",
        "private_key": "private",
        "accounts": {"euro": "EUR"},
        "custom_fields": ["store_me", "colour"],
        "traits": {"euro": ["adjusts"]},
        "fraud_service": "kount",
        "shifts_liability": True,
        "rejects_avs": True,
        "rejects_cvv": True,
        "rejects_duplicates": True,
        "duplicate_window": 12.5,
        "decline_limit": 3,
    }
    (merchant,) = merchant_files.read(file([values]))
    assert (merchant.accounts, merchant.custom_fields) == ({"euro": "EUR"}, ("store_me", "colour"))
    assert merchant.traits == {"euro": frozenset({"adjusts"})}
    assert merchant.duplicate_window == timedelta(seconds=12.5)
    assert merchant.rejects_avs
    assert merchant.decline_limit == 3


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({}, "list of objects"),
        ([], "list of objects"),
        ([1], 'an object with an "id"'),
        ([{"public_key": "x"}], 'an object with an "id"'),
        ([{"id": "shop", "colour": "red"}], "'colour' is not known; say any of id, public_key"),
        ([{"id": "shop", "rejects_avs": "yes"}], 'rejects_avs cannot be "yes"'),
        ([{"id": "shop", "accounts": {}}], "accounts cannot be {}"),
        ([{"id": "shop", "custom_fields": [1]}], r"custom_fields cannot be \[1\]"),
        ([{"id": "shop", "traits": {"a": ["odd"]}}], "traits cannot be"),
        ([{"id": 5}], "id cannot be 5"),
    ],
)
def test_a_file_that_makes_no_sense_is_explained(file, content, text):
    with pytest.raises(BooksError, match=text):
        merchant_files.read(file(content))


def test_a_file_that_is_not_there_is_explained(tmp_path, capsys):
    missing = tmp_path / "missing.json"
    assert main(["--db", ":memory:", "--merchants", str(missing)]) == 2
    assert f"error: The file of merchants {missing} cannot be read" in capsys.readouterr().err


def test_the_command_serves_the_merchants_of_a_file(file, books):
    merchants = file([{"id": "shop", "rejects_cvv": True}, {"id": "other"}])
    card = {"number": "4111111111111111", "expiration_date": "05/2099", "cvv": "200"}
    other = {name: value.replace("shop", "other") for name, value in KEYS.items()}
    options = ("--merchants", str(merchants), "--no-daily-settlement", "--now", "2026-01-31T23:59:59")
    with serve(books, *options) as server, http_gateway(server.port, **KEYS) as gateway:
        assert "(merchant shop, books in" in server.line
        assert try_sale(gateway, credit_card=card).transaction.gateway_rejection_reason == "cvv"
        with http_gateway(server.port, **other) as gateway_of_other:
            sell(gateway_of_other, credit_card=card)
        assert submitted_sale(gateway).status == "submitted_for_settlement"
