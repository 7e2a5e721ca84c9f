from datetime import timedelta
from decimal import Decimal

import pytest
from braintree import CreditCard, Transaction
from braintree import TransactionSearch as Search

from .factories import (
    CARD,
    is_found,
    make_card,
    make_customer,
    search_ids,
    sell,
    settled_sale,
    submitted_sale,
    succeed,
    try_sale,
    unique,
)
from .rows import covers

ADDRESS = {
    "first_name": "Zoë",
    "last_name": "O'Neil",
    "company": "Shop & Sons",
    "street_address": "1 E Main St",
    "extended_address": "Suite 2",
    "locality": "Chicago",
    "region": "Illinois",
    "postal_code": "60622",
    "country_name": "United States of America",
}
CUSTOMER = {
    "first_name": "Ann",
    "last_name": "Lee",
    "company": "Ann's",
    "email": "ann@example.com",
    "phone": "419-555-1234",
    "fax": "419-555-1235",
    "website": "https://example.com",
}


@covers("POST /transactions/advanced_search_ids", "POST /transactions/advanced_search")
def test_an_order_id_finds_its_sale_and_the_refund_of_it(gateway):
    sale = settled_sale(gateway)
    refund = succeed(gateway.transaction.refund(sale.id)).transaction
    own, both = Search.order_id == sale.order_id, [sale.id, refund.id]
    assert search_ids(gateway, own, expected=both) == sorted(both)
    for expected, terms in (
        ([refund.id], [Search.refund == True]),  # noqa: E712 (SDK)
        ([sale.id], [Search.refund != True]),  # noqa: E712 (SDK)
        ([sale.id], [Search.type == "sale"]),
        ([refund.id], [Search.type == "credit"]),
    ):
        assert search_ids(gateway, own, *terms, expected=expected) == expected


def test_a_search_without_a_result_is_empty(gateway):
    found = gateway.transaction.search(Search.order_id == unique("no-order"))
    assert (found.ids, found.maximum_size, list(found.items)) == ([], 0, [])
    with pytest.raises(IndexError):
        _ = found.first


def test_a_search_gives_whole_transactions(gateway):
    order_id = unique("order")
    sale = sell(gateway, "10.50", order_id=order_id)
    assert is_found(gateway, sale, Search.order_id == order_id)
    found = gateway.transaction.search(Search.order_id == order_id)
    assert found.maximum_size == 1
    assert (found.first.id, found.first.amount) == (sale.id, Decimal("10.50"))
    assert found.first.credit_card_details.last_4 == sale.credit_card_details.last_4


def test_a_text_is_compared_in_five_ways(gateway):
    order = unique("Order")
    sale = sell(gateway, order_id=order)
    for term in (
        Search.order_id == order,
        Search.order_id != "another",
        Search.order_id.starts_with(order[:12]),
        Search.order_id.ends_with(order[-5:]),
        Search.order_id.contains(order[4:14]),
    ):
        assert is_found(gateway, sale, term)
    for term in (
        Search.order_id == "another",
        Search.order_id != order,
        Search.order_id.starts_with("x"),
        Search.order_id.ends_with("x"),
        Search.order_id.contains("another"),
    ):
        assert not is_found(gateway, sale, term)


def test_a_sale_is_found_by_every_text_that_it_was_given(gateway):
    sale = sell(
        gateway,
        customer=CUSTOMER,
        billing=ADDRESS,
        shipping=ADDRESS,
        credit_card={**CARD, "cardholder_name": "Ann Lee"},
    )
    texts = {
        **{f"customer_{name}": value for name, value in CUSTOMER.items()},
        **{f"billing_{name}": value for name, value in ADDRESS.items()},
        **{f"shipping_{name}": value for name, value in ADDRESS.items()},
        "credit_card_cardholder_name": "Ann Lee",
        "processor_authorization_code": sale.processor_authorization_code,
        "currency": sale.currency_iso_code,
    }
    for name, value in texts.items():
        assert is_found(gateway, sale, getattr(Search, name) == value), name
    for name in texts:
        assert not is_found(gateway, sale, getattr(Search, name) == "another"), name
    assert is_found(gateway, sale, *(getattr(Search, name) == value for name, value in texts.items()))


