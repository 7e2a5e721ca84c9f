"""Settings that point at another merchant than the books belong to: refused, until the books are renewed."""

import pytest

from genbilling.exceptions import OtherMerchant
from genbilling.gateway import connected_place
from genbilling.interface import refund_charge, remove_card, save_card, void_invoice
from genbilling.models import Card, Charge, Installation, Refund
from tests.factories import GOOD_CARD, an_owner, at, hearing, invoice_of, run, run_failing
from tests.scenarios.calls import REFUNDS, SAID, SALES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]

NOVEMBER = 202611


@pytest.fixture
def elsewhere(charge, settings):
    """The books of a user who paid October, with settings of another merchant."""
    settings.BRAINTREE_MERCHANT_ID = "somebody_elses"


def another_file(settings, tmp_path):
    settings.GENBILLING = {**settings.GENBILLING, "EMBEDDED_DB": tmp_path / "another.sqlite3"}


def test_the_first_call_binds_the_books_to_the_merchant_of_the_settings(user, braintree):
    bound = Installation.objects.get()
    assert (bound.environment, bound.merchant_id) == ("offline", "integration_merchant_id")
    assert bound.books_id == braintree.sandbox.store.identity() != ""
    assert len(bound.name) == 12
    assert bound.name.isalnum()


REFUSED = {
    "save_card": lambda user, charge: save_card(user, GOOD_CARD),
    "remove_card": lambda user, charge: remove_card(user),
    "send_payment": lambda user, charge: invoice_of(user, NOVEMBER).send_payment(),
    "refund_charge": lambda user, charge: refund_charge(charge, **SAID),
}


@pytest.mark.parametrize("verb", REFUSED)
def test_verbs_refuse_and_say_what_to_do(user, charge, elsewhere, verb):
    before = [list(model.objects.values()) for model in (Card, Charge, Refund)]
    with at("2026-11-01"), pytest.raises(OtherMerchant) as refused:
        REFUSED[verb](user, charge)
    said = str(refused.value)
    assert "The books belong to the merchant 'integration_merchant_id' (offline, books " in said
    assert "the settings point at the merchant 'somebody_elses' (offline" in said
    assert "manage.py renew_installation" in said
    assert [list(model.objects.values()) for model in (Card, Charge, Refund)] == before


@pytest.mark.parametrize("command", ["dispatch_invoices", "reconcile_payments"])
def test_commands_refuse_with_exit_status_1(user, elsewhere, command):
    with at("2026-11-01"), hearing() as heard:
        assert "manage.py renew_installation" in run_failing(command)
    assert not invoice_of(user, NOVEMBER).closed
    assert heard == []


def test_a_lost_answer_is_not_looked_for_elsewhere(user, braintree, settings):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    settings.BRAINTREE_MERCHANT_ID = "somebody_elses"
    with at("2026-10-02"), pytest.raises(OtherMerchant):
        void_invoice(invoice_of(user, 202610), **SAID)


def test_production_and_the_offline_braintree_are_different_merchants(user, settings):
    settings.BRAINTREE_ENVIRONMENT = "production"
    # Today: with a merchant of Braintree's own the clock is compared with the database's.
    assert "(production)" in run_failing("dispatch_invoices")


def test_another_file_of_the_offline_braintree_is_another_merchant(user, settings, tmp_path):
    another_file(settings, tmp_path)
    with at("2026-10-01"):
        assert "renew_installation" in run_failing("dispatch_invoices")


def test_books_in_memory_and_those_of_a_server_have_no_id_and_are_not_compared(user, settings):
    settings.GENBILLING = {**settings.GENBILLING, "EMBEDDED_DB": ":memory:"}
    assert connected_place().books_id == ""
    with at("2026-10-01"):
        assert "1 refused" in run("dispatch_invoices"), "that vault does not have the card"
    settings.BRAINTREE_ENVIRONMENT = "http://localhost:3999"
    assert (connected_place().environment, connected_place().books_id) == ("offline", "")


# Renewed


def test_a_copy_is_renewed_its_cards_are_gone_and_it_goes_on_by_itself(user, charge, settings, tmp_path):
    name = Installation.objects.get().name
    another_file(settings, tmp_path)
    with at("2026-10-20"):
        said = run("renew_installation")
    renewed = Installation.objects.get()
    assert said == (
        "renew_installation: the books belong to the merchant 'integration_merchant_id' (offline) now, "
        f"as installation {renewed.name}; 1 card marked gone."
    )
    assert renewed.name != name
    assert list(Card.objects.values_list("state", flat=True)) == ["gone"]
    with at("2026-11-01"), hearing() as heard:
        assert "1 without a card" in run("dispatch_invoices")
    assert [told["charge"] for told in heard.named("credit_card_error")] == [None]
    with at("2026-11-02"):
        save_card(user, GOOD_CARD)
        assert "1 paid (10.00)" in run("dispatch_invoices")
        assert "0 left" in run("reconcile_payments"), "what the former merchant was paid is not asked for"
    assert invoice_of(user, NOVEMBER).paying_charge.order_id.startswith(f"genbilling-{renewed.name}-")


def belonged_to_another():
    """As if the books had been another merchant's, whose vault moved to the one of the settings."""
    Installation.objects.update(merchant_id="former")


def test_with_the_vault_moved_the_cards_stay_on_file(user, charge):
    belonged_to_another()
    with at("2026-10-20"):
        assert "0 cards marked gone" in run("renew_installation", "--vault-moved")
    with at("2026-11-01"):
        assert "1 paid (10.00)" in run("dispatch_invoices"), "the sales of the former installation are known"


def test_books_that_belong_to_the_merchant_already_are_not_renewed(user):
    before = Installation.objects.values().get()
    assert "there is nothing to renew" in run_failing("renew_installation")
    assert Installation.objects.values().get() == before


def test_what_is_still_open_at_the_former_merchant_is_found_out_first_or_given_up(user, charge, braintree):
    with at("2026-10-05"), braintree.fault("timeout", when="before", **REFUNDS):
        assert refund_charge(charge, "5.00", **SAID).state == "pending"
    with at("2026-11-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    belonged_to_another()
    with at("2026-11-02"):
        assert "What became of the charge " in run_failing("renew_installation")
        assert "'former'" in run_failing("renew_installation")
        run("renew_installation", "--vault-moved", "--give-up-pending")
        assert Charge.objects.get(invoice__period=NOVEMBER).state == Refund.objects.get().state == "not_sent"
        assert "1 paid (10.00)" in run("dispatch_invoices")


def test_another_account_of_the_same_file_is_bound_to_it_as_well(user):
    with at("2026-09-12"):
        an_owner("PLAN", card=GOOD_CARD)
    assert Installation.objects.count() == 1
