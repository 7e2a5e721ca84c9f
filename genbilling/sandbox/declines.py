"""The processor's codes for declines: what each says, and which may be tried again."""

from __future__ import annotations

_TEXTS = {
    2000: "Do Not Honor",
    2001: "Insufficient Funds",
    2002: "Limit Exceeded",
    2003: "Cardholder's Activity Limit Exceeded",
    2004: "Expired Card",
    2005: "Invalid Credit Card Number",
    2006: "Invalid Expiration Date",
    2007: "No Account",
    2008: "Card Account Length Error",
    2009: "No Such Issuer",
    2010: "Card Issuer Declined CVV",
    2011: "Voice Authorization Required",
    2012: "Processor Declined - Possible Lost Card",
    2013: "Processor Declined - Possible Stolen Card",
    2014: "Processor Declined - Fraud Suspected",
    2015: "Transaction Not Allowed",
    2016: "Duplicate Transaction",
    2017: "Cardholder Stopped Billing",
    2018: "Cardholder Stopped All Billing",
    2019: "Invalid Transaction",
    2020: "Violation",
    2021: "Security Violation",
    2022: "Declined - Updated Cardholder Available",
    2023: "Processor Does Not Support This Feature",
    2024: "Card Type Not Enabled",
    2025: "Set Up Error - Merchant",
    2026: "Invalid Merchant ID",
    2027: "Set Up Error - Amount",
    2028: "Set Up Error - Hierarchy",
    2029: "Set Up Error - Card",
    2030: "Set Up Error - Terminal",
    2031: "Encryption Error",
    2032: "Surcharge Not Permitted",
    2033: "Inconsistent Data",
    2034: "No Action Taken",
    2035: "Partial Approval For Amount In Group III Version",
    2036: "Authorization could not be found",
    2037: "Already Reversed",
    2039: "Invalid Authorization Code",
    2040: "Invalid Store",
    2041: "Declined - Call For Approval",
    2042: "Invalid Client ID",
    2043: "Error - Do Not Retry, Call Issuer",
    2044: "Declined - Call Issuer",
    2045: "Invalid Merchant Number",
    2046: "Declined",
    2047: "Call Issuer. Pick Up Card.",
    2048: "Invalid Amount",
    2049: "Invalid SKU Number",
    2050: "Invalid Credit Plan",
    2051: "Credit Card Number does not match method of payment",
    2053: "Card reported as lost or stolen",
    2054: "Reversal amount does not match authorization amount",
    2055: "Invalid Transaction Division Number",
    2056: "Transaction amount exceeds the transaction division limit",
    2057: "Issuer or Cardholder has put a restriction on the card",
    2058: "Merchant not Mastercard SecureCode enabled",
    2059: "Address Verification Failed",
    2060: "Address Verification and Card Security Code Failed",
    2061: "Invalid Transaction Data",
    2062: "Invalid Tax Amount",
    2064: "Invalid Currency Code",
    2078: "Invalid Secure Payment Data",
    2092: "No Data Found - Try Another Verification Method",
    2099: "Cardholder Authentication Required",
    2101: "Additional authorization required",
    2102: "Incorrect PIN",
    2103: "PIN try exceeded",
    2104: "Offline Issuer Declined",
    2105: "Cannot Authorize at this time (Life cycle)",
    2106: "Cannot Authorize at this time (Policy)",
    2107: "Card Not Activated",
    2108: "Closed Card",
    3000: "Processor Network Unavailable - Try Again",
}

_SOFT = frozenset(
    (
        *(2000, 2001, 2002, 2003, 2016, 2025, 2026, 2034, 2035, 2038, 2040, 2042, 2046, 2048, 2057),
        *(2062, 2078, 2080, 2092, 2099, *range(2101, 2107), *range(2109, 3001)),
    )
)


def text_for(code: str) -> str:
    """Return what the processor says with a code."""
    return _TEXTS.get(int(code), "Processor Declined")


def type_for(code: str) -> str:
    """Return soft_declined where another try may succeed, else hard_declined."""
    return "soft_declined" if int(code) in _SOFT else "hard_declined"
