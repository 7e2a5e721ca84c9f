from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from braintree import TransactionSearch as Search
from braintree.exceptions.unexpected_error import UnexpectedError
from braintree.search import Search as Terms
from braintree.transaction import Transaction

from genbilling.sandbox import Sandbox

from .connections import embedded_gateway
from .factories import make_card, make_customer, sell, settled_sale, submitted_sale, try_sale, unique


def ids(gateway, *terms):
    """Return the ids that a search finds, and check that its pages hold the same transactions."""
    found = gateway.transaction.search(*terms)
    assert [transaction.id for transaction in found.items] == found.ids
    assert found.maximum_size == len(found.ids)
    return found.ids


def test_an_order_id_finds_its_sale_and_the_refunds_of_it(gateway):
    order = unique("order")
    sale = settled_sale(gateway, order_id=order)
    sell(gateway, order_id=f"{order}x")
    refund = gateway.transaction.refund(sale.id).transaction
    assert ids(gateway, Search.order_id == order) == [refund.id, sale.id]
    assert ids(gateway, Search.order_id == order, Search.refund == True) == [refund.id]  # noqa: E712 (SDK)
    assert ids(gateway, Search.order_id == order, Search.refund != True) == [sale.id]  # noqa: E712 (SDK)
    assert ids(gateway, Search.order_id == order, Search.type == "sale") == [sale.id]


def test_a_search_without_a_result_is_empty(gateway):
    found = gateway.transaction.search(Search.order_id == unique("no-order"))
    assert (found.ids, found.maximum_size, list(found.items)) == ([], 0, [])
    with pytest.raises(IndexError):
        _ = found.first


def test_the_first_result_is_the_newest(gateway):
    order = unique("order")
    _, newest = sell(gateway, order_id=order), sell(gateway, order_id=order)
    assert gateway.transaction.search(Search.order_id == order).first.id == newest.id


def test_a_text_can_be_compared_in_several_ways(gateway):
    order = unique("Order_%_é")
    sale = sell(gateway, order_id=order)
    by_id = Search.id == sale.id
    for term in (
        Search.order_id == order,
        Search.order_id != "another",
        Search.order_id.starts_with(order[:12]),
        Search.order_id.ends_with(order[-5:]),
        Search.order_id.contains(order[4:14]),
    ):
        assert ids(gateway, by_id, term) == [sale.id]
    for term in (
        Search.order_id != order,
        Search.order_id == order.lower(),
        Search.order_id.starts_with(order[1:]),
        Search.order_id.ends_with(f"x{order}"),
        Search.order_id.contains("__"),
        Search.order_id.is_equal(None),
    ):
        assert ids(gateway, by_id, term) == []
    assert ids(gateway, by_id, Search.order_id.is_not_equal(None)) == [sale.id]


def test_a_missing_text_is_found_by_an_empty_is(gateway):
    sale = sell(gateway)
    assert ids(gateway, Search.id == sale.id, Search.order_id.is_equal(None)) == [sale.id]
    assert ids(gateway, Search.id == sale.id, Search.order_id != "x") == [sale.id]


