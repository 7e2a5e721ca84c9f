"""Customers, cards and sales to test with. Everything random has an id of its own."""

import uuid


def unique(prefix="id"):
    return f"{prefix}-{uuid.uuid4().hex[:20]}"


def succeed(result):
    assert result is not None
    assert result.is_success, result.message
    return result


def make_customer(gateway, **values):
    return succeed(gateway.customer.create(values)).customer


def make_card(gateway, customer=None, nonce="fake-valid-nonce", **values):
    customer = customer or make_customer(gateway)
    values = {"customer_id": customer.id, "payment_method_nonce": nonce, **values}
    return succeed(gateway.payment_method.create(values)).payment_method


def make_numbered_card(gateway, customer=None, number="4111111111111111", **values):
    customer = customer or make_customer(gateway)
    values = {"customer_id": customer.id, "number": number, "expiration_date": "12/2099", **values}
    return succeed(gateway.credit_card.create(values)).credit_card


def try_sale(gateway, amount="10.00", **values):
    """Return the result of a sale; with a good card, unless the values name another."""
    named = ("payment_method_token", "payment_method_nonce", "customer_id", "credit_card")
    if not any(name in values for name in named):
        values["payment_method_nonce"] = "fake-valid-nonce"
    return gateway.transaction.sale({"amount": amount, **values})


def sell(gateway, amount="10.00", **values):
    return succeed(try_sale(gateway, amount, **values)).transaction


def submitted_sale(gateway, amount="10.00", **values):
    return sell(gateway, amount, options={"submit_for_settlement": True}, **values)


def settled_sale(gateway, amount="10.00", **values):
    sale = submitted_sale(gateway, amount, **values)
    return succeed(gateway.testing.settle_transaction(sale.id)).transaction


def errors_of(result):
    """Return every error of a result as (path, attribute, code), and check that its text is told."""
    assert not result.is_success
    found = []

    def walk(node, path):
        for error in node["errors"]:
            assert error["message"] in result.message
            found.append((path, error["attribute"], error["code"]))
        for name, child in node.items():
            if name != "errors":
                walk(child, f"{path}.{name}" if path else name)

    walk(result.errors.errors.data, "")
    assert len(found) == result.errors.size
    return found
