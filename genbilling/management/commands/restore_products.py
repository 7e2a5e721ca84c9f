"""``manage.py restore_products``: usage back to zero."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from genbilling.management.base import BillingCommand
from genbilling.services import month, summaries


class Command(BillingCommand):
    help = "Restores the usage quota of all periodic products, once per period."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--force", action="store_true", help="all that were sold by now, restored in this period or not"
        )

    def work(self, period: int, options: dict[str, Any]) -> None:
        with self.bar("products") as bar:
            report = month.restore_products(
                period, force=options["force"], dry_run=options["dry_run"], progress=bar.update
            )
        self.changed(report, period, options, summaries.of_restore_products(report, period))
