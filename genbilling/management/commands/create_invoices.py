"""``manage.py create_invoices``: open the next period's invoices."""

from __future__ import annotations

from typing import Any

from genbilling.management.base import BillingCommand
from genbilling.services import month, summaries


class Command(BillingCommand):
    help = "Opens the next period's invoice, if it does not exist yet, for every billable account."

    def work(self, period: int, options: dict[str, Any]) -> None:
        with self.bar("accounts") as bar:
            report = month.create_invoices(period, dry_run=options["dry_run"], progress=bar.update)
        self.changed(report, period, options, summaries.of_create_invoices(report, period))
