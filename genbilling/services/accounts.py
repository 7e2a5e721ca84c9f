"""Accounts and the users on them: making, activating, ending."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError
from django.db.models import Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from .. import books, periods
from ..exceptions import AlreadyInAccount, BadUser, NoAccount
from ..models import Account, AccountUser, Product
from . import products
from .invoicing import open_missing_invoices
from .locks import lock_account_owned_by, user_key


@books.atomic()
def new_account(user: Any, trial: bool) -> Account:
    """Make the account that `user` owns; see `genbilling.interface`."""
    owner = free_user(user)
    status = Account.Status.TRIAL if trial else Account.Status.ACTIVE
    with placing(user):
        account = Account.objects.create(owner=owner, status=status)
        AccountUser.objects.create(account=account, user=owner)
    return account


@books.atomic()
def add_user(user: Any, parent: Any) -> Account:
    """Put `user` on the account that `parent` owns; see `genbilling.interface`."""
    account = lock_account_owned_by(parent)
    child = free_user(user)
    with placing(user):
        AccountUser.objects.create(account=account, user=child)
    return account


@books.atomic()
def remove_user(user: Any, parent: Any) -> Account:
    """Take `user` off the account that `parent` owns; see `genbilling.interface`."""
    account = lock_account_owned_by(parent)
    if user_key(user) == account.owner_id:
        raise NoAccount(
            f"The user {user} owns the {account} and stays on it: transfer_account() hands it over, "
            "close_account() lets go of its owner."
        )
    deleted, _ = AccountUser.objects.filter(account=account, user=user_key(user)).delete()
    if not deleted:
        raise NoAccount(f"The user {user} is no child user of the {account}.")
    return account


@books.atomic()
def activate_account(user: Any) -> Account:
    """Make the account that `user` owns active; see `genbilling.interface`."""
    account = lock_account_owned_by(user)
    if account.billable():
        return account
    account.move(activated_at=timezone.now())
    return activate(account)


@books.atomic()
def cancel_account(user: Any) -> Account:
    """Cancel the account that `user` owns; see `genbilling.interface`."""
    return end(lock_account_owned_by(user), Account.Status.CANCELLED)


@books.atomic()
def expire_account(user: Any) -> Account:
    """Expire the account that `user` owns; see `genbilling.interface`."""
    return end(lock_account_owned_by(user), Account.Status.EXPIRED)


def activate(account: Account) -> Account:
    """Make `account` active and let its products go on; return it. It is locked."""
    was_billable = account.billable()
    move(account, Account.Status.ACTIVE)
    for product in [] if was_billable else _latest_products(account):
        if not product.removed:
            products.start(account, product)
    return account


def end(account: Account, status: Account.Status, unpaid_since: datetime | None = None) -> Account:
    """End `account`, and its products with the last period billed: the current one, or one billed ahead.

    The account is locked, and returned.

    Args:
        unpaid_since: it ends for want of payment, so paying takes it up again.
    """
    period = periods.get_current_billing_period()
    if account.billable():
        # While it still counts as billable: a missed month's invoices are owed all the same.
        open_missing_invoices([account], period)
    # A dispatch ahead has billed the next period, too: what is paid for is had, should the account go on.
    billed = Greatest(Value(period), Coalesce("billed_through", Value(period)))
    account.products.filter(last_period__isnull=True).update(last_period=billed)
    move(account, status, unpaid_since)
    return account


def move(account: Account, status: Account.Status, unpaid_since: datetime | None = None) -> None:
    """Set the status alone, and since when it is so for want of payment, if it is."""
    account.move(status=status, unpaid_since=unpaid_since)


def free_user(user: Any) -> Any:
    """Return `user`, who belongs to no account, as read where the books are.

    Raises:
        AlreadyInAccount: the user belongs to one.
        BadUser: it is no saved user.
    """
    books.refuse_misplaced()
    _refuse_if_placed(user)
    # A user that a replica handed out is another database's to Django, and not to be assigned.
    stored = get_user_model()._base_manager.using(books.alias()).filter(pk=user_key(user)).first()
    if stored is None:
        raise BadUser(f"The user {user} is not in the database {books.alias()!r}, where the books are.")
    return stored


@contextmanager
def placing(user: Any) -> Iterator[None]:
    """Put `user` on an account inside the block.

    Raises:
        AlreadyInAccount: somebody else has put the user on one since it was looked.
    """
    try:
        with books.atomic():
            yield
    except IntegrityError:
        # Somebody placed the same user between the look and the insert; the unique column saw it.
        _refuse_if_placed(user)
        raise


def _latest_products(account: Account) -> list[Product]:
    """Return the last row of each product name: a product that was sold anew has earlier ones."""
    latest = {product.name: product for product in account.products.order_by("pk")}
    return list(latest.values())


def _refuse_if_placed(user: Any) -> None:
    key = user_key(user)
    if AccountUser.objects.filter(user=key).exists() or Account.objects.filter(owner=key).exists():
        raise AlreadyInAccount(
            f"The user {user} belongs to an account already; a user has one at most. "
            "A cancelled or expired account is taken up again with activate_account()."
        )
