"""The account's row lock, which every verb that touches an account's books takes first.

One lock for all of an account's books, and one order (account, products, invoice, number), is why the verbs
cannot deadlock with each other. Consuming does not take it: that is one statement on the product's row. A
caller who consumes and then buys in one transaction turns the order round; hence "consume last".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.db.models import F, Model, QuerySet

from .. import books
from ..exceptions import BadUser, NoAccount, TransactionError
from ..models import Account
from .failures import is_behind

T = TypeVar("T")
R = TypeVar("R", bound=Model)

TRIES = 5
# For the rows that somebody held when a run came by: how long it waits for them at its end.
LAST_PASS_SECONDS = 10.0
LOCK_WAIT_SECONDS = 2.0
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


def _lock(accounts: QuerySet[Account]) -> Account | None:
    return next(iter(lock_rows(accounts, skip_locked=False)), None)


def _take_the_one_lock(rows: QuerySet[R]) -> None:
    # SQLite has one lock for writing, and gives it to a transaction only while nobody has written since its
    # first read. So the first statement writes.
    key = rows.model._meta.pk.name
    rows.model._base_manager.filter(pk=0).update(**{key: F(key)})


def last_pass() -> Patience:
    """Return the patience of a run that comes back to what was held, at its end."""
    return Patience(LAST_PASS_SECONDS, each=LOCK_WAIT_SECONDS)


def is_held(error: Exception) -> bool:
    """Return whether `error` says that another transaction holds what was wanted."""
    if not isinstance(error, OperationalError):
        return False
    return _sqlstate(error) in {DEADLOCK, SERIALIZATION_FAILURE, LOCK_TIMEOUT} or "is locked" in str(error)


def again_on_conflict(work: Callable[[], T]) -> T:
    """Do `work` in a transaction of its own; do it again when a concurrent one broke it off."""
    for _ in range(TRIES - 1):
        try:
            with books.atomic():
                return work()
        except IntegrityError:
            # Somebody inserted the same row first: the next look finds it.
            continue
        except OperationalError as error:
            if not is_held(error):
                raise
    with books.atomic():
        return work()


def lock_row(rows: QuerySet[R], key: int) -> R:
    """Lock and return the one of `rows` with the key `key`, waiting for whoever holds it.

    Raises:
        ObjectDoesNotExist: there is none.
    """
    for row in lock_rows(rows.filter(pk=key), skip_locked=False):
        return row
    raise ObjectDoesNotExist(f"There is no {rows.model._meta.verbose_name} {key}.")


def lock_rows(rows: QuerySet[R], *, skip_locked: bool, of: tuple[str, ...] = ("self",)) -> list[R]:
    """Lock `rows` in the order of their keys, and return them; with `skip_locked` those that nobody holds.

    Args:
        of: the tables whose rows are locked, where `rows` are of several.
    """
    features = books.connection().features
    if not features.has_select_for_update:
        _take_the_one_lock(rows)
        return list(rows.order_by("pk"))
    locked = rows.order_by("pk").select_for_update(
        of=of if features.has_select_for_update_of else (), no_key=True, skip_locked=skip_locked
    )
    return list(locked)


def lock_values(rows: QuerySet[R], *names: str, skip_locked: bool) -> list[tuple[Any, ...]]:
    """Do as `lock_rows` does, and return the values of the fields `names`; `rows` are of one table."""
    if not books.connection().features.has_select_for_update:
        _take_the_one_lock(rows)
        return list(rows.values_list(*names))
    locked = rows.order_by("pk").select_for_update(no_key=True, skip_locked=skip_locked)
    return list(locked.values_list(*names))


def is_everybodys(error: Exception) -> bool:
    """Return whether `error` is not one row's: the database is gone, lacks tables, or commits nothing."""
    if isinstance(error, TransactionError | InterfaceError):
        return True
    if isinstance(error, ProgrammingError):
        return is_behind()
    if not isinstance(error, OperationalError) or is_held(error):
        return False
    connection = books.connection()
    return connection.connection is None or not connection.is_usable() or is_behind()


def limit_lock_wait(milliseconds: int) -> None:
    """Let the current transaction wait at most so long for a lock; then it ends with an `is_held` error."""
    connection = books.connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(milliseconds)}")


class Patience:
    """How long a run waits for locks, all of its waits together; the time runs from when it is made.

    Args:
        seconds: for all of them.
        each: seconds at most for a single one, so that one row held for long does not use up the rest.
    """

    def __init__(self, seconds: float, *, each: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._each = each

    @property
    def left(self) -> float:
        """The seconds that are left for waiting; 0 when it is over."""
        return max(self._deadline - time.monotonic(), 0.0)

    @property
    def next_wait(self) -> float:
        """The seconds for which the next lock may be waited for."""
        return min(self.left, self._each)

    def limit_wait(self) -> None:
        """Let the current transaction wait so long for a lock, then end with an `is_held` error.

        Inside a caller's transaction nothing is limited: that would hold on when we are done.
        """
        if not books.connection().savepoint_ids:
            # Not 0 ms, which PostgreSQL takes for no limit.
            limit_lock_wait(max(int(self.next_wait * 1000), 1))


def _sqlstate(error: OperationalError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
