"""The same verb for the same user from many threads: done once; the others are told, or get the same."""

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest

from genbilling.exceptions import AlreadyInAccount
from genbilling.interface import (
    activate_account,
    add_product_to_account,
    add_step_to_product,
    add_user_account,
    cancel_account,
    new_account,
    remove_product_from_account,
)
from genbilling.models import Account, AccountUser, Invoice, InvoiceItem, Product, Step
from tests.concurrency.crowd import at_once
from tests.concurrency.due import FLAT_RATE
from tests.factories import a_user, an_owner

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 12


def kinds(outcomes):
    return Counter(type(outcome) for outcome in outcomes)


def callers(verb, *arguments):
    return [partial(verb, *arguments) for _ in range(CALLERS)]


def items_on_one_invoice():
    """The amounts of all items there are; they lie on one invoice."""
    assert Invoice.objects.count() == 1
    return list(InvoiceItem.objects.values_list("amount", flat=True))


def test_new_account_makes_one_account_and_refuses_the_others():
    user = a_user()
    outcomes = at_once(*callers(new_account, user), expecting=AlreadyInAccount)
    assert kinds(outcomes) == {Account: 1, AlreadyInAccount: CALLERS - 1}
    assert Account.objects.get().owner == AccountUser.objects.get().user == user


def test_add_user_account_places_a_user_once():
    parents = [an_owner() for _ in range(3)]
    child = a_user()
    jobs = [partial(add_user_account, child, parent) for parent in parents * 4]
    outcomes = at_once(*jobs, expecting=AlreadyInAccount)
    assert kinds(outcomes) == {Account: 1, AlreadyInAccount: CALLERS - 1}
    [account] = [outcome for outcome in outcomes if isinstance(outcome, Account)]
    assert AccountUser.objects.get(user=child).account == account


def test_a_user_becomes_an_owner_or_a_child_and_never_both():
    parent, user = an_owner(), a_user()
    outcomes = at_once(
        *callers(new_account, user), *callers(add_user_account, user, parent), expecting=AlreadyInAccount
    )
    assert kinds(outcomes) == {Account: 1, AlreadyInAccount: 2 * CALLERS - 1}
    place = AccountUser.objects.get(user=user)
    assert Account.objects.filter(owner=user).exists() == (place.account.owner == user)
    assert Account.objects.count() == AccountUser.objects.filter(user=place.account.owner).count() + (
        place.account.owner != parent
    )


def test_add_product_to_account_gives_everyone_the_same_row_and_charges_once():
    user = an_owner()
    outcomes = at_once(*callers(add_product_to_account, "MSG", user))
    assert set(outcomes) == {Product.objects.get()}
    assert items_on_one_invoice() == [FLAT_RATE]


def test_activate_account_charges_what_was_on_trial_once():
    user = an_owner("MSG", "ANS_SERV_STAFF", trial=True)
    assert not Invoice.objects.exists()
    outcomes = at_once(*callers(activate_account, user))
    assert set(outcomes) == {Account.objects.get()}
    assert Account.objects.get().status == Account.Status.ACTIVE
    assert items_on_one_invoice() == [FLAT_RATE]


def test_every_step_bought_is_had_and_charged():
    user = an_owner("MSG")
    outcomes = at_once(*callers(add_step_to_product, "MSG", user))
    assert sorted(outcomes) == [1000 * (1 + bought) for bought in range(1, CALLERS + 1)]
    assert Product.objects.get().capacity == 1000 * (1 + CALLERS)
    assert Step.objects.count() == CALLERS
    assert sorted(items_on_one_invoice()) == [Decimal("7.99")] * CALLERS + [FLAT_RATE]


def test_ending_and_taking_up_again_in_disorder_charges_once():
    user = an_owner("MSG")
    at_once(
        *callers(cancel_account, user)[:4],
        *callers(activate_account, user)[:4],
        *callers(remove_product_from_account, "MSG", user)[:4],
    )
    activate_account(user)
    add_product_to_account("MSG", user)
    product = Product.objects.get()
    assert (product.last_period, product.removed) == (None, False)
    assert items_on_one_invoice() == [FLAT_RATE]
