import pytest
from braintree.exceptions.not_found_error import NotFoundError

from genbilling.sandbox import DEVELOPMENT_MERCHANTS


def test_a_merchant_account_is_shown_with_its_currency(gateway):
    shown = gateway.merchant_account.find("aib_swe_ma")
    assert (shown.id, shown.currency_iso_code, shown.default, shown.status) == (
        "aib_swe_ma",
        "SEK",
        False,
        "active",
    )
    assert gateway.merchant_account.find("suspended_account").status == "suspended"


@pytest.mark.parametrize("unknown", ["nonsense", "SANDBOX_CREDIT_CARD", "a b"])
def test_an_unknown_merchant_account_is_not_found(gateway, unknown):
    with pytest.raises(NotFoundError):
        gateway.merchant_account.find(unknown)


def test_all_merchant_accounts_are_listed_and_one_of_them_is_the_default(gateway):
    listed = list(gateway.merchant_account.all().merchant_accounts.items)
    [merchant, *_] = DEVELOPMENT_MERCHANTS
    assert {one.id: one.currency_iso_code for one in listed} == merchant.accounts
    assert [one.id for one in listed if one.default] == [merchant.default_account]
