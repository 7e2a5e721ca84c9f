"""``manage.py reconcile_payments``: compare our books with the gateway's own."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from genbilling.management.base import GenbillingCommand, counted
from genbilling.periods import today
from genbilling.services.reconcile import reconcile
from genbilling.services.reconcile.report import Comparison

DAYS = 30


class Command(GenbillingCommand):
    help = (
        "Compares charges and refunds with the gateway's own books, both ways. What is safe is repaired: "
        "lost answers, sales that did not settle, what was voided or refunded at Braintree. Exit status 1: "
        "something is left for somebody to look at, and is named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            type=_day,
            metavar="YYYY-MM-DD",
            dest="first",
            help=f"first day; default: {DAYS} days ago",
        )
        parser.add_argument(
            "--to", type=_day, metavar="YYYY-MM-DD", dest="last", help="last day; default: today"
        )
        parser.add_argument(
            "--known",
            nargs="+",
            default=[],
            metavar="ID",
            help="transactions and disputes that somebody has looked at: told, but not left",
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be done")

    def run(self, options: dict[str, Any]) -> None:
        last = options["last"] or today()
        first = options["first"] or last - timedelta(days=DAYS)
        if first > last:
            raise CommandError(f"--from {first} is after --to {last}.")
        found = Comparison(dry_run=options["dry_run"], known=frozenset(options["known"]))
        try:
            with self.bar("transactions") as bar:
                reconcile(found, _midnight(first), _midnight(last + timedelta(days=1)), bar.update)
        finally:
            # Also when the gateway breaks off: what was repaired is repaired.
            self._tell(found, first, last)
        if found.left:
            raise CommandError("Somebody has to look at what is left: see above.")

    def _tell(self, found: Comparison, first: date, last: date) -> None:
        would = "would be " if found.dry_run else ""
        for label, sentences in (
            (f"{would}repaired", found.repaired),
            ("noted", found.noted),
            ("left", found.left),
        ):
            for sentence in sentences:
                self.stdout.write(f"{label}: {sentence}")
        compared = ", ".join(
            counted(found.looked_at[f"{kind}s"], kind)
            for kind in ("transaction", "charge", "refund", "dispute")
        )
        dry = " (dry run, nothing was changed)" if found.dry_run else ""
        self.stdout.write(
            f"{self.name} {first} to {last}{dry}: {compared} compared, "
            f"{len(found.repaired)} {would}repaired, {len(found.left)} left."
        )


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a day: write it as YYYY-MM-DD.") from error
    if not 1900 <= day.year <= 9998:
        raise ArgumentTypeError(f"{text!r} is not a day of the years 1900 to 9998.")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
