from datetime import datetime

import pytest
from braintree.exceptions.not_found_error import NotFoundError

from .factories import CARD, errors_of, make_card, make_customer, sell, succeed, unique
from .rows import covers

FIELDS = {
    "first_name": "Zoë",
    "last_name": 'O\'Neil <&> "Sons"',
    "company": "Ünïcode GmbH",
    "email": "zoe@example.com",
    "phone": "419-555-1234",
    "fax": "419-555-1235",
    "website": "https://example.com",
}


@covers("POST /customers", "GET /customers/ID")
def test_a_customer_is_kept_with_all_fields(gateway):
    made = make_customer(gateway, **FIELDS)
    for shown in (made, gateway.customer.find(made.id)):
        assert {name: getattr(shown, name) for name in FIELDS} == FIELDS
        assert type(shown.created_at) is type(shown.updated_at) is datetime
        assert type(shown.graphql_id) is str
        assert shown.merchant_id == gateway.config.merchant_id
        assert shown.credit_cards == shown.addresses == shown.payment_methods == []
        assert not shown.custom_fields


def test_what_a_customer_was_not_given_is_none(gateway):
    customer = gateway.customer.find(make_customer(gateway).id)
    assert {getattr(customer, name) for name in FIELDS} == {None}
    assert customer.id.isdigit()
    assert len(customer.id) >= 6


def test_a_customer_can_have_an_id_of_the_callers_choice(gateway):
    own_id = unique("Customer_1")
    assert make_customer(gateway, id=own_id).id == gateway.customer.find(own_id).id == own_id


@pytest.mark.parametrize(
    ("own_id", "code"), [("a" * 37, "91612"), ("not valid", "91610"), ("ünïcode", "91610"), ("all", "91611")]
)
def test_an_unsuitable_id_is_refused(gateway, own_id, code):
    assert errors_of(gateway.customer.create({"id": own_id})) == [("customer", "id", code)]


@covers("91609")
def test_an_id_in_use_is_refused(gateway):
    taken, other = make_customer(gateway).id, make_customer(gateway).id
    assert errors_of(gateway.customer.create({"id": taken})) == [("customer", "id", "91609")]
    assert errors_of(gateway.customer.update(other, {"id": taken})) == [("customer", "id", "91609")]


@pytest.mark.parametrize("email", ["wrong", "@invalid.com", "two@@example.com"])
@covers("81604")
def test_a_wrong_email_address_is_refused(gateway, email):
    result = gateway.customer.create({"email": email})
    assert errors_of(result) == [("customer", "email", "81604")]
    assert result.params["customer"]["email"] == email


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("first_name", "81608"),
        ("last_name", "81613"),
        ("company", "81601"),
        ("phone", "81614"),
        ("fax", "81607"),
    ],
)
def test_no_text_is_longer_than_255_characters(gateway, name, code):
    result = gateway.customer.create({name: "1" * 256})
    assert errors_of(result) == [("customer", name, code)]
    assert make_customer(gateway, first_name="x" * 255).first_name == "x" * 255


def test_a_customer_comes_with_a_card(gateway):
    nonce = make_customer(gateway, payment_method_nonce="fake-valid-mastercard-nonce")
    (card,) = nonce.credit_cards
    assert (card.card_type, card.default, card.customer_id) == ("MasterCard", True, nonce.id)
    number = make_customer(gateway, credit_card={**CARD, "billing_address": {"postal_code": "60622"}})
    (card,) = number.credit_cards
    assert (card.last_4, card.billing_address.postal_code) == ("1111", "60622")
    assert [address.id for address in number.addresses] == [card.billing_address.id]


@covers("PUT /customers/ID")
def test_a_change_touches_what_it_names(gateway):
    made, new_id = make_customer(gateway, **FIELDS), unique("customer")
    card = make_card(gateway, made)
    changed = succeed(gateway.customer.update(made.id, {"id": new_id, "first_name": "C"})).customer
    assert (changed.id, changed.first_name, changed.last_name) == (new_id, "C", FIELDS["last_name"])
    assert gateway.payment_method.find(card.token).customer_id == new_id
    with pytest.raises(NotFoundError):
        gateway.customer.find(made.id)


def test_a_change_can_choose_the_default_card(gateway):
    customer = make_customer(gateway)
    cards = [make_card(gateway, customer) for _ in range(2)]
    assert [card.default for card in cards] == [True, False]
    succeed(gateway.customer.update(customer.id, {"default_payment_method_token": cards[1].token}))
    assert gateway.payment_method.find(cards[1].token).default
    assert not gateway.payment_method.find(cards[0].token).default


def test_a_change_can_change_a_card(gateway):
    customer = make_customer(gateway, credit_card=CARD)
    token = customer.credit_cards[0].token
    options = {"update_existing_token": token}
    change = {"credit_card": {"expiration_date": "06/2098", "options": options}}
    (card,) = succeed(gateway.customer.update(customer.id, change)).customer.credit_cards
    assert (card.token, card.expiration_date, card.last_4) == (token, "06/2098", "1111")


@covers("DELETE /customers/ID")
def test_a_deleted_customer_is_gone_with_its_cards_but_its_sales_stay(gateway):
    card = make_card(gateway)
    sale = sell(gateway, payment_method_token=card.token)
    assert gateway.customer.delete(card.customer_id).is_success
    for missing in (
        lambda: gateway.customer.find(card.customer_id),
        lambda: gateway.customer.update(card.customer_id, {"first_name": "A"}),
        lambda: gateway.customer.delete(card.customer_id),
        lambda: gateway.payment_method.find(card.token),
    ):
        with pytest.raises(NotFoundError):
            missing()
    assert gateway.transaction.find(sale.id).amount == sale.amount


def test_a_customer_whose_card_fails_verification_is_not_made(gateway):
    own_id = unique("customer")
    card = {**CARD, "number": "4000111111111115", "options": {"verify_card": True}}
    result = gateway.customer.create({"id": own_id, "credit_card": card})
    assert errors_of(result) == []
    assert result.credit_card_verification.status == "processor_declined"
    with pytest.raises(NotFoundError):
        gateway.customer.find(own_id)


def test_a_customer_keeps_a_custom_field(gateway, custom_field):
    made = make_customer(gateway, custom_fields={custom_field: "one"})
    assert gateway.customer.find(made.id).custom_fields == {custom_field: "one"}
    result = gateway.customer.create({"custom_fields": {unique("unheard"): "x"}})
    assert [code for *_, code in errors_of(result)] == ["91602"]
