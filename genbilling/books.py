"""Where the books are: the one database that the project's router writes them to, and transactions on it.

Every read that decides on money goes to the same database as the writes, so a read replica or a second
database changes nothing. Transactions of ours that are really the outermost ones begin as read committed,
whatever the project's default is, and are on disk when they have committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.fields.related_descriptors import ForwardOneToOneDescriptor

from .exceptions import BadSetting, NoAutocommit, TransactionOpen

M = TypeVar("M", bound=models.Model)

# SET TRANSACTION comes before any query of the transaction. A weaker synchronous_commit is raised: a claim
# that a crash of the server forgets is a card charged twice. A stronger one (remote_apply) is left.
BEGIN = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
    "SELECT set_config('synchronous_commit', 'on', true) "
    "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
)


def alias() -> str:
    """Return the alias of the database that the books are in."""
    return str(router.db_for_write(apps.get_model("genbilling", "Account")))


def connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to the books."""
    return connections[alias()]


def misplaced() -> Iterator[str]:
    """Yield, in words, what the router keeps apart from the books: other tables of theirs, or the users."""
    for model in apps.get_app_config("genbilling").get_models():
        if (written := router.db_for_write(model)) != alias():
            yield f"{model._meta.label} is written to the database {written!r}, the books to {alias()!r}."
    # Foreign keys lead there. Another alias of the same database will do.
    users = get_user_model()
    if _place(written := router.db_for_write(users)) != _place(alias()):
        yield f"{users._meta.label} is written to the database {written!r}, the books to {alias()!r}."


def refuse_misplaced() -> None:
    """Make sure that the books are in one database, the users' own.

    Raises:
        BadSetting: the router keeps something apart.
    """
    for problem in misplaced():
        raise BadSetting(f"DATABASE_ROUTERS: {problem} They have to be in one database.")


def on_commit(work: Callable[[], object], *, robust: bool = False) -> None:
    """Do `work` once the transaction on the books has committed, or now if there is none."""
    transaction.on_commit(work, using=alias(), robust=robust)


class atomic(ContextDecorator):
    """A transaction on the books, or a savepoint inside the caller's; a context manager and a decorator.

    Args:
        durable: committed when it ends, so it must be the outermost block.
        lock_timeout: seconds that the outermost block waits for a lock at most (PostgreSQL).

    Raises:
        TransactionOpen: `durable`, and the caller has an atomic block open (a TestCase's does not count).
        NoAutocommit: the connection commits nothing by itself, and there is no atomic block.
    """

    def __init__(self, *, durable: bool = False, lock_timeout: float | None = None) -> None:
        self._durable, self._lock_timeout = durable, lock_timeout

    def _recreate_cm(self) -> Self:
        # A decorated function may run in several threads, and within itself: a block of its own for each.
        return type(self)(durable=self._durable, lock_timeout=self._lock_timeout)

    def __enter__(self) -> Self:
        books = connection()
        if self._durable:
            refuse_open_transaction("This")
        refuse_without_autocommit()
        outermost = not books.in_atomic_block
        self._block = transaction.atomic(using=books.alias, durable=self._durable)
        self._block.__enter__()
        if outermost and books.vendor == "postgresql":
            try:
                with books.cursor() as cursor:
                    cursor.execute(self._begin())
            except BaseException as error:
                self.__exit__(type(error), error, error.__traceback__)
                raise
        return self

    def _begin(self) -> str:
        if self._lock_timeout is None:
            return BEGIN
        # Not 0 ms, which PostgreSQL takes for no limit.
        return f"{BEGIN}; SET LOCAL lock_timeout = {max(int(self._lock_timeout * 1000), 1)}"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._block.__exit__(kind, error, traceback)


@contextmanager
def snapshot() -> Iterator[None]:
    """See the books at one moment, whatever else goes on; nothing is written.

    SQLite does so by itself. Inside a caller's transaction it is too late, and theirs to decide.

    Raises:
        NoAutocommit: the connection commits nothing by itself, and there is no atomic block.
    """
    refuse_without_autocommit()
    books = connection()
    outermost = not books.in_atomic_block
    with transaction.atomic(using=books.alias):
        if outermost and books.vendor == "postgresql":
            with books.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def refuse_open_transaction(what: str) -> None:
    """Make sure that no transaction of the caller's is open on the books; `what` is named in the message.

    Raises:
        TransactionOpen: one is, whose rollback could not take back what the gateway does.
        NoAutocommit: the connection commits nothing by itself.
        BadSetting: the router keeps a part of the books elsewhere.
    """
    refuse_misplaced()
    books = connection()
    # Django's own mark on the block that a TestCase wraps around each test.
    if books.in_atomic_block and not getattr(books.atomic_blocks[-1], "_from_testcase", False):
        raise TransactionOpen(
            f"{what} talks to the gateway and keeps its own transactions, and a transaction is open: its "
            "rollback could not take the money back. Call it outside of transaction.atomic(); with "
            "ATOMIC_REQUESTS, mark the view with transaction.non_atomic_requests."
        )
    refuse_without_autocommit()


def refuse_without_autocommit() -> None:
    """Make sure that what is written outside of an atomic block is committed.

    Raises:
        NoAutocommit: it is not.
    """
    books = connection()
    if not books.in_atomic_block and not books.get_autocommit():
        raise NoAutocommit(
            f"The database {books.alias!r} is in manual transaction mode: what genbilling writes before a "
            'card is asked would not be committed. Take "AUTOCOMMIT": False out of DATABASES, and '
            "set_autocommit(False) out of whatever called it: a signal's receiver, for instance."
        )


def _place(name: str) -> tuple[object, ...]:
    settings = connections[name].settings_dict
    return tuple(str(settings.get(part, "")) for part in ("ENGINE", "HOST", "PORT", "NAME"))


class BooksManager(models.Manager[M]):
    """A manager that reads where the books are written, whatever the router says of reading."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Return the rows, of the database that the books are in unless ``using()`` names another."""
        return super().get_queryset().using(self._db or alias())


# At run time Django's class takes no type arguments.
class _UserInTheBooks(ForwardOneToOneDescriptor):  # type: ignore[type-arg]
    def get_queryset(self, **hints: Any) -> models.QuerySet[Any]:
        return super().get_queryset(**hints).using(alias())


class UserField(models.OneToOneField[Any, Any]):
    """A user, read where the books are: a replica may not have a new one yet."""

    forward_related_accessor_class = _UserInTheBooks

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Return what migrations need: to the database it is any other field."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.OneToOneField", args, kwargs
