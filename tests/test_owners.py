"""Accounts that change hands: handed over to another user, or closed, so that the user can be deleted."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import RequestFactory

from genbilling import interface
from genbilling.decorators import account_owner_rights_required
from genbilling.exceptions import (
    AlreadyInAccount,
    GatewayUnusable,
    NoAccount,
    NotSettled,
    PaymentUnderWay,
    TransactionOpen,
)
from genbilling.interface import (
    add_credit,
    add_step_to_product,
    add_user_account,
    cancel_account,
    close_account,
    new_account,
    refund_charge,
    save_card,
    transfer_account,
    update_product_terms,
    use_product,
    void_invoice,
)
from genbilling.models import Account, AccountUser, Card, Charge, Invoice, Product, Refund
from tests.factories import (
    GOOD_CARD,
    a_user,
    an_owner,
    at,
    declare,
    hearing,
    invoice_of,
    product,
    run,
    run_failing,
    turn_the_month,
)

pytestmark = pytest.mark.django_db

SAID = {"operator": "anna", "memo": "why"}


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"), product("FREE", flat_rate="0"))


def books():
    """Every row of genbilling's tables."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in apps.get_app_config("genbilling").get_models()
    }


def users_on(account):
    return set(AccountUser.objects.filter(account=account).values_list("user__username", flat=True))


@pytest.fixture
def paid_up(braintree):
    """An owner who cancelled in October and has paid all that there was to pay."""
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD, name="pia")
    with at("2026-10-01"):
        turn_the_month()
    with at("2026-10-05"):
        cancel_account(user)
    return user


# Handing over


@pytest.mark.parametrize("on_it", [True, False])
def test_an_account_is_handed_over_to_somebody_on_it_or_on_none(on_it):
    user, heir = an_owner("PLAN", card=GOOD_CARD, name="pia"), a_user("hal")
    account = user.genbilling_account
    if on_it:
        add_user_account(heir, user)
    assert transfer_account(user, heir).owner == heir
    account.refresh_from_db()
    assert account.owner == heir
    assert users_on(account) == {"pia", "hal"}
    assert use_product("PLAN", user) == 99
    with pytest.raises(NoAccount):
        cancel_account(user)
    assert run("audit_billing").endswith("0 findings.")


def test_the_new_owner_pays_what_is_owed_with_the_card_on_file_and_is_told(braintree):
    with at("2026-09-10"):
        user, heir = an_owner("PLAN", card=GOOD_CARD), a_user("hal")
        transfer_account(user, heir)
    with at("2026-10-01"), hearing() as heard:
        turn_the_month()
    [sent] = heard.named("invoice_sent")
    assert sent["owner"] == heir
    assert sent["invoice"].paid
    assert run("audit_billing").endswith("0 findings.")


def test_without_the_card_it_leaves_the_file_and_the_vault(braintree):
    user, heir = an_owner("PLAN", card=GOOD_CARD), a_user()
    transfer_account(user, heir, keep_card=False)
    assert Card.objects.get().state == Card.State.GONE
    save_card(heir, GOOD_CARD)
    assert Account.objects.get().cards.filter(state=Card.State.CURRENT).exists()


def test_without_the_card_and_without_an_answer_the_account_is_handed_over_and_a_dispatch_tidies_up(
    braintree,
):
    user, heir = an_owner("FREE", card=GOOD_CARD), a_user()
    with braintree.fault("refuse"):
        assert transfer_account(user, heir, keep_card=False).owner == heir
    assert Card.objects.get().state == Card.State.LEAVING
    run("dispatch_invoices")
    assert Card.objects.get().state == Card.State.GONE


def test_an_account_is_not_handed_over_to_its_owner_nor_to_somebody_on_another_one():
    user, other = an_owner("PLAN"), an_owner()
    child_of_other = a_user()
    add_user_account(child_of_other, other)
    before = books()
    for heir in (user, other, child_of_other):
        with pytest.raises(AlreadyInAccount):
            transfer_account(user, heir)
    for nobody in (None, get_user_model()(username="unsaved")):
        with pytest.raises(NoAccount):
            transfer_account(user, nobody)
    with pytest.raises(NoAccount, match="only an owner"):
        transfer_account(child_of_other, a_user())
    assert books() == before


def test_while_a_card_is_being_saved_it_is_not_handed_over_without_the_card():
    user, heir = an_owner("PLAN"), a_user()
    Card.objects.create(account=user.genbilling_account)
    with pytest.raises(PaymentUnderWay, match="being saved"):
        transfer_account(user, heir, keep_card=False)
    with pytest.raises(PaymentUnderWay, match="being saved"):
        close_account(user, force=True)
    assert transfer_account(user, heir).owner == heir


