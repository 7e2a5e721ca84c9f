import pytest
from braintree.exceptions.authentication_error import AuthenticationError
from braintree.exceptions.not_found_error import NotFoundError

from .factories import errors_of, make_customer, make_numbered_card, unique

STRANGE = ["", " ", "a b", "a/b", "..", "ä", "%2e%2e", "a?b", "a.xml", "'; --", "\n", None]


@pytest.mark.parametrize(
    "keys", [{"public_key": "wrong"}, {"private_key": "wrong"}, {"merchant_id": "no_such_merchant"}]
)
def test_wrong_keys_are_not_let_in(target, keys):
    stranger = target.connect(**keys)
    for call in (
        lambda: stranger.customer.create(),
        lambda: stranger.transaction.find("nosuchid"),
        lambda: stranger.client_token.generate(),
    ):
        with pytest.raises(AuthenticationError):
            call()


@pytest.mark.parametrize(
    "call",
    [
        lambda gateway, unknown: gateway.transaction.find(unknown),
        lambda gateway, unknown: gateway.transaction.void(unknown),
        lambda gateway, unknown: gateway.transaction.submit_for_settlement(unknown),
        lambda gateway, unknown: gateway.transaction.submit_for_partial_settlement(unknown, "1.00"),
        lambda gateway, unknown: gateway.transaction.refund(unknown),
        lambda gateway, unknown: gateway.transaction.update_details(unknown, {"amount": "1.00"}),
        lambda gateway, unknown: gateway.transaction.adjust_authorization(unknown, "1.00"),
        lambda gateway, unknown: gateway.transaction_line_item.find_all(unknown),
        lambda gateway, unknown: gateway.testing.settle_transaction(unknown),
        lambda gateway, unknown: gateway.testing.settlement_confirm_transaction(unknown),
        lambda gateway, unknown: gateway.testing.settlement_decline_transaction(unknown),
        lambda gateway, unknown: gateway.testing.settlement_pending_transaction(unknown),
        lambda gateway, unknown: gateway.customer.find(unknown),
        lambda gateway, unknown: gateway.customer.update(unknown, {"first_name": "A"}),
        lambda gateway, unknown: gateway.customer.delete(unknown),
        lambda gateway, unknown: gateway.payment_method.find(unknown),
        lambda gateway, unknown: gateway.payment_method.update(unknown, {"cardholder_name": "A"}),
        lambda gateway, unknown: gateway.payment_method.delete(unknown),
        lambda gateway, unknown: gateway.credit_card.find(unknown),
        lambda gateway, unknown: gateway.credit_card.delete(unknown),
        lambda gateway, unknown: gateway.verification.find(unknown),
        lambda gateway, unknown: gateway.dispute.find(unknown),
    ],
)
def test_what_is_not_there_is_not_found(gateway, call):
    with pytest.raises(NotFoundError):
        call(gateway, "nosuchid0")


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_a_strange_id_is_not_found_whatever_is_in_it(gateway, strange):
    for find in (
        gateway.transaction.find,
        gateway.customer.find,
        gateway.payment_method.find,
        gateway.credit_card.find,
        gateway.transaction.void,
        gateway.testing.settle_transaction,
        gateway.customer.delete,
    ):
        with pytest.raises(NotFoundError):
            find(strange)


@pytest.mark.parametrize("own_id", ["a_b-C", "-_-", "_", "0"])
def test_an_id_may_have_letters_digits_hyphens_and_underscores(gateway, own_id):
    own_id = f"{unique()[3:]}{own_id}"
    assert gateway.customer.find(make_customer(gateway, id=own_id).id).id == own_id
    assert gateway.payment_method.find(make_numbered_card(gateway, token=own_id).token).token == own_id


@pytest.mark.parametrize("own_id", ["a.b", "a b", "a/b", "ä", "a%20b", "a&b", "<a>"])
def test_an_id_has_nothing_else(gateway, own_id):
    assert errors_of(gateway.customer.create({"id": own_id})) == [("customer", "id", "91610")]


@pytest.mark.parametrize(
    "text", ["<&>\"'", "Zoë Müller", "中文", "a  b", "first\nsecond", "]]>", "&amp;", "x" * 255]
)
def test_a_text_comes_back_as_it_was_sent(gateway, text):
    customer = make_customer(gateway, company=text)
    assert gateway.customer.find(customer.id).company == text
