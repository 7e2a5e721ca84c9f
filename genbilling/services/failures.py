"""What a database refused or did not answer, in words, with the way out."""

from __future__ import annotations

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.db.migrations.executor import MigrationExecutor

from .. import books

# What a command tells in words; anything else is a mistake of ours, with its traceback.
FAILURES = (IntegrityError, InterfaceError, OperationalError, ProgrammingError)


def in_words(error: Exception) -> str:
    """Return what happened, and what to do about it."""
    said = " ".join(str(error).split())
    if is_behind():
        return (
            f"The database lacks tables or columns of genbilling's ({said}). "
            "Nothing was done: run `manage.py migrate genbilling` first."
        )
    if isinstance(error, IntegrityError):
        return (
            f"The database refused a row ({said}). Where rows were loaded into it, a sequence may be behind: "
            "run what `manage.py sqlsequencereset genbilling` prints, and then `manage.py audit_billing`."
        )
    if isinstance(error, ProgrammingError):
        return (
            f"The database refused a statement ({said}). Give the user in DATABASES the right to read and "
            "write the tables of genbilling, in the schema where they are."
        )
    # The server is away, or went away. Whatever was committed is noted, and not done again.
    return f"The database failed ({said}). It is safe to run the command again."


def is_behind() -> bool:
    """Return whether migrations of genbilling's are not done; False where the database does not answer."""
    try:
        executor = MigrationExecutor(books.connection())
        latest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "genbilling"]
        return bool(executor.migration_plan(latest))
    except (DatabaseError, InterfaceError):
        return False
