"""What is not tried: a card by what its row remembers of its number, an invoice by the tries it had."""

import pytest
from braintree.test.nonces import Nonces

from genbilling.interface import cancel_account, remove_card, save_card
from genbilling.models import Card, Charge
from genbilling.sandbox import Fault
from tests.factories import GOOD_CARD, an_owner, at, declare, hearing, invoice_of, product, run, run_failing
from tests.scenarios.calls import SALES

pytestmark = pytest.mark.django_db

OCTOBER = 202610
STOLEN = Nonces.TransactableMasterCard
HARD, AUTHENTICATE = 2004, 2099


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"))


@pytest.fixture
def declined(braintree):
    """Decline every sale from now on with a code; returns what ends it."""

    def decline(code):
        return braintree.faults.add(Fault("decline", code=str(code), **SALES))

    return decline


def an_owner_who_owes(nonce, at_moment="2026-09-10"):
    with at(at_moment):
        return an_owner("PLAN", card=nonce)


def dispatch(moment):
    with at(moment):
        return run("dispatch_invoices")


def store(user, nonce, moment):
    with at(moment):
        return save_card(user, nonce)


def tries(user):
    return Charge.objects.filter(invoice__account__owner=user).count()


def blocks(user):
    return [str(card.block) for card in Card.objects.filter(account__owner=user).order_by("pk")]


# A number that was declined for good


def test_a_stolen_card_that_is_stored_again_is_tried_once_and_then_not_for_a_day(user, declined):
    declined(HARD)
    store(user, STOLEN, "2026-09-20")
    assert "1 refused" in dispatch("2026-10-01 02:00")
    assert "1 hard decline" in dispatch("2026-10-01 03:00")
    store(user, STOLEN, "2026-10-01 04:00")
    assert "1 refused" in dispatch("2026-10-01 05:00"), "stored again, it is tried once"
    for hour in ("2026-10-01 06:00", "2026-10-02 04:30"):
        store(user, STOLEN, hour)
        assert "1 hard decline" in dispatch(hour), "declined twice: no saving helps for 24 hours"
    assert "1 hard decline" in dispatch("2026-10-02 12:00"), "after that only a saving does"
    store(user, STOLEN, "2026-10-02 13:00")
    assert "1 refused" in dispatch("2026-10-02 14:00")
    store(user, STOLEN, "2026-10-02 15:00")
    assert "1 hard decline" in dispatch("2026-10-02 16:00"), "and again it was one try"
    assert tries(user) == 3


def test_another_number_is_tried_at_once_whatever_befell_the_one_before(user, declined):
    declining = declined(HARD)
    for moment in ("2026-10-01 02:00", "2026-10-01 03:00"):
        store(user, STOLEN, moment)
        dispatch(moment)
    declining.remove()
    store(user, Nonces.TransactableAmEx, "2026-10-01 04:00")
    assert "1 paid" in dispatch("2026-10-01 05:00")


def test_a_decline_is_no_matter_of_another_account_that_has_the_number(braintree, declined):
    first, other = an_owner_who_owes(STOLEN), an_owner_who_owes(STOLEN)
    with braintree.fault("decline", code=HARD, token=Card.objects.get(account__owner=first).token):
        assert "1 paid (20.00), 1 refused" in dispatch("2026-10-01")
    assert (blocks(first), blocks(other)) == (["hard_decline"], [""])


def test_a_payment_with_the_number_forgives_its_declines(user, declined):
    declining = declined(HARD)
    dispatch("2026-10-01 02:00")
    declining.remove()
    store(user, GOOD_CARD, "2026-10-02")
    assert "1 paid" in dispatch("2026-10-02 13:00")
    assert set(Card.objects.values_list("block", "hard_declines", "hard_declined_at")) == {("", 0, None)}


