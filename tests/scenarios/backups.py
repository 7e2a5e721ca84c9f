"""Books that come back older: what was written is lost afterwards."""

from contextlib import contextmanager

from django.db import connection


@contextmanager
def lost_afterwards():
    """Lose what is written in the block; no atomic block, which the verbs that charge would refuse."""
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT backup")
        yield
        cursor.execute("ROLLBACK TO SAVEPOINT backup")
