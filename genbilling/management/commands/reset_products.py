"""``manage.py reset_products``: capacity back to the initial step."""

from __future__ import annotations

from typing import Any

from genbilling.management.base import BillingCommand
from genbilling.services import month, summaries


class Command(BillingCommand):
    help = (
        "Resets every product's capacity to its initial step. Steps whose invoice is still open stay, "
        "so run it after dispatch_invoices."
    )

    def work(self, period: int, options: dict[str, Any]) -> None:
        with self.bar("products") as bar:
            report = month.reset_products(period, dry_run=options["dry_run"], progress=bar.update)
        self.changed(report, period, options, summaries.of_reset_products(report))
