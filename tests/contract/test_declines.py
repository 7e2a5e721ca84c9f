import pytest

from .factories import errors_of, sell, try_sale

# Code, what the processor says, and whether another try makes sense.
DECLINES = [
    (2000, "Do Not Honor", "soft"),
    (2001, "Insufficient Funds", "soft"),
    (2002, "Limit Exceeded", "soft"),
    (2003, "Cardholder's Activity Limit Exceeded", "soft"),
    (2004, "Expired Card", "hard"),
    (2005, "Invalid Credit Card Number", "hard"),
    (2006, "Invalid Expiration Date", "hard"),
    (2007, "No Account", "hard"),
    (2008, "Card Account Length Error", "hard"),
    (2009, "No Such Issuer", "hard"),
    (2010, "Card Issuer Declined CVV", "hard"),
    (2011, "Voice Authorization Required", "hard"),
    (2012, "Processor Declined - Possible Lost Card", "hard"),
    (2013, "Processor Declined - Possible Stolen Card", "hard"),
    (2014, "Processor Declined - Fraud Suspected", "hard"),
    (2015, "Transaction Not Allowed", "hard"),
    (2016, "Duplicate Transaction", "soft"),
    (2017, "Cardholder Stopped Billing", "hard"),
    (2018, "Cardholder Stopped All Billing", "hard"),
    (2019, "Invalid Transaction", "hard"),
    (2020, "Violation", "hard"),
    (2021, "Security Violation", "hard"),
    (2022, "Declined - Updated Cardholder Available", "hard"),
    (2023, "Processor Does Not Support This Feature", "hard"),
    (2024, "Card Type Not Enabled", "hard"),
    (2025, "Set Up Error - Merchant", "soft"),
    (2026, "Invalid Merchant ID", "soft"),
    (2034, "No Action Taken", "soft"),
    (2038, "Processor Declined", "soft"),
    (2043, "Error - Do Not Retry, Call Issuer", "hard"),
    (2044, "Declined - Call Issuer", "hard"),
    (2046, "Declined", "soft"),
    (2047, "Call Issuer. Pick Up Card.", "hard"),
    (2048, "Invalid Amount", "soft"),
    (2051, "Credit Card Number does not match method of payment", "hard"),
    (2053, "Card reported as lost or stolen", "hard"),
    (2057, "Issuer or Cardholder has put a restriction on the card", "soft"),
    (2059, "Address Verification Failed", "hard"),
    (2060, "Address Verification and Card Security Code Failed", "hard"),
    (2062, "Invalid Tax Amount", "soft"),
    (2092, "No Data Found - Try Another Verification Method", "soft"),
    (2099, "Cardholder Authentication Required", "soft"),
    (2101, "Additional authorization required", "soft"),
    (2107, "Card Not Activated", "hard"),
    (2108, "Closed Card", "hard"),
    (2109, "Processor Declined", "soft"),
    (2999, "Processor Declined", "soft"),
]


@pytest.mark.parametrize(("code", "text", "kind"), DECLINES, ids=lambda value: str(value))
def test_the_amount_of_a_sale_tells_why_it_is_declined(gateway, code, text, kind):
    result = try_sale(gateway, f"{code}.00")
    sale = result.transaction
    assert errors_of(result) == []
    assert result.message == text
    assert (sale.status, sale.processor_response_code) == ("processor_declined", str(code))
    assert (sale.processor_response_text, sale.processor_response_type) == (text, f"{kind}_declined")
    assert sale.additional_processor_response == f"{code} : {text}"


def test_a_declined_sale_is_in_the_books(gateway):
    declined = try_sale(gateway, "2001.00", options={"submit_for_settlement": True}).transaction
    found = gateway.transaction.find(declined.id)
    assert (found.status, found.order_id) == ("processor_declined", declined.order_id)
    assert found.gateway_rejection_reason is found.authorization_expires_at is None
    assert [event.status for event in found.status_history] == ["processor_declined"]


def test_a_sale_of_3000_fails_because_the_network_is_down(gateway):
    result = try_sale(gateway, "3000.00")
    assert errors_of(result) == []
    assert (result.transaction.status, result.transaction.processor_response_code) == ("failed", "3000")
    assert result.message == "Processor Network Unavailable - Try Again"


@pytest.mark.parametrize("amount", ["0.01", "1999.99", "3001.00", "4000.99", "4001.00", "4002.00", "5002.00"])
def test_other_amounts_are_authorized(gateway, amount):
    assert sell(gateway, amount).status == "authorized"


@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex", "discover"])
def test_a_nonce_can_bring_a_card_that_is_declined(gateway, brand):
    result = try_sale(gateway, payment_method_nonce=f"fake-processor-declined-{brand}-nonce")
    assert errors_of(result) == []
    assert (result.transaction.status, result.transaction.processor_response_code) == (
        "processor_declined",
        "2000",
    )