@pytest.mark.parametrize("kept", ["not_in_vault", "authentication"])
def test_a_payment_with_the_number_forgives_nothing_else(user, kept):
    first = Card.objects.get()
    store(user, GOOD_CARD, "2026-09-20")
    Card.objects.update(hard_declines=1)
    Card.objects.filter(pk=first.pk).update(block=kept)
    assert "1 paid" in dispatch("2026-10-01")
    assert list(Card.objects.order_by("pk").values_list("block", "hard_declines")) == [(kept, 0), ("", 0)]


def test_where_the_number_is_not_told_declines_count_for_the_token(user, declined):
    declined(HARD)
    dispatch("2026-10-01 02:00")
    Card.objects.update(number_id="")
    other = an_owner_who_owes(STOLEN, "2026-10-01 03:00")
    Card.objects.update(number_id="")
    with at("2026-11-01 04:00"):
        run("dispatch_invoices")
    assert blocks(user) == ["hard_decline"]
    assert tries(other) == 1, "no number is not the same number"


# A card that the bank wants authenticated, one that is gone


def test_every_stored_card_lifts_that_the_bank_wants_its_holder_to_authenticate(user, declined):
    declining = declined(AUTHENTICATE)
    assert "1 refused" in dispatch("2026-10-01")
    assert "1 the bank wants the owner to authenticate" in dispatch("2026-10-02")
    for day in (3, 4, 5):
        store(user, GOOD_CARD, f"2026-10-{day:02}")
        assert "1 refused" in dispatch(f"2026-10-{day:02} 13:00"), "the same number, as often as it is stored"
        assert "1 the bank wants" in dispatch(f"2026-10-{day:02} 14:00")
    declining.remove()
    store(user, GOOD_CARD, "2026-10-06")
    assert "1 paid" in dispatch("2026-10-06 13:00")


@pytest.mark.parametrize("gone", ["card", "customer"])
def test_a_card_that_is_gone_from_the_vault_is_refused_once_and_then_left_alone(user, braintree, gone):
    [card] = Card.objects.all()
    if gone == "card":
        braintree.gateway.payment_method.delete(card.token)
    else:
        braintree.gateway.customer.delete(card.account.customer_id)
    with hearing() as heard:
        assert "1 refused" in dispatch("2026-10-01")
        for day in (2, 3):
            assert "1 left alone (1 card not in the vault any more)" in dispatch(f"2026-10-{day:02}")
    [said] = heard.named("credit_card_error")
    assert said["charge"].needs_owner
    assert not said["charge"].hard_decline
    assert Charge.objects.get().needs_owner, "also when it is read again"
    assert blocks(user) == ["not_in_vault"], "the card is marked"
    with at("2026-10-03 13:00"):
        assert invoice_of(user, OCTOBER).send_payment() is None
    store(user, GOOD_CARD, "2026-10-04")
    assert "1 paid" in dispatch("2026-10-04 13:00")


def test_a_card_that_is_gone_when_a_lost_answer_is_found_out_is_no_refusal(user, braintree):
    with braintree.fault("timeout", when="before", **SALES), at("2026-10-01 02:00"):
        run_failing("dispatch_invoices")
    [card] = Card.objects.all()
    braintree.gateway.payment_method.delete(card.token)
    present = store(user, STOLEN, "2026-10-01 02:30")
    with hearing() as heard:
        assert "1 paid (20.00), 0 refused" in dispatch("2026-10-01 03:00")
    assert [name for name, _ in heard] == ["invoice_sent"]
    assert list(Charge.objects.order_by("pk").values_list("state", "card_token")) == [
        ("not_sent", card.token),
        ("paid", present.token),
    ]
    assert Charge.objects.filter(card_gone=True).count() == 0


# The limit of the card networks


