"""What `save()` writes: what the caller changed since the row was read, and nothing else.

A whole-row save of an instance that was read earlier would take back what moved in the meantime: a month that
was billed would be billed again, a cancelled account be active.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self

from django.core.exceptions import ValidationError
from django.db import models

from .. import books
from ..exceptions import MovedByVerb


class Writing:
    """A writing, which stands unless its transaction is rolled back."""

    def __init__(self, *, committed: bool = False) -> None:
        self.committed = committed

    def __call__(self) -> None:
        """Note that it has committed."""
        self.committed = True

    def __deepcopy__(self, memo: object) -> Writing:
        # A TestCase hands each test a deep copy of what it made for all; it was written once.
        return self

    def stands(self) -> bool:
        """Return whether it was not rolled back."""
        # A rollback drops what waits for the commit; nothing else tells of it afterwards.
        waiting = books.connection().run_on_commit
        return self.committed or any(work is self for _, work, *_ in waiting)


class Known(NamedTuple):
    """Values that a row holds as long as the writing stands."""

    values: Mapping[str, Any]
    writing: Writing


class OwnChanges(models.Model):
    """A row whose `save()` writes what its caller changed since it was read, and nothing else."""

    # What is not the caller's to change: the columns' attributes, and the verb that moves each.
    MOVED_BY: ClassVar[Mapping[str, str]] = {}
    # What `refuse` is asked about beside that.
    GUARDED: ClassVar[frozenset[str]] = frozenset()

    # What was read: attributes and values, kept as they come, since millions of rows are read and few saved.
    _read: tuple[Collection[str], Collection[Any]] = ((), ())
    _known_since: tuple[Known, ...] = ()

    class Meta:
        abstract = True

    def save(
        self,
        *,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save a new row as usual; of one that is there, write what was changed since it was read.

        Raises:
            MovedByVerb: something was changed that a verb of genbilling moves.
        """
        given: dict[str, Any] = {"force_insert": force_insert, "force_update": force_update, "using": using}
        names = None if update_fields is None else list(update_fields)
        if using not in (None, books.alias()):
            # A copy of the books, not the books.
            super().save(**given, update_fields=names)
            return
        with books.atomic():
            before = None if force_insert else self._before()
            if before is not None:
                names = self._changes(before, names)
            if names == []:
                return
            super().save(**given, update_fields=names)
            writing = Writing()
            self._know(self._loaded(names), writing)
            books.on_commit(writing)

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Self:
        """Return the row as read, and remember what was read."""
        row = super().from_db(db, field_names, values, **kwargs)
        row._read = (field_names, values)
        return row

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        """Read again as usual, and remember what was read."""
        names = None if fields is None else list(fields)
        super().refresh_from_db(using, names, from_queryset)
        self.take_as_read(*self._loaded(names))

    def move(self, **values: Any) -> None:
        """Write `values`, by the names of fields, whatever `save()` refuses: the one door of the services.

        They hold the row's lock, and see to what follows.
        """
        for name, value in values.items():
            setattr(self, name, value)
        super().save(update_fields=list(values))
        self.take_as_read(*values)

    def take_as_read(self, *names: str) -> None:
        """Take what these fields hold here for what the row holds: `save()` does not write it."""
        self._know(self._loaded(names), Writing(committed=True))

    def refuse(self, changed: set[str], stored: Self) -> None:
        """Refuse a save that would change these guarded columns of the row, which is locked.

        Raises:
            MovedByVerb: a verb moves one of them.
        """
        moved = sorted(changed & self.MOVED_BY.keys())
        if moved:
            verbs = "; ".join(f"{name} by {self.MOVED_BY[name]}" for name in moved)
            raise MovedByVerb(
                f"The {stored} was changed by hand in what genbilling moves with all that follows from it: "
                f"{verbs}. Nothing was saved; refresh_from_db() takes the change back."
            )

    def _changes(self, before: Mapping[str, Any], names: list[str] | None) -> list[str]:
        """Return which of the fields `names` are to be written; `before` is what was read or saved last."""
        loaded = self._loaded(names)
        changed = {name for name, field in loaded.items() if self._differs(field, before[name])}
        if guarded := changed & (self.MOVED_BY.keys() | self.GUARDED):
            stored = self._stored()
            # Some of our own code puts on an instance what a statement has written.
            there = {
                name for name in guarded if stored and not self._differs(loaded[name], vars(stored)[name])
            }
            if stored is not None:
                self.refuse(guarded - there, stored)
            changed -= there
        # Django names those that there are not.
        no_fields = set(names or ()) - {name for field in self._meta.fields for name in _names(field)}
        return sorted(changed | no_fields)

    def _before(self) -> Mapping[str, Any] | None:
        """Return what the row holds as far as this instance knows; None: there is no row yet."""
        if self.pk is None:
            return None
        known = self._known()
        if known.get(self._key(), self.pk) != self.pk:
            known = {}  # another row's
        if self._loaded().keys() <= known.keys():
            return known
        stored = self._stored()
        return None if stored is None else stored._known() | known

    def _known(self) -> dict[str, Any]:
        self._known_since = tuple(one for one in self._known_since if one.writing.stands())
        known = dict(zip(*self._read, strict=True))
        for one in self._known_since:
            known |= one.values
        if all(one.writing.committed for one in self._known_since):
            self._read, self._known_since = (tuple(known), tuple(known.values())), ()
        return known

    def _stored(self) -> Self | None:
        """Lock and return the row as it is in the books, or None."""
        rows = type(self)._base_manager.using(books.alias())
        return rows.select_for_update(no_key=True).filter(pk=self.pk).first()

    def _loaded(self, names: Collection[str] | None = None) -> dict[str, Any]:
        """Return the fields that are loaded, but for the key, by attribute; of `names` alone if given."""
        return {
            field.attname: field
            for field in self._meta.concrete_fields
            if field.attname in self.__dict__
            and not field.primary_key
            and (names is None or not _names(field).isdisjoint(names))
        }

    def _know(self, names: Iterable[str], writing: Writing) -> None:
        values = {name: self.__dict__[name] for name in (self._key(), *names)}
        self._known_since = (*self._known_since, Known(values, writing))

    def _key(self) -> str:
        return str(self._meta.pk.attname)

    def _differs(self, field: Any, before: Any) -> bool:
        now = self.__dict__[field.attname]
        if now is before or now == before:
            return False
        if hasattr(now, "resolve_expression"):
            return True
        try:
            now = field.to_python(now)
        except ValidationError:
            return True
        if isinstance(now, datetime) and isinstance(before, datetime) and not now.microsecond:
            # A form's widget leaves the microseconds out.
            before = before.replace(microsecond=0)
        return bool(now != before)


def _names(field: Any) -> set[str]:
    return {field.name, field.attname}
