"""``manage.py dispatch_invoices``: fill in, close, charge, notify."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, CommandParser

from genbilling.management.base import BillingCommand, counted
from genbilling.management.stopping import asked_to_stop
from genbilling.services.billing import dispatch_invoices
from genbilling.services.reports import DispatchReport


class Command(BillingCommand):
    help = (
        "Fills in and closes all invoices that are due, charges them and notifies the project. What failed "
        "is tried again. Exit status 1: something was left undone, and is named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--in-flight",
            type=_number,
            metavar="N",
            help='calls of the gateway at once, at most; default: GENBILLING["CALLS_IN_FLIGHT"]',
        )

    def work(self, period: int, options: dict[str, Any]) -> None:
        with self.stages("accounts") as stage, asked_to_stop() as stop:
            report = dispatch_invoices(
                period,
                dry_run=options["dry_run"],
                in_flight=options["in_flight"],
                stage=stage,
                stop=stop,
            )
        self._complain(report)
        self.summary(period, options, _describe(report, options["dry_run"]))
        if not report.complete:
            raise CommandError("Something was left undone: see above. It is safe to run the command again.")

    def _complain(self, report: DispatchReport) -> None:
        for error in report.errors:
            self.stderr.write(error)
        for account_id in report.held:
            self.stderr.write(
                f"account {account_id}: not worked; another transaction or run holds it, or charges it"
            )
        for charge in report.uncertain:
            self.stderr.write(f"{charge} The outcome is not known; each run asks the gateway again.")
        if report.stopped:
            self.stderr.write(f"The run was stopped: {report.stopped}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ArgumentTypeError(f"{text!r} is not a number of calls: give a whole number, 1 or more.")
    return int(text)


def _describe(report: DispatchReport, dry_run: bool) -> str:
    counts = report.counts
    parts = [
        f"{counts['opened']} opened",
        f"{counts['closed']} closed (billed {report.billed})",
        f"{counts['settled at zero']} settled at zero",
    ]
    if dry_run:
        parts += [
            f"{counts['to charge']} to charge ({report.collected})",
            f"{counts['to resolve']} to resolve",
        ]
        if worked_out := counts["by a handler"]:
            parts.append(f"{counted(worked_out, 'flat rate')} worked out by a handler on the day")
    else:
        parts += [f"{counts['paid']} paid ({report.collected})", f"{counts['refused']} refused"]
    parts += [f"{counts['without a card']} without a card", _left_alone(report)]
    parts += [f"{counts['uncertain']} uncertain", f"{len(report.held)} held", f"{len(report.errors)} errors"]
    if report.announced:
        parts.append(f"{counted(report.announced, 'signal')} made good")
    idle = not (sum(counts.values()) or report.announced or report.held or report.errors or report.stopped)
    return ", ".join(parts) + ("; nothing to do." if idle else ".")


def _left_alone(report: DispatchReport) -> str:
    waits = {wait.value: count for wait, count in report.waits.items() if count}
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(waits.items()))
    return f"{sum(waits.values())} left alone" + (f" ({reasons})" if reasons else "")
