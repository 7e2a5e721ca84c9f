import pytest

from .factories import CARD, make_numbered_card, sell


@pytest.mark.parametrize(
    ("cvv", "answer"), [("123", "M"), ("200", "N"), ("201", "U"), ("301", "S"), (None, "I")]
)
def test_the_cvv_is_compared(gateway, cvv, answer):
    assert sell(gateway, credit_card={**CARD, "cvv": cvv}).cvv_response_code == answer


@pytest.mark.parametrize(
    ("postal_code", "answer"), [("60622", "M"), ("20000", "N"), ("20001", "U"), (None, "I")]
)
def test_the_postal_code_is_compared(gateway, postal_code, answer):
    sale = sell(gateway, credit_card=CARD, billing={"postal_code": postal_code, "first_name": "A"})
    assert sale.avs_postal_code_response_code == answer
    assert sale.avs_street_address_response_code == "I"
    assert sale.avs_error_response_code is None


@pytest.mark.parametrize(
    ("street", "answer"), [("1 Main St", "M"), ("200 Main St", "N"), ("201 Main St", "U"), (None, "I")]
)
def test_the_street_number_is_compared(gateway, street, answer):
    sale = sell(gateway, credit_card=CARD, billing={"street_address": street, "first_name": "A"})
    assert sale.avs_street_address_response_code == answer


@pytest.mark.parametrize(("postal_code", "answer"), [("30000", "E"), ("30001", "S")])
def test_the_comparison_of_the_address_can_fail(gateway, postal_code, answer):
    sale = sell(gateway, credit_card=CARD, billing={"postal_code": postal_code})
    assert sale.avs_error_response_code == answer


def test_a_verification_compares_both(gateway):
    verification = make_numbered_card(
        gateway,
        cvv="200",
        billing_address={"street_address": "201 Main St", "postal_code": "20000"},
        options={"verify_card": True},
    ).verification
    assert verification.cvv_response_code == "N"
    assert verification.avs_street_address_response_code == "U"
    assert verification.avs_postal_code_response_code == "N"
