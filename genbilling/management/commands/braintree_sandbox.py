"""``manage.py braintree_sandbox``: serve the offline Braintree, on the books that "embedded" uses."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from genbilling import embedded
from genbilling.exceptions import BadSetting
from genbilling.sandbox import BooksError, command


class Command(BaseCommand):
    help = (
        "Serves the offline Braintree over HTTP, with pages that show its books. By default these are those "
        'of BRAINTREE_ENVIRONMENT = "embedded", so that it can run beside the development server.'
    )
    # It needs neither a database nor settings of the gateway.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Explain the rules of --fault below the options, line by line."""
        parser = super().create_parser(prog_name, subcommand, epilog=command.FAULTS, **kwargs)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options of serving."""
        try:
            command.add_arguments(parser, db=embedded.path())
        except BadSetting as error:
            raise CommandError(str(error)) from error

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C."""
        given = argparse.Namespace(**options)
        try:
            command.run(given, self._say)
        except (BooksError, OSError) as error:
            raise CommandError(command.problem(error, given)) from error

    def _say(self, text: str) -> None:
        self.stdout.write(f"{text}\nQuit the server with CONTROL-C.")
        self.stdout.flush()
