"""``manage.py audit_billing``: prove the books from the rows alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import CommandError

from genbilling.management.base import GenbillingCommand
from genbilling.services import audit, summaries


class Command(GenbillingCommand):
    help = (
        "Proves the books: sums and totals, numbers, what paid each invoice, refunds, capacities, and that "
        "closed invoices are as they were at closing. Changes nothing. Exit status 1: something does not "
        "fit, and is named."
    )

    def run(self, options: dict[str, Any]) -> None:
        looked_at: Counter[str] = Counter()
        findings = 0
        with self.bar("rows", audit.rows_to_audit()) as bar:
            for finding in audit.audit(looked_at, bar.update):
                bar.clear()
                self.stdout.write(finding)
                findings += 1
        self.summary(summaries.of_audit(looked_at, findings))
        if findings:
            raise CommandError("The books do not fit together: see above. Nothing was changed.")
