"""The card on file: saved, replaced, refused, removed, swept; in our books and in the vault."""

import braintree
import pytest
from braintree import CreditCardVerificationSearch
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.nonces import Nonces
from django.db import connection, transaction
from django.utils import timezone

from genbilling.exceptions import CardRefused, GatewayUnusable, NoAccount, NoCard, TransactionOpen
from genbilling.gateway import PaymentService
from genbilling.interface import add_user_account, cancel_account, remove_card, save_card
from genbilling.models import Account, Card
from genbilling.sandbox import Fault, Sandbox, Trait, http_strategy
from tests.factories import (
    GOOD_CARD,
    a_user,
    an_owner,
    at,
    declare,
    invoice_of,
    product,
    run,
    run_failing,
)
from tests.scenarios.served import served

pytestmark = pytest.mark.django_db

OTHER_CARD = Nonces.TransactableMasterCard
VISA, MASTERCARD = "1881", "4444"
NOT_NONCES = ["", "nonsense", "x" * 5000, "<nonce/>", None, 7]


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"))


@pytest.fixture
def vault(braintree_books):
    """Returns the last digits of the cards that the gateway keeps for an owner, by their tokens."""

    def cards(user):
        with Sandbox(braintree_books) as sandbox:
            vendor = braintree.BraintreeGateway(
                braintree.Configuration(
                    braintree.Environment.Development,
                    merchant_id="integration_merchant_id",
                    public_key="integration_public_key",
                    private_key="integration_private_key",
                    http_strategy=http_strategy(sandbox),
                )
            )
            try:
                customer = vendor.customer.find(user.genbilling_account.customer_id)
            except NotFoundError:
                return {}
            return {card.token: card.last_4 for card in customer.payment_methods}

    return cards


def on_file(user):
    return Card.objects.filter(account__owner=user, state=Card.State.CURRENT).first()


def states(user):
    return list(Card.objects.filter(account__owner=user).order_by("pk").values_list("state", flat=True))


def test_a_card_is_put_on_file_and_in_the_vault(vault):
    user = an_owner()
    card = save_card(user, GOOD_CARD)
    assert card == on_file(user)
    assert (card.card_type, card.last_4, str(card)) == ("Visa", VISA, f"Visa ending in {VISA}")
    assert card.expiration == f"12/{timezone.now().year + 1}"
    assert vault(user) == {card.token: VISA}


def test_nothing_of_a_card_but_what_may_be_shown_is_kept():
    user = an_owner()
    save_card(user, GOOD_CARD)
    kept = str(Card.objects.values().get()) + str(Account.objects.values().get())
    assert "401288" not in kept
    assert GOOD_CARD not in kept


def test_an_owner_without_a_card_has_none(vault):
    user = an_owner()
    assert (on_file(user), vault(user)) == (None, {})


def test_a_new_card_takes_the_place_of_the_old_one_which_leaves_the_vault(vault):
    user = an_owner()
    old = save_card(user, GOOD_CARD)
    new = save_card(user, OTHER_CARD)
    assert new.token != old.token
    assert on_file(user) == new
    assert states(user) == [Card.State.GONE, Card.State.CURRENT]
    assert vault(user) == {new.token: MASTERCARD}


def test_the_same_card_may_be_saved_again(vault):
    user = an_owner()
    save_card(user, GOOD_CARD)
    card = save_card(user, GOOD_CARD)
    assert vault(user) == {card.token: VISA}


def test_two_owners_may_have_the_same_card(vault):
    one, other = an_owner(card=GOOD_CARD), an_owner(card=GOOD_CARD)
    assert vault(one).keys().isdisjoint(vault(other))
    remove_card(one)
    assert (vault(one), len(vault(other))) == ({}, 1)


@pytest.mark.parametrize(
    ("nonce", "code"),
    [
        (Nonces.ProcessorDeclinedVisa, "2000"),
        (Nonces.ProcessorDeclinedMasterCard, "2000"),
        (Nonces.ProcessorFailureJCB, "3000"),
        (Nonces.GatewayRejectedFraud, ""),
        (Nonces.Consumed, ""),
        (Nonces.LuhnInvalid, ""),
        *((nonce, "") for nonce in NOT_NONCES),
    ],
)
@pytest.mark.parametrize("before", [None, GOOD_CARD], ids=["none before", "one before"])
def test_a_refused_card_says_why_and_an_earlier_one_stays(vault, nonce, code, before):
    user = an_owner(card=before)
    old, kept = on_file(user), vault(user)
    with pytest.raises(CardRefused) as caught:
        save_card(user, nonce)
    # A gateway's rejection tells a code of the processor or does not; a validation error never does.
    assert caught.value.response_code == code or nonce == Nonces.GatewayRejectedFraud
    assert caught.value.message
    assert str(caught.value) == caught.value.message
    assert on_file(user) == old
    assert vault(user) == kept
    assert "1 paid" not in run("dispatch_invoices")
    assert states(user)[-1] == Card.State.GONE, "the dispatch swept out what was refused"


def test_a_card_is_removed_here_and_in_the_vault(vault):
    user = an_owner(card=GOOD_CARD)
    assert remove_card(user) is None
    assert (on_file(user), vault(user), states(user)) == (None, {}, [Card.State.GONE])


def test_where_no_card_is_on_file_there_is_none_to_remove():
    user = an_owner(card=GOOD_CARD)
    remove_card(user)
    with pytest.raises(NoCard, match=r"has no card on file: save_card\(\) puts one there"):
        remove_card(user)


def test_a_card_that_is_gone_from_the_vault_already_is_removed_all_the_same():
    user = an_owner(card=GOOD_CARD)
    PaymentService().delete_card(on_file(user).token)
    remove_card(user)
    assert states(user) == [Card.State.GONE]


