import pytest

from .factories import errors_of, sell, try_sale

SOFT = [
    *(2000, 2001, 2002, 2003, 2016, 2025, 2026, 2034, 2035, 2038, 2040, 2042, 2046, 2048, 2057, 2062),
    *(2078, 2080, 2092, 2099, 2101, 2106, 2109, 2500, 2999),
]
HARD = [*range(2004, 2016), 2017, 2018, 2024, 2043, 2044, 2047, 2053, 2100, 2107, 2108]


@pytest.mark.parametrize("code", SOFT)
def test_a_soft_decline_follows_from_the_amount(shared_sandbox_gateway, code):
    result = try_sale(shared_sandbox_gateway, f"{code}.00")
    assert result.transaction.processor_response_code == str(code)
    assert result.transaction.processor_response_type == "soft_declined"


@pytest.mark.parametrize("code", HARD)
def test_a_hard_decline_follows_from_the_amount(shared_sandbox_gateway, code):
    result = try_sale(shared_sandbox_gateway, f"{code}.99")
    assert result.transaction.processor_response_code == str(code)
    assert result.transaction.processor_response_type == "hard_declined"


def test_a_sale_of_2001_is_declined_for_insufficient_funds(gateway):
    result = try_sale(gateway, "2001.00", options={"submit_for_settlement": True})
    assert errors_of(result) == []
    assert result.message == "Insufficient Funds"
    declined = gateway.transaction.find(result.transaction.id)
    assert declined.status == "processor_declined"
    assert declined.processor_response_text == "Insufficient Funds"
    assert declined.additional_processor_response == "2001 : Insufficient Funds"
    assert declined.processor_authorization_code is None
    assert declined.authorization_expires_at is None
    assert [event.status for event in declined.status_history] == ["processor_declined"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("2000.00", "Do Not Honor"), ("2004.00", "Expired Card"), ("2075.00", "Processor Declined")],
)
def test_the_text_of_a_decline_goes_with_its_code(gateway, amount, text):
    assert try_sale(gateway, amount).transaction.processor_response_text == text


@pytest.mark.parametrize("amount", ["3000.00", "3000.99"])
def test_a_sale_of_3000_fails_because_the_network_is_down(gateway, amount):
    transaction = try_sale(gateway, amount).transaction
    assert (transaction.status, transaction.processor_response_code) == ("failed", "3000")
    assert transaction.processor_response_type == "soft_declined"


def test_a_sale_of_5001_is_rejected_by_the_gateway(gateway):
    result = try_sale(gateway, "5001.00")
    assert errors_of(result) == []
    assert result.message == "Gateway Rejected: application_incomplete"
    assert result.transaction.status == "gateway_rejected"
    assert result.transaction.gateway_rejection_reason == "application_incomplete"
    assert result.transaction.processor_response_code is None
    assert result.transaction.network_response_code is None


@pytest.mark.parametrize(
    "amount",
    ["0.01", "1999.99", "3001.00", "4000.99", "4001.00", "4002.00", "5000.99", "5002.00", "99999.00"],
)
def test_other_amounts_are_authorized(gateway, amount):
    assert sell(gateway, amount).status == "authorized"


def test_part_of_1004_is_authorized_where_the_caller_accepts_that(gateway):
    assert not sell(gateway, "1004.00").partially_authorized
    sale = sell(gateway, "1004.00", accept_partial_authorization=True)
    assert sale.partially_authorized
    assert sale.processor_response_code == "1004"
