"""``manage.py reconcile_payments``: compare our books with the gateway's own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from genbilling.management.base import GenbillingCommand, option
from genbilling.periods import parse_day
from genbilling.services import reconcile, summaries
from genbilling.services.reconcile.report import Comparison


class Command(GenbillingCommand):
    help = (
        "Compares charges and refunds with the gateway's own books, both ways. What is safe is repaired: "
        "lost answers, sales that did not settle, what was voided or refunded at Braintree. Exit status 1: "
        "something is left for somebody to look at, and is named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            type=option(parse_day),
            metavar="YYYY-MM-DD",
            dest="first",
            help=f"first day; default: {reconcile.DAYS} days ago",
        )
        parser.add_argument(
            "--to", type=option(parse_day), metavar="YYYY-MM-DD", dest="last", help="last day; default: today"
        )
        parser.add_argument(
            "--known",
            nargs="+",
            default=[],
            metavar="ID",
            help="transactions and disputes that somebody has looked at: told, but not left",
        )
        self.add_dry_run(parser)

    def run(self, options: dict[str, Any]) -> None:
        first, last = reconcile.days(options["first"], options["last"])
        if first > last:
            raise CommandError(f"--from {first} is after --to {last}.")
        found = Comparison(dry_run=options["dry_run"], known=frozenset(options["known"]))
        try:
            with self.bar("transactions") as bar:
                reconcile.reconcile_days(found, first, last, bar.update)
        finally:
            # Also where it breaks off: what was repaired is repaired. The summary is of what was compared.
            self._tell(found)
        self.summary(summaries.of_comparison(found), f"{first} to {last}", dry_run=found.dry_run)
        if found.left:
            raise CommandError("Somebody has to look at what is left: see above.")

    def _tell(self, found: Comparison) -> None:
        would = "would be " if found.dry_run else ""
        for label, sentences in (
            (f"{would}repaired", found.repaired),
            ("noted", found.noted),
            ("left", found.left),
        ):
            for sentence in sentences:
                self.stdout.write(f"{label}: {sentence}")