def test_a_sale_is_found_by_its_card_and_its_customer(gateway):
    customer = make_customer(gateway)
    token = make_card(gateway, customer, nonce="fake-valid-mastercard-nonce").token
    sale = settled_sale(gateway, payment_method_token=token)
    card = sale.credit_card_details
    for term in (
        Search.customer_id == customer.id,
        Search.payment_method_token == token,
        Search.credit_card_number == "5555555555554444",
        Search.credit_card_number.starts_with("555555"),
        Search.credit_card_number.ends_with("4444"),
        Search.credit_card_number != "4111111111111111",
        Search.credit_card_expiration_date == card.expiration_date,
        Search.credit_card_expiration_date != "01/2001",
        Search.credit_card_card_type == "MasterCard",
        Search.credit_card_card_type.in_list("MasterCard", "Visa"),
        Search.credit_card_customer_location == CreditCard.CustomerLocation.US,
        Search.settlement_batch_id == sale.settlement_batch_id,
        Search.merchant_account_id == sale.merchant_account_id,
        Search.payment_instrument_type == "credit_card",
        Search.created_using == Transaction.CreatedUsing.Token,
        Search.source == Transaction.Source.Api,
        Search.status.in_list("settled", "voided"),
        Search.ids.in_list(sale.id),
    ):
        assert is_found(gateway, sale, term), term.name
    for term in (
        Search.customer_id == "another",
        Search.payment_method_token == "another",
        Search.credit_card_number.starts_with("411111"),
        Search.credit_card_number.ends_with("1111"),
        Search.credit_card_expiration_date == "01/2001",
        Search.credit_card_card_type == "Visa",
        Search.credit_card_customer_location == "international",
        Search.created_using == Transaction.CreatedUsing.FullInformation,
        Search.source == Transaction.Source.Recurring,
        Search.status == "voided",
    ):
        assert not is_found(gateway, sale, term), term.name


def test_a_list_of_ids_finds_these_sales(gateway):
    order = unique("order")
    made = [sell(gateway, order_id=order).id for _ in range(3)]
    assert search_ids(gateway, Search.order_id == order, expected=made) == sorted(made)
    assert search_ids(gateway, Search.ids.in_list(made[:2]), expected=made[:2]) == sorted(made[:2])


def test_amounts_are_compared_as_numbers(gateway):
    order = unique("order")
    cheap, middle, dear = (sell(gateway, amount, order_id=order).id for amount in ("9.99", "10.00", "100.00"))
    own = Search.order_id == order
    for expected, term in (
        ([middle], Search.amount == "10.00"),
        ([middle, dear], Search.amount >= "10.00"),
        ([cheap, middle], Search.amount <= "10.00"),
        ([cheap, middle], Search.amount.between("9.00", "99.99")),
        ([], Search.amount >= "100.01"),
    ):
        assert search_ids(gateway, own, term, expected=expected) == sorted(expected)


def test_times_are_compared(gateway):
    sale = sell(gateway)
    made, second = sale.created_at, timedelta(seconds=1)
    for term in (
        Search.created_at == made,
        Search.created_at >= made - second,
        Search.created_at <= made + second,
        Search.created_at.between(made - second, made + second),
    ):
        assert is_found(gateway, sale, term)
    for term in (
        Search.created_at >= made + second,
        Search.created_at <= made - second,
        Search.created_at.between(made + second, made + 2 * second),
    ):
        assert not is_found(gateway, sale, term)


def test_a_sale_is_found_by_when_it_came_into_a_status(gateway):
    submitted = submitted_sale(gateway)
    hour = timedelta(hours=1)
    sales = {
        "authorized_at": submitted,
        "submitted_for_settlement_at": submitted,
        "settled_at": settled_sale(gateway),
        "voided_at": gateway.transaction.void(sell(gateway).id).transaction,
        "processor_declined_at": try_sale(gateway, "2000.00").transaction,
        "failed_at": try_sale(gateway, "3000.00").transaction,
        "gateway_rejected_at": try_sale(gateway, "5001.00").transaction,
    }
    for name, sale in sales.items():
        term, at = getattr(Search, name), sale.created_at
        assert is_found(gateway, sale, term.between(at - hour, at + hour)), name
        assert is_found(gateway, sale, term >= at - hour), name
        assert is_found(gateway, sale, term <= at + hour), name
        assert not is_found(gateway, sale, term >= at + hour), name
    assert not is_found(gateway, submitted, Search.voided_at >= submitted.created_at - hour)


def test_what_is_missing_is_found_by_nothing(gateway):
    bare, submitted = sell(gateway, order_id=None), submitted_sale(gateway)
    assert is_found(gateway, bare, Search.order_id.is_equal(None))
    assert is_found(gateway, bare, Search.settled_at == None)  # noqa: E711 (SDK)
    assert not is_found(gateway, submitted, Search.order_id.is_equal(None))
    assert not is_found(gateway, submitted, Search.submitted_for_settlement_at == None)  # noqa: E711 (SDK)


def test_the_sdk_refuses_a_value_that_there_cannot_be(gateway):
    for term in (Search.status, Search.type, Search.created_using, Search.credit_card_card_type):
        with pytest.raises(AttributeError, match="Invalid argument"):
            gateway.transaction.search(term == "no such value")


def test_several_pages_hold_everything_once(gateway):
    order = unique("order")
    made = sorted(sell(gateway, order_id=order).id for _ in range(55))
    assert search_ids(gateway, Search.order_id == order, expected=made) == made
