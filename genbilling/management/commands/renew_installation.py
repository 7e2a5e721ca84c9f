"""``manage.py renew_installation``: let the books go on with the merchant that the settings point at."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from genbilling.management.base import GenbillingCommand
from genbilling.services import installations
from genbilling.services.summaries import counted


class Command(GenbillingCommand):
    help = (
        "Lets the books go on with the merchant that the settings point at: of a copy for tests, or after a "
        "move. The cards on file are marked gone, since the new merchant's vault does not have them. Nothing "
        "is sent to Braintree."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--vault-moved",
            action="store_true",
            help="Braintree moved the vault: the cards are there under their old tokens, and stay on file",
        )
        parser.add_argument(
            "--give-up-pending",
            action="store_true",
            help="charges and refunds whose answers were lost count as not sent: of a copy, whose original "
            "finds out by itself",
        )

    def run(self, options: dict[str, Any]) -> None:
        installation, gone = installations.renew(
            vault_moved=options["vault_moved"], give_up_pending=options["give_up_pending"]
        )
        self.summary(
            f"the books belong to the merchant {installation.merchant_id!r} ({installation.environment}) "
            f"now, as {installation}; {counted(gone, 'card')} marked gone."
        )
