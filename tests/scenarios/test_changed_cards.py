"""Braintree's account updater changes a card in the vault: the books follow."""

import pytest

from genbilling.models import Card, Charge
from genbilling.services.reconcile import cards
from genbilling.services.reconcile.report import Comparison
from tests.factories import GOOD_CARD, an_owner, at, invoice_of, run, run_failing

NEW = {"number": "5555555555554444", "expiration_date": "05/2031"}
OLD_FACE = ("Visa", "1881")
NEW_FACE = ("MasterCard", "4444", "05/2031")


@pytest.fixture
def updater(braintree):
    """What gives a card another number, or expiry, in the vault alone."""
    return lambda card, **changes: braintree.gateway.credit_card.update(card.token, changes or NEW)


def card_of(user):
    return Card.objects.get(account__owner=user, state=Card.State.CURRENT)


def face_of(user):
    card = card_of(user)
    return card.card_type, card.last_4, card.expiration


@pytest.mark.parametrize("declined", [False, True], ids=["paid", "declined"])
def test_the_answer_to_a_sale_brings_the_card_up_to_date(user, braintree, updater, declined):
    assert face_of(user)[:2] == OLD_FACE
    number_id = card_of(user).number_id
    assert updater(card_of(user)).is_success
    if declined:
        braintree.decline(card_of(user), "2001")
    with at("2026-10-01"):
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paid is not declined
    assert face_of(user) == NEW_FACE
    assert card_of(user).number_id not in ("", number_id)


def test_a_new_expiry_alone_is_taken_over_too(user, updater):
    before = face_of(user)
    updater(card_of(user), expiration_date="07/2033")
    with at("2026-10-01"):
        run("dispatch_invoices")
    assert face_of(user) == (*before[:2], "07/2033")


def test_tries_count_for_the_number_that_the_card_has_now(user, braintree, updater, settings):
    settings.GENBILLING = {**settings.GENBILLING, "MAX_TRIES": 2}
    updater(card_of(user))
    braintree.decline(card_of(user), "2001")
    for day in ("2026-10-01", "2026-10-02", "2026-10-03"):
        with at(day):
            said = run("dispatch_invoices")
    assert "card network's limit of tries reached" in said
    assert Charge.objects.count() == 2


def test_an_answer_that_was_found_by_a_search_changes_nothing(user, braintree, updater):
    with at("2026-10-01 12:00"), braintree.fault("timeout", when="after", path="/transactions"):
        run_failing("dispatch_invoices")
    updater(card_of(user))
    with at("2026-10-01 13:00"):
        cards.compare(Comparison())
        assert face_of(user) == NEW_FACE
        run("dispatch_invoices")
    assert invoice_of(user, 202610).paid
    assert face_of(user) == NEW_FACE, "the sale was made with the old one"


def test_reconciling_brings_every_card_on_file_up_to_date(user, updater, plan):
    other = an_owner("PLAN", card=GOOD_CARD)
    before = face_of(other)
    updater(card_of(user))
    assert "1 would be repaired" in run("reconcile_payments", dry_run=True)
    assert face_of(user)[:2] == OLD_FACE
    assert "1 repaired, 0 left" in run("reconcile_payments")
    assert (face_of(user), face_of(other)) == (NEW_FACE, before)
    assert "0 repaired, 0 left" in run("reconcile_payments")


def test_cards_that_the_gateway_does_not_answer_about_are_left(user, braintree, updater):
    updater(card_of(user))
    with braintree.fault("status", status=500, path="/customers/advanced_search_ids"):
        said = run_failing("reconcile_payments")
    assert "It cannot be found out now what became of the cards on file" in said
    assert face_of(user)[:2] == OLD_FACE
