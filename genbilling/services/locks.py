"""The account's row lock, which every verb that touches an account's books takes first.

One lock for all of an account's books, and one order (account, products, invoice, number), is why the verbs
cannot deadlock with each other. Consuming does not take it: that is one statement on the product's row. A
caller who consumes and then buys in one transaction turns the order round; hence "consume last".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, QuerySet

from ..exceptions import BadUser, NoAccount
from ..models import Account

T = TypeVar("T")

TRIES = 5
DEADLOCK, SERIALIZATION_FAILURE, LOCK_TIMEOUT = "40P01", "40001", "55P03"


def lock_account_of(user: Any) -> Account:
    """Lock and return the account that `user` belongs to, as its owner or as a child user.

    Raises:
        NoAccount: there is none.
        BadUser: `user` is no saved user.
    """
    account = _lock(Account.objects.filter(account_users__user=user_key(user)))
    if account is None:
        raise no_account(user)
    return account


def lock_account_owned_by(user: Any) -> Account:
    """Lock and return the account that `user` owns.

    Raises:
        NoAccount: there is none.
    """
    account = _lock(Account.objects.filter(owner=user_key(user)))
    if account is None:
        raise NoAccount(
            f"The user {user} owns no account, and only an owner can do this. "
            "new_account() makes one for a user who is on none."
        )
    return account


def lock_account(account_id: int) -> Account:
    """Lock and return the account with the id `account_id`; wait for whoever holds it."""
    account = _lock(Account.objects.filter(pk=account_id))
    if account is None:
        raise NoAccount(f"There is no account {account_id}.")
    return account


def lock_account_unless_held(account_id: int) -> Account | None:
    """Lock and return the account with the id `account_id`, or None when another transaction holds it."""
    return _lock(Account.objects.filter(pk=account_id), skip_locked=True)


def user_key(user: Any) -> Any:
    """Return the key of `user`.

    Raises:
        BadUser: it is no saved user.
    """
    key = getattr(user, "pk", None)
    if key is None:
        raise BadUser(f"{user!r} is not a saved user: give one who is logged in, or who is in the database.")
    return key


def no_account(user: Any) -> NoAccount:
    """Return the error for a user who belongs to no account."""
    return NoAccount(
        f"The user {user} belongs to no account: new_account() makes one, "
        "add_user_account() puts the user on another user's."
    )


def _lock(accounts: QuerySet[Account], skip_locked: bool = False) -> Account | None:
    if not connection.features.has_select_for_update:
        # SQLite has one lock for writing, and gives it to a transaction only while nobody has written
        # since its first read. So the first statement writes.
        accounts.update(status=F("status"))
        skip_locked = False
    return accounts.select_for_update(
        of=("self",) if connection.features.has_select_for_update_of else (),
        no_key=True,
        skip_locked=skip_locked,
    ).first()


def is_held(error: OperationalError) -> bool:
    """Return whether `error` says that another transaction holds what was wanted."""
    return _sqlstate(error) in {DEADLOCK, SERIALIZATION_FAILURE, LOCK_TIMEOUT} or "is locked" in str(error)


def again_on_conflict(work: Callable[[], T]) -> T:
    """Do `work` in a transaction of its own; do it again when a concurrent one broke it off."""
    for _ in range(TRIES - 1):
        try:
            with transaction.atomic():
                return work()
        except IntegrityError:
            # Somebody inserted the same row first: the next look finds it.
            continue
        except OperationalError as error:
            if not is_held(error):
                raise
    with transaction.atomic():
        return work()


def limit_lock_wait(milliseconds: int) -> None:
    """Let the current transaction wait at most so long for a lock; then it ends with an `is_held` error."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(milliseconds)}")


def _sqlstate(error: OperationalError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
