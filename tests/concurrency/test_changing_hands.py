"""Accounts handed over and closed from many threads at once: each once, a user with one place at most."""

from collections import Counter
from functools import partial

import pytest

from genbilling.exceptions import AccountError
from genbilling.interface import add_user_account, close_account, new_account, transfer_account
from genbilling.models import Account, AccountUser
from tests.concurrency.crowd import at_once
from tests.factories import GOOD_CARD, a_user, an_owner

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 6


def kinds(outcomes):
    return Counter("refused" if isinstance(one, AccountError) else "done" for one in outcomes)


def everybody_is_placed_once():
    """Each owner is on the account, and nobody on two."""
    for account in Account.objects.exclude(owner=None):
        assert AccountUser.objects.get(user=account.owner).account == account


def test_an_account_is_handed_over_by_its_owner_once():
    user, heirs = an_owner(), [a_user() for _ in range(CALLERS)]
    outcomes = at_once(*(partial(transfer_account, user, heir) for heir in heirs), expecting=AccountError)
    assert kinds(outcomes) == {"done": 1, "refused": CALLERS - 1}
    assert Account.objects.get().owner in heirs
    assert AccountUser.objects.count() == 2
    everybody_is_placed_once()


def test_who_is_made_an_owner_or_a_child_from_many_sides_gets_one_place():
    owners, heir = [an_owner() for _ in range(CALLERS)], a_user()
    jobs = [partial(transfer_account, owner, heir) for owner in owners]
    jobs += [partial(new_account, heir), partial(add_user_account, heir, owners[0])]
    outcomes = at_once(*jobs, expecting=AccountError)
    # Who was put on the first account as a child may be made its owner after that.
    assert 1 <= kinds(outcomes)["done"] <= 2
    assert AccountUser.objects.filter(user=heir).count() == 1
    everybody_is_placed_once()


def test_an_account_that_is_closed_and_handed_over_at_once_is_one_of_the_two():
    user, heir = an_owner(card=GOOD_CARD), a_user()
    closing, handing = at_once(
        partial(close_account, user), partial(transfer_account, user, heir), expecting=AccountError
    )
    if isinstance(handing, AccountError):
        assert closing is None
        assert not Account.objects.exists()
    else:
        assert isinstance(closing, AccountError)
        assert Account.objects.get().owner == heir
    everybody_is_placed_once()
