"""The example of the documentation, `docs/testing.rst`; below the line it is printed there as it stands."""

# --- example ---
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from genbilling import interface

# MSG costs 9.99 a month: the month in which it was added, and the next one in advance.
TWO_MONTHS = Decimal("19.98")
SALES = {"verb": "POST", "path": "/transactions"}


@pytest.fixture
def owner(db, django_user_model):
    user = django_user_model.objects.create_user("ada")
    interface.new_account(user)
    interface.add_product_to_account("MSG", user)
    return user


def end_the_month():
    call_command("dispatch_invoices", ahead=True)


def test_a_month_is_charged_once(braintree, owner):
    braintree.good_card(owner)
    end_the_month()
    end_the_month()
    assert [sale.amount for sale in braintree.charged_to(owner)] == [TWO_MONTHS]


def test_a_declined_card_takes_nothing(braintree, owner):
    braintree.declining_card(owner, 2001)
    end_the_month()
    assert braintree.charged_to(owner).total == 0
    [declined] = braintree.transactions()
    assert declined.processor_response_text == "Insufficient Funds"


def test_an_answer_that_is_lost_is_looked_up_before_anything_is_charged_again(braintree, owner):
    braintree.good_card(owner)
    with braintree.fault("timeout", when="after", **SALES), pytest.raises(CommandError):
        end_the_month()
    # Braintree did the sale, and we do not know. The next run finds out.
    end_the_month()
    assert braintree.charged_to(owner).total == TWO_MONTHS


def test_a_gateway_that_is_down_leaves_the_invoice_for_the_next_run(braintree, owner):
    braintree.good_card(owner)
    with braintree.fault("refuse"), pytest.raises(CommandError):
        end_the_month()
    assert braintree.transactions() == []
    end_the_month()
    assert braintree.charged_to(owner).total == TWO_MONTHS
