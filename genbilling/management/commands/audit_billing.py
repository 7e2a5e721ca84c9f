"""``manage.py audit_billing``: prove the books from the rows alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import CommandError

from genbilling.management.base import GenbillingCommand, counted
from genbilling.services import audit


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
        rows = ", ".join(counted(looked_at[f"{kind}s"], kind) for kind in ("invoice", "charge", "product"))
        accounts = counted(looked_at["accounts"], "account")
        self.stdout.write(f"{self.name}: {rows} and {accounts} looked at, {counted(findings, 'finding')}.")
        if findings:
            raise CommandError("The books do not fit together: see above. Nothing was changed.")