@pytest.mark.django_db(transaction=True)
def test_what_talks_to_the_gateway_keeps_its_own_transactions_and_a_mere_transfer_does_not():
    user, heir = an_owner("PLAN", card=GOOD_CARD), a_user()
    with transaction.atomic():
        with pytest.raises(TransactionOpen, match=r"transfer_account\(keep_card=False\)"):
            transfer_account(user, heir, keep_card=False)
        with pytest.raises(TransactionOpen, match=r"close_account\(\)"):
            close_account(user)
        transfer_account(user, heir)
        transaction.set_rollback(True)
    assert Account.objects.get().owner == user


# Closing


def test_an_owner_who_has_paid_is_let_go_and_can_be_deleted(paid_up, braintree):
    account, card = paid_up.genbilling_account, Card.objects.get()
    child = a_user()
    add_user_account(child, paid_up)
    closed = close_account(paid_up)
    assert (closed.pk, closed.owner, closed.status) == (account.pk, None, "cancelled")
    account.refresh_from_db()
    assert (account.owner, account.status) == (None, "cancelled")
    assert users_on(account) == set()
    card.refresh_from_db()
    assert card.state == Card.State.GONE
    get_user_model().objects.get(pk=paid_up.pk).delete()
    invoice = Invoice.objects.get(period=202610)
    assert (invoice.paid, str(invoice)) == (True, f"invoice 1 of account {account.pk} of nobody for 202610")
    assert run("audit_billing").endswith("0 findings.")


def test_who_closed_an_account_may_have_another_one_and_so_may_the_child_users(paid_up):
    child = a_user()
    add_user_account(child, paid_up)
    close_account(paid_up)
    for user in (paid_up, child):
        assert new_account(user).owner == user
    with pytest.raises(NoAccount):
        close_account(a_user())


def test_an_account_without_an_owner_goes_through_the_months_and_nobody_is_told(paid_up):
    with at("2026-10-06"):
        close_account(paid_up)
    for month in ("2026-11-01", "2026-12-01"):
        with at(month), hearing() as heard:
            turn_the_month()
        assert heard == []
    assert Charge.objects.count() == 1
    assert run("audit_billing").endswith("0 findings.")


def test_an_account_that_was_never_billed_is_deleted_with_what_it_had(settings):
    user = an_owner("FREE", card=GOOD_CARD, trial=True)
    declare(settings, product("FREE", flat_rate="0", step_cost="7.00"))
    update_product_terms("FREE", user)
    add_step_to_product("FREE", user)
    other = an_owner("FREE")
    assert close_account(user, force=True) is None
    assert Account.objects.get().owner == other
    user.delete()
    assert set(Product.objects.values_list("account__owner", flat=True)) == {other.pk}
    assert not Card.objects.exists()


OWED = {
    "an item on the open invoice": lambda user: add_step_to_product("PLAN", user),
    "a credit": lambda user: add_credit(user, "3.00", **SAID),
}


@pytest.mark.parametrize("owe", OWED.values(), ids=OWED)
def test_an_account_with_something_on_its_open_invoice_is_closed_by_force_alone(paid_up, owe):
    with at("2026-10-05"):
        interface.activate_account(paid_up)
        owe(paid_up)
        before = books()
        with pytest.raises(NotSettled, match=r"is due on the open|a credit of 3\.00 is open"):
            close_account(paid_up)
        assert books() == before
        assert close_account(paid_up, force=True).owner is None


def test_an_unpaid_invoice_keeps_an_account_from_being_closed_until_it_is_void():
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-01"):
        turn_the_month()
        cancel_account(user)
        with pytest.raises(NotSettled, match=r"20\.00 of the invoice 1 .* is not paid"):
            close_account(user)
        void_invoice(invoice_of(user, 202610), **SAID)
        assert close_account(user).owner is None


def test_a_begun_month_that_no_dispatch_has_billed_yet_is_owed(paid_up, settings):
    with at("2026-10-05"):
        interface.activate_account(paid_up)
    with at("2026-11-02"), pytest.raises(NotSettled, match=r"10\.00 is not billed yet \(The plan, November"):
        close_account(paid_up)
    declare(settings, product("PLAN", bill="tests.test_owners.bills_nothing"))
    with at("2026-11-02"), pytest.raises(NotSettled, match="handler has not billed PLAN for 202611"):
        close_account(paid_up)
    declare(settings, product("PLAN"))
    with at("2026-11-02"):
        turn_the_month()
        cancel_account(paid_up)
        assert close_account(paid_up).owner is None


