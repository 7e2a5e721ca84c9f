"""``manage.py reset_products``: capacity back to the initial step."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from genbilling.management.base import BillingCommand
from genbilling.services import month, summaries


class Command(BillingCommand):
    help = (
        "Resets every product's capacity to its initial step. Steps whose invoice is still open, or is of a "
        "month to come, stay; so run it after dispatch_invoices."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--force", action="store_true", help="take all steps, also those that are not invoiced yet"
        )

    def work(self, period: int, options: dict[str, Any]) -> None:
        with self.bar("products") as bar:
            report = month.reset_products(
                period, force=options["force"], dry_run=options["dry_run"], progress=bar.update
            )
        self.changed(report, period, options, summaries.of_reset_products(report))
