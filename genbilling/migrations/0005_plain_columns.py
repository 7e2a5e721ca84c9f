"""One date says since when an account is in grace or expired for want of payment; the status says which.

What an account was opened in is not called as what a product is charged from, and a capacity is called one.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import F

from genbilling.periods import get_current_billing_period


def join_the_dates(apps: Any, schema_editor: Any) -> None:
    accounts = apps.get_model("genbilling", "Account").objects.using(schema_editor.connection.alias)
    accounts.filter(unpaid_since__isnull=True).update(unpaid_since=F("in_grace_since"))


def part_the_dates(apps: Any, schema_editor: Any) -> None:
    accounts = apps.get_model("genbilling", "Account").objects.using(schema_editor.connection.alias)
    accounts.filter(status="grace").update(in_grace_since=F("unpaid_since"), unpaid_since=None)


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0004_base_managers")]

    operations = [
        migrations.RenameField("account", "expired_unpaid_at", "unpaid_since"),
        migrations.AlterField(
            model_name="account",
            name="unpaid_since",
            field=models.DateTimeField(
                blank=True,
                help_text="In grace or expired because an invoice was not paid: active again when it is.",
                null=True,
                verbose_name="unpaid since",
            ),
        ),
        migrations.RunPython(join_the_dates, part_the_dates),
        migrations.RemoveField("account", "in_grace_since"),
        migrations.RenameField("account", "first_period", "opened_in"),
        migrations.AlterField(
            model_name="account",
            name="opened_in",
            field=models.PositiveIntegerField(
                default=get_current_billing_period, editable=False, verbose_name="opened in"
            ),
        ),
        migrations.AlterField(
            model_name="account",
            name="invoiced_through",
            field=models.PositiveIntegerField(
                default=get_current_billing_period,
                help_text="Every period after the one it was opened in, up to this, has its invoice (YYYYMM).",
                verbose_name="invoiced through",
            ),
        ),
        migrations.RenameField("product", "included", "capacity_without_steps"),
        migrations.AlterField(
            model_name="product",
            name="capacity_without_steps",
            field=models.PositiveIntegerField(
                help_text="The units that were included at the last reset.",
                verbose_name="capacity without steps",
            ),
        ),
    ]
