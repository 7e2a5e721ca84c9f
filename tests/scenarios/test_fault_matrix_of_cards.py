"""The fault matrix, of the card: replaced, removed or gone while what became of its charge is not known."""

from dataclasses import replace

import pytest

from genbilling.interface import remove_card, save_card
from genbilling.models import Card
from tests.factories import GOOD_CARD, at
from tests.scenarios.faulty import (
    AN_HOUR_LATER,
    MUCH_LATER,
    NOON,
    PAID,
    REFUSED,
    UNKNOWN,
    UNKNOWN_BUT_CHARGED,
)

pytestmark = pytest.mark.django_db

MEANWHILE = "2026-10-01 12:30"


@pytest.fixture
def card(world):
    return Card.objects.get(account__owner=world.user)


def lose_the_answer(world, when):
    stands = world.dispatch(NOON, f"timeout {when}")
    assert stands == (UNKNOWN if when == "before" else UNKNOWN_BUT_CHARGED)


def cards_sold_to(world):
    return [sale.credit_card_details.token for sale in world.braintree.charged_to(world.user)]


def states_of_cards(world):
    return list(Card.objects.filter(account__owner=world.user).order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_card_replaced_while_its_charge_is_pending_pays_it_and_goes_then(when, world, card):
    lose_the_answer(world, when)
    with at(MEANWHILE):
        save_card(world.user, GOOD_CARD)
    assert states_of_cards(world) == ["leaving", "current"]
    assert world.dispatch(AN_HOUR_LATER) == PAID
    assert cards_sold_to(world) == [card.token]
    assert world.dispatch(MUCH_LATER) == PAID
    assert states_of_cards(world) == ["gone", "current"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_card_removed_while_its_charge_is_pending_pays_it_and_goes_then(when, world, card):
    lose_the_answer(world, when)
    with at(MEANWHILE):
        remove_card(world.user)
    assert world.dispatch(AN_HOUR_LATER) == PAID
    assert cards_sold_to(world) == [card.token]
    assert world.dispatch(MUCH_LATER) == PAID
    assert states_of_cards(world) == ["gone"]


def test_a_card_that_somebody_deleted_at_braintree_is_no_error_while_there_is_another(world, card):
    lose_the_answer(world, "before")
    with at(MEANWHILE):
        world.braintree.gateway.payment_method.delete(card.token)
        present = save_card(world.user, GOOD_CARD)
    # The resend is told that the token is invalid: it did not happen, and the present card pays at once.
    assert world.dispatch(AN_HOUR_LATER) == replace(PAID, charges="not_sent paid")
    assert cards_sold_to(world) == [present.token]
    assert world.dispatch(MUCH_LATER) == replace(PAID, charges="not_sent paid")


def test_a_card_that_somebody_deleted_at_braintree_is_refused_once_when_it_is_the_present_one(world, card):
    lose_the_answer(world, "before")
    with at(MEANWHILE):
        world.braintree.gateway.payment_method.delete(card.token)
    assert world.dispatch(AN_HOUR_LATER) == replace(REFUSED, charges="not_sent refused")
    with at("2026-10-01 13:30"):
        save_card(world.user, GOOD_CARD)
    heard = "credit_card_error invoice_sent"
    paid = replace(PAID, charges="not_sent refused paid", heard=heard)
    assert world.dispatch(MUCH_LATER) == paid


@pytest.mark.parametrize("fault", ["", "search search-lag seconds=86400"])
def test_a_card_that_is_gone_after_it_was_charged_is_not_charged_for_again(fault, world, card):
    lose_the_answer(world, "after")
    with at(MEANWHILE):
        world.braintree.gateway.payment_method.delete(card.token)
        save_card(world.user, GOOD_CARD)
    assert world.dispatch(AN_HOUR_LATER, *filter(None, [fault])) == PAID
    assert world.dispatch(MUCH_LATER) == PAID


def test_a_refusal_that_was_lost_is_not_tried_again_under_its_key(world, card):
    world.braintree.gateway.payment_method.delete(card.token)
    # Refused as invalid, so that the gateway has no transaction to show, and that answer is lost.
    assert world.dispatch(NOON, "timeout after") == UNKNOWN
    assert world.dispatch(AN_HOUR_LATER) == REFUSED
    assert "key with failed request" in world.said
