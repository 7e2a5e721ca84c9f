"""Customers, cards and sales. Ids and order ids are random: the books may be full of others' work."""

import time
import uuid

from braintree import TransactionSearch
from braintree.environment import Environment

CARD = {"number": "4111111111111111", "expiration_date": "05/2099"}
GOOD_NONCE = "fake-valid-nonce"


def unique(prefix="id"):
    return f"{prefix}-{uuid.uuid4().hex[:20]}"


def succeed(result):
    assert result is not None
    assert result.is_success, result.message
    return result


def make_customer(gateway, **values):
    return succeed(gateway.customer.create(values)).customer


def make_card(gateway, customer=None, nonce=GOOD_NONCE, **values):
    """Return a card that was kept from a nonce, with a customer of its own unless one is given."""
    customer = customer or make_customer(gateway)
    values = {"customer_id": customer.id, "payment_method_nonce": nonce, **values}
    return succeed(gateway.payment_method.create(values)).payment_method


def try_card(gateway, customer=None, **values):
    """Return the result of keeping a card by its number."""
    customer = customer or make_customer(gateway)
    return gateway.credit_card.create({"customer_id": customer.id, **CARD, **values})


def make_numbered_card(gateway, customer=None, **values):
    return succeed(try_card(gateway, customer, **values)).credit_card


def try_sale(gateway, amount="10.00", **values):
    """Return the result of a sale: unless told otherwise to a good card, and under an order id of its own."""
    named = ("payment_method_token", "payment_method_nonce", "customer_id", "credit_card")
    if not any(name in values for name in named):
        values["payment_method_nonce"] = GOOD_NONCE
    return gateway.transaction.sale({"amount": amount, "order_id": unique("order"), **values})


def sell(gateway, amount="10.00", **values):
    return succeed(try_sale(gateway, amount, **values)).transaction


def submitted_sale(gateway, amount="10.00", **values):
    return sell(gateway, amount, options={"submit_for_settlement": True}, **values)


def settled_sale(gateway, amount="10.00", **values):
    sale = submitted_sale(gateway, amount, **values)
    return succeed(gateway.testing.settle_transaction(sale.id)).transaction


def declined_sale(gateway):
    return try_sale(gateway, "2000.00").transaction


def voided_sale(gateway):
    return succeed(gateway.transaction.void(sell(gateway).id)).transaction


def refund_of_a_sale(gateway):
    return succeed(gateway.transaction.refund(settled_sale(gateway).id)).transaction


def errors_of(result):
    """Return every error of a result as (path, attribute, code)."""
    assert not result.is_success
    found = []

    def walk(collection, path):
        for name, child in collection.data.items():
            if name != "errors":
                walk(collection.for_object(name), (*path, name))
                assert isinstance(child, dict)
        found.extend((".".join(path), error.attribute, error.code) for error in collection.errors)

    walk(result.errors.errors, ())
    assert len(found) == len(result.errors) == len(result.errors.deep_errors)
    return sorted(found)


def eventually(gateway, look, is_good):
    """Return what a look gives once it is good, or at last: Braintree's own sandbox needs a while."""
    waits = (1, 2, 4, 8, 15, 30) if gateway.config.environment is Environment.Sandbox else ()
    seen = look()
    for wait in waits:
        if is_good(seen):
            break
        time.sleep(wait)
        seen = look()
    return seen


def search_ids(gateway, *terms, expected):
    """Return the sorted ids of the transactions that a search finds: the expected ones, if need be later."""
    expected = sorted(expected)
    return eventually(
        gateway,
        lambda: sorted(sale.id for sale in gateway.transaction.search(*terms).items),
        lambda found: found == expected,
    )


def is_found(gateway, sale, *terms):
    """Return whether a search for these terms finds a sale, which is in the books for sure."""
    own = TransactionSearch.id == sale.id
    assert search_ids(gateway, own, expected=[sale.id]) == [sale.id]
    return gateway.transaction.search(own, *terms).ids == [sale.id]