def test_a_sale_is_found_by_everything_it_has(gateway):
    customer = make_customer(gateway, first_name="Ann", company="Co", email="ann@example.com", phone="1")
    card = make_card(gateway, customer, nonce="fake-valid-mastercard-nonce", cardholder_name="Ann Lee")
    address = {"first_name": "F", "last_name": "L", "locality": "Oslo", "postal_code": "123", "region": "R"}
    sale = settled_sale(gateway, payment_method_token=card.token, billing=address, shipping=address)
    card = sale.credit_card_details
    for term in (
        Search.customer_id == customer.id,
        Search.customer_first_name == "Ann",
        Search.customer_company == "Co",
        Search.customer_email == "ann@example.com",
        Search.customer_phone == "1",
        Search.payment_method_token == card.token,
        Search.credit_card_cardholder_name.contains("Lee"),
        Search.credit_card_card_type == "MasterCard",
        Search.credit_card_customer_location == "us",
        Search.credit_card_expiration_date == card.expiration_date,
        Search.credit_card_number == "5555555555554444",
        Search.credit_card_number.starts_with("555555"),
        Search.credit_card_number.ends_with("4444"),
        Search.credit_card_number != "4111111111111111",
        Search.credit_card_unique_identifier == card.unique_number_identifier,
        Search.billing_locality == "Oslo",
        Search.billing_first_name == "F",
        Search.shipping_postal_code == "123",
        Search.shipping_region == "R",
        Search.currency == "USD",
        Search.merchant_account_id == "sandbox_credit_card",
        Search.payment_instrument_type == "credit_card",
        Search.created_using == Transaction.CreatedUsing.Token,
        Search.source == Transaction.Source.Api,
        Search.processor_authorization_code == sale.processor_authorization_code,
        Search.settlement_batch_id == sale.settlement_batch_id,
        Search.status.in_list("settled", "voided"),
        Search.ids.in_list(sale.id, "nope"),
        Terms.Node("currency", ["EUR", "USD"]),
    ):
        assert ids(gateway, Search.id == sale.id, term) == [sale.id]
    for term in (
        Search.credit_card_number == "4111111111111111",
        Search.credit_card_number.starts_with("411111"),
        Search.credit_card_card_type == "Visa",
        Search.created_using == Transaction.CreatedUsing.FullInformation,
        Search.source == Transaction.Source.Recurring,
        Search.status == "voided",
        Search.status.in_list([]),
        Search.paypal_payer_email == "a@example.com",
        Search.disbursement_date >= sale.created_at,
    ):
        assert ids(gateway, Search.id == sale.id, term) == []
    assert ids(gateway, Search.id == sale.id, Search.dispute_date == None) == [sale.id]  # noqa: E711 (SDK)


def test_a_recurring_sale_is_found_by_its_source(gateway):
    sale = sell(gateway, transaction_source="recurring")
    assert ids(gateway, Search.id == sale.id, Search.source == Transaction.Source.Recurring) == [sale.id]


def test_amounts_are_compared_as_numbers(gateway):
    order = unique("order")
    cheap, middle, dear = (sell(gateway, amount, order_id=order) for amount in ("9.99", "10.00", "100.00"))
    by_order = Search.order_id == order
    assert ids(gateway, by_order, Search.amount == "10.00") == [middle.id]
    assert ids(gateway, by_order, Search.amount == "10.001") == []
    assert ids(gateway, by_order, Search.amount >= Decimal("10.00")) == [dear.id, middle.id]
    assert ids(gateway, by_order, Search.amount <= 10) == [middle.id, cheap.id]
    assert ids(gateway, by_order, Search.amount.between("9.995", "99.999")) == [middle.id]
    assert ids(gateway, by_order, Search.amount <= "1e30") == [dear.id, middle.id, cheap.id]


def test_times_are_compared_to_the_second(gateway):
    sale = sell(gateway)
    by_id, second = Search.id == sale.id, timedelta(seconds=1)
    now = sale.created_at
    assert ids(gateway, by_id, Search.created_at == now) == [sale.id]
    assert ids(gateway, by_id, Search.created_at.between(now - second, now + second)) == [sale.id]
    assert ids(gateway, by_id, Search.created_at >= now + second) == []
    assert ids(gateway, by_id, Search.created_at <= now - second) == []
    assert ids(gateway, by_id, Search.created_at == None) == []  # noqa: E711 (SDK)


def test_a_transaction_is_found_by_when_it_came_into_a_status(gateway):
    order = unique("order")
    by_order = Search.order_id == order
    authorized, submitted = sell(gateway, order_id=order), submitted_sale(gateway, order_id=order)
    voided = sell(gateway, order_id=order)
    gateway.transaction.void(voided.id)
    declined = try_sale(gateway, "2000.00", order_id=order).transaction
    failed = try_sale(gateway, "3000.00", order_id=order).transaction
    rejected = try_sale(gateway, "5001.00", order_id=order).transaction
    settled = settled_sale(gateway, order_id=order)
    early = authorized.created_at - timedelta(minutes=1)
    for term, expected in (
        (Search.authorized_at, [settled, voided, submitted, authorized]),
        (Search.submitted_for_settlement_at, [settled, submitted]),
        (Search.settled_at, [settled]),
        (Search.voided_at, [voided]),
        (Search.processor_declined_at, [declined]),
        (Search.failed_at, [failed]),
        (Search.gateway_rejected_at, [rejected]),
        (Search.authorization_expired_at, []),
    ):
        assert ids(gateway, by_order, term >= early) == [transaction.id for transaction in expected]
        assert ids(gateway, by_order, term <= early) == []
    never_settled = ids(gateway, by_order, Search.settled_at == None)  # noqa: E711 (SDK)
    assert len(never_settled) == 6
    assert settled.id not in never_settled


