"""``manage.py dispatch_invoices``: fill in, close, charge, notify."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, CommandParser

from genbilling.conf import MAX_CALLS_IN_FLIGHT
from genbilling.management.base import BillingCommand
from genbilling.management.stopping import asked_to_stop
from genbilling.services import summaries
from genbilling.services.billing import dispatch_invoices


class Command(BillingCommand):
    help = (
        "Fills in and closes all invoices that are due, charges them and notifies the project. What failed "
        "is tried again. Exit status 1: something was left undone, and is named."
    )

    ahead = "act as if the next period were the current one: its invoices are charged today"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--in-flight",
            type=_number,
            metavar="N",
            help='calls of the gateway at once, at most; default: GENBILLING["CALLS_IN_FLIGHT"]',
        )

    def work(self, period: int, options: dict[str, Any]) -> None:
        try:
            with self.stages("accounts") as stage, asked_to_stop() as stop:
                report = dispatch_invoices(
                    period,
                    dry_run=options["dry_run"],
                    in_flight=options["in_flight"],
                    stage=stage,
                    stop=stop,
                )
        except KeyboardInterrupt as interrupt:
            raise CommandError(
                "Interrupted before the calls in flight were answered. A later run, five minutes from now or "
                "more, finds out what became of them; it is safe to run the command again."
            ) from interrupt
        for sentence in summaries.left_of_dispatch(report):
            self.stderr.write(sentence)
        dry_run = options["dry_run"]
        self.summary(summaries.of_dispatch(report, dry_run), period, dry_run=dry_run)
        if not report.complete:
            raise CommandError("Something was left undone: see above. It is safe to run the command again.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_CALLS_IN_FLIGHT):
        raise ArgumentTypeError(
            f"{text!r} is not a number of calls: give a whole number from 1 to {MAX_CALLS_IN_FLIGHT}."
        )
    return int(text)