def bills_nothing(account, invoice):
    """A handler."""


def test_a_product_that_costs_nothing_owes_nothing():
    with at("2026-09-10"):
        user = an_owner("FREE")
    with at("2026-11-10"):
        assert close_account(user) is None


@pytest.mark.parametrize("force", [True, False])
def test_while_the_outcome_of_a_charge_or_a_refund_is_open_no_force_closes_it(paid_up, braintree, force):
    charge = Charge.objects.get()
    refund = Refund.objects.create(charge=charge, amount=Decimal("1.00"), **SAID)
    with pytest.raises(PaymentUnderWay, match="not known yet"):
        close_account(paid_up, force=force)
    refund.delete()
    refund_charge(charge, **SAID)
    with at("2026-10-05"):
        assert close_account(paid_up, force=force).owner is None


def test_a_pending_charge_keeps_an_account_from_being_closed(braintree):
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"), braintree.fault("timeout", when="after", verb="POST", path="/transactions"):
        run_failing("dispatch_invoices")
    with at("2026-10-01"), pytest.raises(PaymentUnderWay, match="not known yet"):
        close_account(user, force=True)
    assert Card.objects.get().state == Card.State.CURRENT


def test_where_the_vault_does_not_answer_the_same_call_does_the_rest_later(paid_up, braintree):
    with braintree.fault("refuse"), pytest.raises(GatewayUnusable):
        close_account(paid_up)
    assert Account.objects.get().owner == paid_up
    assert Card.objects.get().state == Card.State.LEAVING
    assert close_account(paid_up).owner is None
    assert Card.objects.get().state == Card.State.GONE


def test_a_card_stored_while_the_vault_is_asked_keeps_the_owner(paid_up, braintree):
    account = paid_up.genbilling_account

    def store_another(execute, sql, parameters, many, context):
        """As another process does, as soon as the first card is gone."""
        done = execute(sql, parameters, many, context)
        if Card.State.GONE in (parameters or ()) and sql.startswith("UPDATE"):
            Card.objects.create(account=account, state=Card.State.CURRENT)
        return done

    with connection.execute_wrapper(store_another), pytest.raises(PaymentUnderWay, match="on file again"):
        close_account(paid_up)
    assert Account.objects.get().owner == paid_up
    assert close_account(paid_up).owner is None
    assert set(Card.objects.values_list("state", flat=True)) == {"gone"}


def test_what_fails_on_a_closed_account_is_told_by_the_audit_and_not_by_a_signal():
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-01"):
        turn_the_month()
        add_step_to_product("PLAN", user)
        close_account(user, force=True)
    with at("2026-11-01"), hearing() as heard:
        run("dispatch_invoices")
    assert heard == []
    assert not Charge.objects.filter(signalled_at__isnull=True).exists()
    said = run_failing("audit_billing")
    assert "of nobody (id" in said
    assert "it has no owner, and owes 20.00 for 202610; void_invoice() ends that." in said
    for invoice in Invoice.objects.filter(failed=True):
        void_invoice(invoice, **SAID)
    assert run("audit_billing").endswith("0 findings.")


def test_an_expiry_that_was_not_told_before_its_account_was_closed_is_told_to_nobody(settings):
    declare(settings, product("PLAN"), RETRY_DAYS=(1,))
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-01"):
        run("dispatch_invoices")
    with at("2026-10-02"):
        run("dispatch_invoices")
    Account.objects.update(expiry_to_signal_since="2026-10-02 00:00Z")
    with at("2026-10-03"), hearing() as heard:
        close_account(user, force=True)
        run("dispatch_invoices")
    assert heard == []
    assert Account.objects.get().expiry_to_signal_since is None


def test_what_is_consumed_on_a_closed_account_by_code_alerts_nobody(
    settings, django_capture_on_commit_callbacks
):
    declare(settings, product("PLAN", trigger=99))
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-01"):
        turn_the_month()
        close_account(user, force=True)
        with hearing() as heard, django_capture_on_commit_callbacks(execute=True) as callbacks:
            assert Product.objects.get().spend_amount(50) == 50
    assert len(callbacks) == 1
    assert heard == []


def test_a_user_who_is_not_saved_does_not_own_the_closed_accounts(paid_up):
    close_account(paid_up)
    request = RequestFactory().get("/")
    request.user = get_user_model()(username="unsaved")
    assert account_owner_rights_required()(lambda request: None)(request).status_code == 401
