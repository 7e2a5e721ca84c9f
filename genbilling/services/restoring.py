"""Restoring usage: once for each period, of what was sold up to its moment; see `RestoreMoment`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from ..models import Product, RestoreMoment
from ..periods import today
from .locks import again_on_conflict
from .ranges import Change, Done, Keys, keys_of
from .statements import terms_in


@dataclass(frozen=True, kw_only=True)
class Restored:
    """Why nothing was restored: `period` was, on that day; so many periodic products were sold since."""

    period: int
    on: date
    sold_since: int


def changes(period: int, force: bool, dry_run: bool) -> Iterator[Change]:
    """Yield the change that restores what is not restored in `period` yet; with `force` all sold by now.

    Nothing in a period before the newest one that was run. The moment is fixed here, but for a dry run.
    """
    newest = _newest()
    if newest is not None and newest.period > period:
        return
    if newest is not None and newest.period == period and not force:
        yield _up_to(newest.moment, period)
    elif _periodic(period).exists():
        # Of two that come here at once without force, both go by the moment of the first.
        yield _up_to(_after_all() if dry_run else _fix(period, anew=force), period)


def restored_before(period: int) -> Restored | None:
    """Return why nothing is to be restored in `period`; None: there is no periodic product."""
    newest = _newest()
    if newest is None or newest.period < period:
        return None
    since = _periodic(newest.period).filter(added_at__gt=newest.moment)
    return Restored(period=newest.period, on=today(newest.moment), sold_since=since.count())


def _up_to(moment: datetime, period: int) -> Change:
    def wanted(keys: Keys) -> QuerySet[Product]:
        not_yet = Q(restored_for__isnull=True) | Q(restored_for__lt=moment)
        return _periodic(period).filter(not_yet, keys("pk"), added_at__lte=moment)

    def restore(keys: Keys) -> Done:
        free = wanted(keys).select_for_update(no_key=True, skip_locked=True)
        products = Product.objects.filter(keys("pk"), pk__in=free.values("pk"))
        return products.update(used=0, restored_for=moment), keys_of(wanted(keys))

    return Change(rows=Product.objects.all(), wanted=wanted, make=restore)


def _periodic(period: int) -> QuerySet[Product]:
    products = Product.objects.in_period(period)
    return products.alias(periodic_now=terms_in(period, "periodic")).filter(periodic_now=True)


def _newest() -> RestoreMoment | None:
    """Return the moment of the newest period that has one."""
    return RestoreMoment.objects.order_by("-period").first()


def _fix(period: int, *, anew: bool) -> datetime:
    """Return the moment of `period`, which is written down: now, or what another run has fixed meanwhile."""
    moments = RestoreMoment.objects
    write = moments.update_or_create if anew else moments.get_or_create

    def fix() -> datetime:
        return write(period=period, defaults={"moment": _after_all()})[0].moment

    return again_on_conflict(fix)


def _after_all() -> datetime:
    """Return now, or a little more where another machine's clock was ahead when it fixed a moment.

    What was restored for an earlier moment is known by that one being earlier.
    """
    now, last = timezone.now(), RestoreMoment.objects.aggregate(last=Max("moment"))["last"]
    return now if last is None else max(now, last + timedelta(microseconds=1))