def test_many_results_come_in_pages(shared_sandbox_gateway):
    gateway, order = shared_sandbox_gateway, unique("order")
    made = [sell(gateway, order_id=order).id for _ in range(103)]
    assert ids(gateway, Search.order_id == order) == made[::-1]
    assert ids(gateway, Search.ids.in_list(made), Search.status == "authorized") == made[::-1]


@pytest.mark.parametrize(
    "term",
    [
        Search.order_id == "order-29",
        Search.order_id.starts_with("order-29"),
        Search.amount >= "29.00",
        Search.created_at >= datetime(2026, 1, 30, tzinfo=UTC),
        Search.status == "voided",
        Search.voided_at >= datetime(2026, 1, 1, tzinfo=UTC),
        Search.customer_id == "customer-29",
        Search.payment_method_token == "card-29",
    ],
    ids=lambda term: term.name,
)
def test_a_search_looks_only_at_what_it_may_find(books, term):
    time = []
    with Sandbox(books, now=lambda: time[-1]) as sandbox:
        gateway = embedded_gateway(sandbox)
        for number in range(30):
            time.append(datetime(2026, 1, number + 1, tzinfo=UTC))
            customer = make_customer(gateway, id=f"customer-{number}")
            token = make_card(gateway, customer, token=f"card-{number}").token
            last = sell(gateway, f"{number + 1}.00", order_id=f"order-{number}", payment_method_token=token)
        gateway.transaction.void(last.id)
        # What SQLite does is counted in steps: with an index a few for each hit, else some for each row.
        steps = []
        sandbox.store._open[0].set_progress_handler(lambda: steps.append(1) and None, 1)
        assert last.id in gateway.transaction.search(term).ids
        with_term = len(steps)
        assert len(gateway.transaction.search(Search.order_id.contains("order")).ids) == 30
        assert with_term < (len(steps) - with_term) / 2


@pytest.mark.parametrize(
    "term",
    [
        Terms.TextNodeBuilder("no_such_term") == "a",
        Terms.Node("order_id", {"sounds_like": "a"}),
        Terms.Node("amount", {"near": "1.00"}),
        Search.amount == "many",
        Search.amount >= "Infinity",
        Search.amount >= "NaN",
        Search.created_at >= "yesterday",
        Terms.Node("created_at", {"near": "2026-01-01T00:00:00Z"}),
    ],
)
def test_a_term_that_makes_no_sense_is_an_error(gateway, term):
    with pytest.raises(UnexpectedError):
        gateway.transaction.search(term)


KINDS = (
    (Terms.TextNodeBuilder, ("is_equal", "is_not_equal", "starts_with", "ends_with", "contains"), "x"),
    (Terms.PartialMatchNodeBuilder, ("is_equal", "is_not_equal", "starts_with", "ends_with"), "4111"),
    (Terms.EqualityNodeBuilder, ("is_equal", "is_not_equal"), "05/2099"),
    (Terms.KeyValueNodeBuilder, ("is_equal", "is_not_equal"), True),
    (Terms.RangeNodeBuilder, ("is_equal", "greater_than_or_equal_to", "less_than_or_equal_to"), None),
    (Terms.MultipleValueNodeBuilder, ("in_list",), "x"),
)
FIELDS = {name: field for name, field in vars(Search).items() if not name.startswith("_")}


@pytest.mark.parametrize("name", FIELDS)
def test_every_term_of_the_sdk_is_understood_with_every_operator(shared_sandbox_gateway, name):
    field = FIELDS[name]
    operators, value = next(found for kind, *found in KINDS if isinstance(field, kind))
    if isinstance(field, Terms.RangeNodeBuilder):
        value = "1.00" if name == "amount" else datetime(2001, 1, 1, tzinfo=UTC)
        terms = [getattr(field, operator)(value) for operator in operators]
        terms.append(field.between(value, value))
        assert ids(shared_sandbox_gateway, Search.id == "nope", field.is_equal(None)) == []
    else:
        value = next(iter(getattr(field, "whitelist", [])), value)
        terms = [getattr(field, operator)(value) for operator in operators]
    for term in terms:
        assert ids(shared_sandbox_gateway, Search.id == "nope", term) == []


