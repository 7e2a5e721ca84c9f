"""``manage.py create_invoices``: open the next period's invoices."""

from __future__ import annotations

from typing import Any

from genbilling.management.base import BillingCommand
from genbilling.services import month, summaries


class Command(BillingCommand):
    help = "Opens the next period's invoice, if it does not exist yet, for every billable account."

    ahead = "open the invoices of the next period and of the one after it"

    def work(self, period: int, options: dict[str, Any]) -> None:
        ahead, dry_run = options["ahead"], options["dry_run"]
        with self.bar("accounts") as bar:
            report = month.create_invoices(period, ahead=ahead, dry_run=dry_run, progress=bar.update)
        self.changed(report, period, options, summaries.of_create_invoices(report, period, ahead))
