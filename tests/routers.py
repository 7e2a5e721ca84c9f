"""Database routers that projects have, and another alias for them to name."""

from contextlib import contextmanager
from copy import deepcopy

from django.db import connections


class ReadsFromReplica:
    """As in Django's documentation: what is read may be late, or not there yet."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, one, other, **hints):
        return True


class AllInOther:
    """Nothing is in the default database."""

    def db_for_read(self, model, **hints):
        return "other"

    db_for_write = db_for_read


class BooksInOther:
    """The app genbilling has a database of its own, without the users."""

    def db_for_read(self, model, **hints):
        return "other" if model._meta.app_label == "genbilling" else None

    db_for_write = db_for_read


class ChargesInOther:
    """The books are torn apart."""

    def db_for_write(self, model, **hints):
        return "other" if model._meta.label == "genbilling.Charge" else None


@contextmanager
def another_database(alias, **settings):
    """Have `alias` inside the block: a database like the default one, but for `settings`."""
    connections.databases[alias] = deepcopy(connections["default"].settings_dict) | settings
    # By itself: Django refuses a test whatever it did not declare, and this comes later.
    connections[alias].connect()
    try:
        yield connections[alias]
    finally:
        connections[alias].close()
        del connections[alias], connections.databases[alias]


def an_empty_file(path):
    """The settings of a database without a table: whatever reads there fails."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {}}