def test_a_child_user_neither_saves_nor_removes_the_owners_card(vault):
    owner, child = an_owner(card=GOOD_CARD), a_user()
    add_user_account(child, owner)
    for verb in (lambda: save_card(child, OTHER_CARD), lambda: remove_card(child)):
        with pytest.raises(NoAccount, match="owns no account"):
            verb()
    assert list(vault(owner).values()) == [VISA]
    assert states(owner) == [Card.State.CURRENT]


def test_a_cancelled_owner_may_still_save_a_card_to_pay_what_is_owed():
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-01"):
        run("dispatch_invoices")
        cancel_account(user)
        save_card(user, GOOD_CARD)
    with at("2026-10-02"):
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paid


@pytest.mark.django_db(transaction=True)
def test_inside_an_atomic_block_cards_are_not_touched(vault):
    user = an_owner(card=GOOD_CARD)
    before = on_file(user)
    for verb, named in (
        (lambda: save_card(user, OTHER_CARD), r"save_card\(\) .*non_atomic_requests"),
        (lambda: remove_card(user), r"remove_card\(\) .*non_atomic_requests"),
    ):
        with transaction.atomic(), pytest.raises(TransactionOpen, match=named):
            verb()
    assert states(user) == [Card.State.CURRENT]
    assert vault(user) == {before.token: VISA}


@pytest.mark.django_db(transaction=True)
def test_outside_an_atomic_block_they_are_committed_at_once():
    user = an_owner(card=GOOD_CARD)
    save_card(user, OTHER_CARD)
    assert not connection.in_atomic_block
    remove_card(user)
    assert states(user) == [Card.State.GONE, Card.State.GONE]


def an_abandoned_card(user):
    """What a process leaves that died after the vault took the card and before it noted that."""
    account = user.genbilling_account
    card = Card.objects.create(account=account)
    PaymentService().store_card(account.customer_id, card.token, OTHER_CARD)
    return card


def test_a_card_that_a_dead_process_was_adding_is_swept_out_by_a_dispatch(vault):
    with at("2026-10-01 12:00"):
        user = an_owner(card=GOOD_CARD)
        abandoned = an_abandoned_card(user)
    kept = on_file(user)
    with at("2026-10-01 12:04"):
        run("dispatch_invoices")
        assert abandoned.token in vault(user), "its process may still be at it"
    with at("2026-10-01 12:06"):
        run("dispatch_invoices")
    assert states(user) == [Card.State.CURRENT, Card.State.GONE]
    assert vault(user) == {kept.token: VISA}


def forbid_to_delete(braintree, card):
    return braintree.faults.add(
        Fault("status", status=403, verb="DELETE", path=f"/payment_methods/any/{card.token}")
    )


def test_a_card_that_may_not_be_deleted_is_named_and_stops_nobody(vault, braintree):
    with at("2026-09-10"):
        user, other = an_owner("PLAN", card=GOOD_CARD), an_owner("PLAN", card=GOOD_CARD)
    kept = [on_file(user), on_file(other)]
    forbidden = [forbid_to_delete(braintree, card) for card in kept]
    with at("2026-09-20"):
        save_card(user, OTHER_CARD)
        save_card(other, OTHER_CARD)
    for day in ("2026-10-01", "2026-11-01"):
        with at(day):
            said = run_failing("dispatch_invoices")
        assert "2 paid" in said, "tidying is not what money waits for"
        assert "The run was stopped" not in said
        assert any(f"Card {card.token} is still in the vault: Braintree refuses" in said for card in kept)
    forbidden[0].remove()
    with at("2026-11-02"):
        assert kept[1].token in run_failing("dispatch_invoices")
    assert (states(user), states(other)) == ([Card.State.GONE, "current"], ["leaving", "current"])
    assert VISA not in vault(user).values()
    forbidden[1].remove()
    with at("2026-11-03"):
        assert "0 errors" in run("dispatch_invoices")
    assert states(other) == [Card.State.GONE, Card.State.CURRENT]


def test_a_dry_run_sweeps_nothing(vault):
    with at("2026-10-01 12:00"):
        user = an_owner()
        abandoned = an_abandoned_card(user)
    with at("2026-10-01 12:06"):
        run("dispatch_invoices", dry_run=True)
    assert abandoned.token in vault(user)


def use_account(settings, account):
    settings.GENBILLING = {**settings.GENBILLING, "MERCHANT_ACCOUNT_ID": account}


def test_a_card_is_verified_by_the_merchant_account_that_will_charge_it(settings, braintree):
    use_account(settings, "sandbox_credit_card_non_default")
    card = save_card(an_owner(), GOOD_CARD)
    wanted = CreditCardVerificationSearch.payment_method_token == card.token
    [verification] = braintree.gateway.verification.search(wanted).items
    assert verification.merchant_account_id == "sandbox_credit_card_non_default"


def test_a_default_account_that_takes_no_cards_is_not_asked_about_one(settings, tmp_path):
    accounts, traits = {"closed": "USD", "open": "USD"}, {"closed": frozenset({Trait.SUSPENDED})}
    use_account(settings, "open")
    with served(settings, tmp_path / "served.sqlite3", accounts=accounts, traits=traits):
        assert save_card(an_owner(), GOOD_CARD).last_4 == VISA


@pytest.mark.parametrize("account", ["suspended_account", "nonsense"])
def test_an_account_that_verifies_no_cards_is_a_wrong_setting_and_no_refusal_of_the_card(settings, account):
    user = an_owner(card=GOOD_CARD)
    before = on_file(user)
    use_account(settings, account)
    with pytest.raises(GatewayUnusable, match="Check GENBILLING\\['MERCHANT_ACCOUNT_ID'\\]"):
        save_card(user, OTHER_CARD)
    assert on_file(user) == before
