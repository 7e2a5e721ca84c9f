"""The pytest plugin, used as host projects use it."""

import os
import subprocess
import sys
import textwrap
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from braintree import TransactionSearch

from genbilling import interface
from genbilling.exceptions import GatewayUncertain, NoAccount
from genbilling.gateway import Ending, PaymentService
from genbilling.sandbox import connect

from .factories import a_user, an_owner

TOP = Path(__file__).parent.parent


@pytest.fixture
def owner(db):
    return an_owner("MSG")


def charge(card, amount="10.00", order_id="order"):
    """Sell something on a card, as the app does."""
    request = {
        "amount": amount,
        "order_id": order_id,
        "payment_method_token": card.token,
        "options": {"submit_for_settlement": True},
    }
    return PaymentService().sale(request, key=order_id)


def test_the_settings_point_at_a_braintree_of_this_tests_own(braintree, settings, tmp_path):
    assert settings.BRAINTREE_ENVIRONMENT == "embedded"
    assert settings.GENBILLING["EMBEDDED_DB"] == braintree.books
    assert braintree.books.parent == tmp_path
    assert not braintree.books.exists()
    assert braintree.transactions() == []


@pytest.mark.parametrize("number", [1, 2])
def test_no_test_sees_what_another_one_sold(braintree, owner, number):
    charge(braintree.good_card(owner), order_id=f"order {number}")
    assert [sale.order_id for sale in braintree.transactions()] == [f"order {number}"]


def test_what_was_charged_to_an_account(braintree, owner):
    card = braintree.good_card(owner)
    other = an_owner("MSG")
    charge(card, "9.99", order_id="first")
    charge(card, "7.99", order_id="second")
    charge(braintree.good_card(other), "1.00", order_id="third")
    charged = braintree.charged_to(owner)
    assert [sale.order_id for sale in charged] == ["first", "second"]
    assert charged.total == Decimal("17.98")
    assert braintree.charged_to(other).total == Decimal("1.00")
    assert [sale.order_id for sale in braintree.transactions()] == ["first", "second", "third"]
    assert len(braintree.transactions(TransactionSearch.order_id == "third")) == 1


def test_nothing_was_charged_to_an_account_without_sales(braintree, owner):
    charged = braintree.charged_to(owner)
    assert (charged, charged.total) == ([], Decimal("0.00"))


def test_a_user_of_an_account_is_charged_as_its_owner(braintree, owner):
    child = a_user()
    interface.add_user_account(child, owner)
    charge(braintree.good_card(owner))
    assert braintree.charged_to(child).total == Decimal("10.00")


@pytest.mark.parametrize("code", [2001, "2004"])
def test_a_card_that_declines(braintree, owner, code):
    outcome = charge(braintree.declining_card(owner, code))
    assert (outcome.ending, outcome.response_code) == (Ending.REFUSED, str(code))
    assert braintree.charged_to(owner) == []
    assert [sale.status for sale in braintree.transactions()] == ["processor_declined"]


def test_a_card_that_declines_for_a_while(braintree, owner):
    card = braintree.good_card(owner)
    decline = braintree.decline(card, "fraud")
    assert charge(card, order_id="first").reject_reason == "fraud"
    assert decline.acted == 1
    decline.remove()
    assert charge(card, order_id="second").ending is Ending.PAID


def test_a_card_needs_an_account(braintree, db):
    with pytest.raises(NoAccount):
        braintree.good_card(a_user())


def test_a_fault_concerns_the_project_and_not_the_test_that_looks(braintree, owner):
    card = braintree.good_card(owner)
    with braintree.fault("timeout", when="after"):
        assert charge(card).ending is Ending.UNKNOWN
        with pytest.raises(GatewayUncertain):
            PaymentService().find_sale("order")
        assert braintree.charged_to(owner).total == Decimal("10.00")
    assert PaymentService().find_sale("order").ending is Ending.PAID


def test_time_settles_what_was_submitted(braintree, owner):
    charge(braintree.good_card(owner))
    braintree.clock.move(timedelta(days=1))
    assert [sale.status for sale in braintree.charged_to(owner)] == ["settled"]


def test_a_webhook_can_be_made_and_read(braintree):
    form = braintree.webhooks.make("check")
    notification = braintree.gateway.webhook_notification.parse(form["bt_signature"], form["bt_payload"])
    assert notification.kind == "check"


def test_a_fault_acts_in_other_processes_too(braintree, database_env):
    owner = an_owner("MSG")
    braintree.declining_card(owner)
    subprocess.run(
        [sys.executable, "manage.py", "dispatch_invoices", "--ahead"],
        cwd=TOP, env=database_env, capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert [sale.processor_response_code for sale in braintree.transactions()] == ["2001"]
    assert braintree.charged_to(owner) == []


def test_the_sandbox_alone_needs_no_django(tmp_path, braintree_sandbox):
    assert connect(braintree_sandbox).customer.create({}).is_success
    test = """
        from genbilling.sandbox import connect

        def test_a_sale(braintree_sandbox):
            sale = {"amount": "10.00", "payment_method_nonce": "fake-valid-nonce"}
            assert connect(braintree_sandbox).transaction.sale(sale).is_success
    """
    tmp_path.joinpath("test_alone.py").write_text(textwrap.dedent(test))
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    alone = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path),
         "-p", "genbilling.testing", "-p", "no:django", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=TOP, env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "1 passed" in alone.stdout, alone.stdout + alone.stderr


def test_it_costs_nothing_where_it_is_not_used(tmp_path):
    tmp_path.joinpath("test_other.py").write_text(
        "import sys\n\ndef test_not_loaded():\n    assert 'genbilling.testing' not in sys.modules\n"
    )
    other = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path),
         "-p", "no:django", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "1 passed" in other.stdout, other.stdout + other.stderr