def test_the_tries_with_a_number_are_counted_together_under_whatever_token(settings, user, declined):
    declare(settings, product("PLAN"), MAX_TRIES=4)
    declined(2001)
    for day in range(1, 5):
        store(user, STOLEN, f"2026-10-{day:02}")
        assert "1 refused" in dispatch(f"2026-10-{day:02} 13:00")
    store(user, STOLEN, "2026-10-05")
    assert "1 card network's limit of tries reached" in dispatch("2026-10-05 13:00")
    with at("2026-10-05 16:00"):
        assert invoice_of(user, OCTOBER).send_payment() is None
    store(user, GOOD_CARD, "2026-10-06")
    assert "1 refused" in dispatch("2026-10-06 13:00"), "another number has tries of its own"
    store(user, STOLEN, "2026-11-02 12:00")
    with at("2026-11-02 13:00"):
        run("dispatch_invoices", period=OCTOBER)
    assert tries(user) == 6, "30 days after the first two there is room for another"


def test_the_tries_are_counted_for_each_invoice(settings, user, declined):
    declare(settings, product("PLAN"), MAX_TRIES=2)
    declined(2001)
    dispatch("2026-10-30")
    dispatch("2026-10-31")
    with at("2026-11-01"):
        summary = run("dispatch_invoices")
    assert "1 refused" in summary, "November's, which the other does not hold back"
    assert "1 left alone (1 card network's limit of tries reached)" in summary
    assert [invoice_of(user, period).charges.count() for period in (202610, 202611)] == [2, 1]


def test_having_no_card_counts_as_a_refused_try_until_one_is_stored(settings, user):
    declare(settings, product("PLAN"), MAX_TRIES=2)
    with at("2026-09-20"):
        remove_card(user)
    with hearing() as heard:
        for day in (1, 2):
            assert "1 without a card" in dispatch(f"2026-10-{day:02}")
        assert "1 card network's limit of tries reached" in dispatch("2026-10-03")
    assert [name for name, _ in heard] == ["credit_card_error"] * 2
    store(user, GOOD_CARD, "2026-10-04")
    assert "1 paid" in dispatch("2026-10-04 13:00")


def test_for_want_of_a_card_no_days_gone_by_make_another_try(settings, user):
    declare(settings, product("PLAN"), MAX_TRIES=2)
    with at("2026-09-20"):
        remove_card(user)
        cancel_account(user)
    with hearing() as heard:
        for day in ("2026-10-01", "2026-10-02"):
            assert "1 without a card" in dispatch(day)
        for day in ("2026-10-03", "2026-11-15", "2027-03-01"):
            assert "1 left alone (1 card network's limit of tries reached)" in dispatch(day)
        with at("2027-03-02"):
            assert invoice_of(user, OCTOBER).send_payment() is None
    assert [said["charge"] for _, said in heard] == [None, None]
    store(user, GOOD_CARD, "2027-03-03")
    assert "1 paid" in dispatch("2027-03-03 13:00"), "a card makes it due at once"


def test_once_a_card_was_tried_having_none_counts_anew(settings, user, declined):
    declare(settings, product("PLAN"), MAX_TRIES=2)
    declined(2001)
    with at("2026-09-20"):
        remove_card(user)
    for day in ("2026-10-01", "2026-10-02"):
        dispatch(day)
    store(user, GOOD_CARD, "2026-10-03")
    assert "1 refused" in dispatch("2026-10-04")
    with at("2026-10-05"):
        remove_card(user)
    for day in ("2026-10-06", "2026-10-07"):
        assert "1 without a card" in dispatch(day)
    assert "1 left alone" in dispatch("2026-10-30")


# By hand


@pytest.mark.parametrize("block", ["hard_decline", "authentication", "not_in_vault"])
def test_what_may_not_be_tried_is_not_tried_by_hand_either_unless_an_operator_insists(user, declined, block):
    declining = declined(2001)
    dispatch("2026-10-01")
    declining.remove()
    Card.objects.update(block=block)
    october = invoice_of(user, OCTOBER)
    with at("2026-10-05"):
        assert october.send_payment() is None
        assert october.send_payment(force=True).state == "paid"
    assert blocks(user) == [""], "it was paid with: it may be tried"
