"""A change of many rows: one statement for each range of keys, each in a transaction of its own.

A range is so many rows, not so many numbers: keys have gaps. What another transaction holds is passed over,
and waited for at the end, within bounds: one transaction left open stops nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError
from django.db.models import Q, QuerySet

from .. import books
from . import locks
from .locks import Patience, again_on_conflict, is_held

ROWS = 10_000

# The condition that the keys in the field of that name are among those to be worked.
Keys = Callable[[str], Q]
# How many rows were changed, and the keys of those that were wanted and are left.
Done = tuple[int, list[int]]
Progress = Callable[[int], object]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be done to the rows of a table.

    Args:
        rows: all of the table, by whose keys the ranges go.
        wanted: the rows to change, among those with certain keys.
        make: change them, but for what others hold; return how many were changed, and the keys of those left.
            What was changed is not wanted any more, so that a range may be worked twice.
    """

    rows: QuerySet[Any]
    wanted: Callable[[Keys], QuerySet[Any]]
    make: Callable[[Keys], Done]


def count(change: Change) -> int:
    """Return how many rows there are to change."""
    return change.wanted(_all).count()


def work(change: Change, progress: Progress) -> Done:
    """Change all rows that are wanted; call `progress` with the number of rows done.

    Returns:
        How many rows were changed, and the keys of those that others held all the while.
    """
    changed = 0
    again: list[Keys] = []
    held: list[int] = []
    for keys in _ranges(change.rows):
        done, left = _change_what_is_free(change, keys)
        progress(done)
        changed += done
        if left:
            # Not the keys, where the range will do: beside another run they would be half of all there are.
            again.append(keys)
    for keys in again:
        done, left = _change_what_is_free(change, keys)
        progress(done)
        changed, held = changed + done, held + left
    done, held = _wait_for(change, held, progress)
    return changed + done, held


def keys_of(rows: QuerySet[Any]) -> list[int]:
    """Return the keys of `rows`, in their order."""
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _all(field: str) -> Q:
    return Q()


def _among(keys: list[int]) -> Keys:
    return lambda field: Q(**{f"{field}__in": keys})


def _between(before: int, last: int | None) -> Keys:
    """The keys after `before`, up to `last` if there is one."""
    if last is None:
        return lambda field: Q(**{f"{field}__gt": before})
    return lambda field: Q(**{f"{field}__gt": before, f"{field}__lte": last})


def _ranges(rows: QuerySet[Any]) -> Iterator[Keys]:
    before = 0
    while True:
        keys = rows.filter(pk__gt=before).order_by("pk").values_list("pk", flat=True)
        last = next(iter(keys[ROWS - 1 : ROWS]), None)
        yield _between(before, last)
        if last is None:
            return
        before = last


def _change_what_is_free(change: Change, keys: Keys) -> Done:
    def make() -> Done:
        # A row that somebody else inserts at the moment cannot be passed over.
        Patience(locks.LOCK_WAIT_SECONDS, each=locks.LOCK_WAIT_SECONDS).limit_wait()
        return change.make(keys)

    try:
        return again_on_conflict(make)
    except OperationalError as error:
        if not is_held(error):
            raise
        return 0, keys_of(change.wanted(keys))


def _wait_for(change: Change, held: list[int], progress: Progress) -> Done:
    """Wait for one of the rows that are `held`, holding nothing else; then change all that are free by then.

    So no customer waits for us while we wait for another one.
    """
    patience = locks.last_pass()
    changed = 0
    waited_in_vain = []
    while held and patience.left:
        try:
            with books.atomic():
                patience.limit_wait()
                list(change.rows.filter(pk=held[0]).values_list("pk").select_for_update(no_key=True))
                done, held = change.make(_among(held))
        except OperationalError as error:
            if not is_held(error):
                raise
            waited_in_vain.append(held.pop(0))
        else:
            progress(done)
            changed += done
    held += waited_in_vain
    if held:
        done, held = _change_what_is_free(change, _among(held))
        progress(done)
        changed += done
    return changed, held