@pytest.mark.parametrize(
    "name", ["status", "type", "created_using", "credit_card_card_type", "debit_network"]
)
def test_the_sdk_itself_refuses_a_value_that_there_cannot_be(name):
    with pytest.raises(AttributeError, match="Invalid argument"):
        FIELDS[name].in_list("no such value")


def test_a_sale_is_found_by_everything_it_was_given(gateway):
    address = {
        "first_name": "F",
        "last_name": "L",
        "company": "C",
        "street_address": "1 S",
        "extended_address": "E",
        "locality": "Oslo",
        "region": "R",
        "postal_code": "123",
        "country_name": "Norway",
    }
    customer = {
        "first_name": "Ann",
        "last_name": "Lee",
        "company": "Co",
        "email": "ann@example.com",
        "phone": "1",
        "fax": "2",
        "website": "http://example.com",
    }
    sale = sell(
        gateway,
        customer=customer,
        billing=address,
        shipping=address,
        credit_card={"number": "4111111111111111", "expiration_date": "05/2099", "cardholder_name": "A L"},
    )
    by_id = Search.id == sale.id
    expected = {
        **{f"billing_{name}": value for name, value in address.items()},
        **{f"shipping_{name}": value for name, value in address.items()},
        **{f"customer_{name}": value for name, value in customer.items()},
        "credit_card_cardholder_name": "A L",
        "credit_card_expiration_date": "05/2099",
    }
    for name, value in expected.items():
        assert ids(gateway, by_id, FIELDS[name] == value) == [sale.id]
        assert ids(gateway, by_id, FIELDS[name] == "another") == []
    assert ids(gateway, by_id, *(FIELDS[name] == value for name, value in expected.items())) == [sale.id]


def test_what_a_card_sale_never_has_is_empty(gateway):
    sale = sell(gateway)
    by_id = Search.id == sale.id
    for name in ("store_id", "acquirer_reference_number", "paypal_payer_email", "europe_bank_account_iban"):
        assert ids(gateway, by_id, FIELDS[name].is_equal(None)) == [sale.id]
        assert ids(gateway, by_id, FIELDS[name] == "x") == []
    for name in ("store_ids", "user", "reason_code", "ach_type"):
        value = next(iter(FIELDS[name].whitelist), "x")
        assert ids(gateway, by_id, FIELDS[name].in_list(value)) == []


def test_cards_are_found_by_either_name_of_their_kind_and_by_the_user(gateway):
    by_id = Search.id == sell(gateway).id
    for term in (
        Search.payment_instrument_type == "credit_card",
        Search.payment_instrument_type == "CreditCardDetail",
        Search.payment_instrument_type.in_list("PayPalDetail", "CreditCardDetail"),
        Search.user == "integration_user_public_id",
    ):
        assert len(ids(gateway, by_id, term)) == 1
    assert ids(gateway, by_id, Search.payment_instrument_type == "PayPalDetail") == []


def test_a_disputed_sale_is_found_by_the_day_of_its_dispute(gateway):
    card = {"number": "4023898493988028", "expiration_date": "05/2099"}
    disputed, plain = sell(gateway, credit_card=card), sell(gateway)
    today, day = disputed.created_at, timedelta(days=1)
    either = Search.ids.in_list(disputed.id, plain.id)
    assert ids(gateway, either, Search.dispute_date == today) == [disputed.id]
    assert ids(gateway, either, Search.dispute_date.between(today - day, today + day)) == [disputed.id]
    assert ids(gateway, either, Search.dispute_date >= today + 2 * day) == []
    assert ids(gateway, either, Search.dispute_date == None) == [plain.id]  # noqa: E711 (SDK)


def test_credits_are_told_from_refunds(gateway):
    name = unique("holder")
    card = {"number": "4111111111111111", "expiration_date": "05/2099", "cardholder_name": name}
    sale = settled_sale(gateway, credit_card=card)
    refund = gateway.transaction.refund(sale.id).transaction
    credit = gateway.transaction.credit({"amount": "100.00", "credit_card": card}).transaction
    by_name = Search.credit_card_cardholder_name == name
    assert ids(gateway, by_name, Search.type == "credit") == [credit.id, refund.id]
    assert ids(gateway, by_name, Search.type == "credit", Search.refund == True) == [refund.id]  # noqa: E712 (SDK)
    assert ids(gateway, by_name, Search.type == "credit", Search.refund == False) == [credit.id]  # noqa: E712 (SDK)
