"""What the billing commands share: the options, the progress bar, the errors."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ..exceptions import BadInput, BadPeriod, GenbillingError
from ..periods import parse_period
from ..services import runs, summaries
from ..services.failures import FAILURES, in_words
from ..services.month import MonthReport

T = TypeVar("T")


class GenbillingCommand(BaseCommand):
    """A command whose last line is a summary with counts, and whose errors are help."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser; no option may be abbreviated: ``--force`` is not ``--force-color``."""
        return super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command; an error of genbilling's or the database's becomes one line and exit status 1."""
        try:
            self.run(options)
        except GenbillingError as error:
            raise CommandError(str(error)) from error
        except FAILURES as error:
            raise CommandError(in_words(error)) from error

    def run(self, options: dict[str, Any]) -> None:
        """Do the work of the command."""
        raise TypeError("a command defines run()")

    def bar(self, unit: str, total: int | None = None) -> tqdm[Any]:
        """Return a progress bar: shown on a terminal, silent in cron."""
        return tqdm(total=total, unit=f" {unit}", disable=None, leave=False)

    @contextmanager
    def stages(self, unit: str) -> Iterator[Callable[[str, Callable[[], int]], Callable[[int], object]]]:
        """Yield what begins a stage: a progress bar of its own, in the place of the one before."""
        with ExitStack() as bars:

            def begin(stage: str, count: Callable[[], int]) -> Callable[[int], object]:
                bars.close()
                bar = bars.enter_context(self.bar(unit))
                if not bar.disable:
                    bar.total = count()
                    bar.set_description(stage)
                return bar.update

            yield begin

    def add_dry_run(self, parser: CommandParser) -> None:
        """Add the option to change nothing."""
        parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be done")

    def summary(self, text: str, about: object = "", *, dry_run: bool = False) -> None:
        """Print the last line: the command, what it was `about` (a period, days), and its counts."""
        dry = " (dry run, nothing was changed)" if dry_run else ""
        self.stdout.write(f"{self.name} {about}".rstrip() + f"{dry}: {text}")

    @property
    def name(self) -> str:
        """The command's name, as it is typed."""
        return self.__module__.rpartition(".")[2]


class BillingCommand(GenbillingCommand):
    """A command for cron that does its work for a period."""

    # What it may do before the next period has come, in words; empty: nothing.
    ahead = ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options that all billing commands take."""
        when = parser.add_mutually_exclusive_group()
        when.add_argument(
            "--period",
            type=option(parse_period),
            metavar="YYYYMM",
            help="act as if this were the current period; a later one is refused, but for a dry run",
        )
        if self.ahead:
            when.add_argument("--ahead", action="store_true", help=self.ahead)
        self.add_dry_run(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Do the work of the command for the period that was asked for, or for the current one."""
        period, ahead = options["period"], options.get("ahead", False)
        # Given by call_command(), it has passed no parser.
        asked_for = None if period is None else parse_period(str(period))
        try:
            worked = runs.period_to_work(asked_for, ahead=ahead, dry_run=options["dry_run"])
        except BadPeriod as error:
            raise CommandError(str(error), returncode=2) from error
        self.work(worked, options)

    def work(self, period: int, options: dict[str, Any]) -> None:
        """Do the work of the command for `period`."""
        raise TypeError("a billing command defines work()")

    def changed(self, report: MonthReport, period: int, options: dict[str, Any], text: str) -> None:
        """Print the summary of a command that changes rows in batches; rows that were held are an error."""
        self.summary(text, period, dry_run=options["dry_run"])
        for sentence in summaries.left_of_month(report):
            raise CommandError(f"{sentence} It is safe to run the command again.")


def option(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Return `parse` for an option's value: what is wrong with it is told as the parser tells it."""

    def parsed(text: str) -> T:
        try:
            return parse(text)
        except BadInput as error:
            raise ArgumentTypeError(str(error)) from error

    return parsed
