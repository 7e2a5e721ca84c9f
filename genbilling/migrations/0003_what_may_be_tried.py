"""What decides whether a card may be tried joins the card's row, and the counter of invoice numbers its row.

What was declined before counts by token: Braintree's id of the card number was not kept then.
"""

from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import migrations, models
from django.db.models import Max, Q


def note_what_was_declined(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    cards = apps.get_model("genbilling", "Card").objects.using(alias)
    charges = apps.get_model("genbilling", "Charge").objects.using(alias)
    # Tokens of charges have no index: each of these queries reads the table once.
    paid = charges.filter(state="paid").order_by()
    cards.filter(token__in=paid.values("card_token")).update(paid_before=True)
    refused = charges.filter(Q(hard_decline=True) | Q(response_code="2099"), state="refused").order_by()
    of_refused = paid.filter(card_token__in=refused.values("card_token")).values_list("card_token")
    paid_at = dict(of_refused.annotate(last=Max("ended_at")))
    columns = refused.order_by("card_token", "ended_at").values_list("card_token", "ended_at", "hard_decline")
    for token, tries in groupby(columns, key=itemgetter(0)):
        # A card that was paid with since is forgiven.
        since = [(at, hard) for _, at, hard in tries if token not in paid_at or at > paid_at[token]]
        declined = [at for at, hard in since if hard]
        if declined:
            cards.filter(token=token).update(
                block="hard_decline", hard_declines=len(declined), hard_declined_at=declined[-1]
            )
        elif since:
            cards.filter(token=token).update(block="authentication")


def make_the_counter(apps: Any, schema_editor: Any) -> None:
    numbers = apps.get_model("genbilling", "InvoiceNumber").objects.using(schema_editor.connection.alias)
    numbers.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [
        ("genbilling", "0002_closed_invoices"),
    ]

    operations = [
        migrations.AddField(
            model_name="card",
            name="block",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "may be tried"),
                    ("hard_decline", "declined for good"),
                    ("authentication", "the bank wants its holder to authenticate"),
                    ("not_in_vault", "the vault has it no more"),
                ],
                default="",
                max_length=14,
                verbose_name="block",
            ),
        ),
        migrations.AddField(
            model_name="card",
            name="hard_declined_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="hard declined at"),
        ),
        migrations.AddField(
            model_name="card",
            name="hard_declines",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Of this number, since it was last paid with.",
                verbose_name="hard declines",
            ),
        ),
        migrations.AddField(
            model_name="card",
            name="number_id",
            field=models.CharField(
                blank=True,
                db_index=True,
                editable=False,
                help_text="Braintree's id of the card number: a card stored again has the same.",
                max_length=36,
                verbose_name="number id",
            ),
        ),
        migrations.AddField(
            model_name="card",
            name="paid_before",
            field=models.BooleanField(default=False, verbose_name="paid before"),
        ),
        migrations.AddField(
            model_name="charge",
            name="card_gone",
            field=models.BooleanField(
                default=False,
                help_text="The vault does not have the card any more.",
                verbose_name="card gone",
            ),
        ),
        migrations.AddField(
            model_name="charge",
            name="number_id",
            field=models.CharField(
                blank=True,
                help_text="Braintree's id of the card number; empty where it was not known.",
                max_length=36,
                verbose_name="number id",
            ),
        ),
        migrations.RunPython(note_what_was_declined, migrations.RunPython.noop),
        migrations.RunPython(make_the_counter, migrations.RunPython.noop),
    ]
