from .factories import CARD, make_customer, try_sale

ITEM = {"quantity": "1", "name": "Name", "kind": "debit", "unit_amount": "1.00", "total_amount": "1.00"}


def test_errors_are_found_by_where_they_are(gateway):
    result = try_sale(gateway, "wrong", credit_card={**CARD, "number": "invalid"})
    assert result.is_success is False
    here = result.errors.for_object("transaction")
    (amount,) = here.on("amount")
    (number,) = here.for_object("credit_card").on("number")
    assert (amount.code, amount.attribute) == ("81503", "amount")
    assert (number.code, number.attribute) == ("81716", "number")
    assert (here.size, here.deep_size, len(result.errors)) == (1, 2, 2)
    assert [error.code for error in here.for_object("credit_card").deep_errors] == ["81716"]
    assert {error.code for error in result.errors.deep_errors} == {"81503", "81716"}


def test_where_nothing_is_wrong_there_are_no_errors(gateway):
    errors = try_sale(gateway, "wrong").errors
    assert list(errors.for_object("transaction").on("order_id")) == []
    assert errors.for_object("transaction").for_object("billing").deep_size == 0
    assert errors.for_object("customer").deep_errors == []


def test_the_message_holds_the_text_of_every_error(gateway):
    result = try_sale(gateway, "wrong", order_id="x" * 256)
    texts = [error.message for error in result.errors.deep_errors]
    assert sorted(result.message.split("\n")) == sorted(texts)
    assert "Amount is an invalid format." in texts


def test_errors_of_a_list_are_found_by_their_index(gateway):
    result = try_sale(gateway, line_items=[ITEM, {**ITEM, "quantity": None}, {**ITEM, "name": None}])
    items = result.errors.for_object("transaction").for_object("line_items")
    assert items.for_index(0).deep_size == 0
    assert [error.code for error in items.for_index(1).on("quantity")] == ["95811"]
    assert [error.attribute for error in items.for_index(2).errors] == ["name"]


def test_errors_of_an_address_are_below_the_card_below_the_customer(gateway):
    card = {**CARD, "billing_address": {"country_name": "Atlantis"}}
    result = gateway.customer.create({"credit_card": card})
    address = result.errors.for_object("customer").for_object("credit_card").for_object("billing_address")
    assert [error.code for error in address.on("country_name")] == ["91803"]


def test_params_repeat_the_request_without_secrets(gateway):
    result = try_sale(
        gateway, "wrong", credit_card={**CARD, "cvv": "123", "cardholder_name": "A B"}, order_id="order"
    )
    said = result.params["transaction"]
    assert (said["type"], said["amount"], said["order_id"]) == ("sale", "wrong", "order")
    assert said["credit_card"]["cardholder_name"] == "A B"
    assert said["credit_card"]["expiration_date"] == CARD["expiration_date"]
    assert not {"number", "cvv"} & set(said["credit_card"])


def test_params_repeat_what_an_update_was_about(gateway):
    customer = make_customer(gateway)
    result = gateway.customer.update(customer.id, {"email": "wrong", "first_name": "Zoë"})
    assert (result.params["customer"]["email"], result.params["customer"]["first_name"]) == ("wrong", "Zoë")


def test_a_validation_error_has_no_transaction_and_no_verification(gateway):
    result = try_sale(gateway, "wrong")
    assert result.transaction is result.credit_card_verification is result.subscription is None


def test_a_decline_has_a_transaction_and_no_errors(gateway):
    result = try_sale(gateway, "2000.00")
    assert result.transaction.status == "processor_declined"
    assert len(result.errors) == 0
    assert result.errors.deep_errors == []
    assert result.params["transaction"]["amount"] == "2000.00"
