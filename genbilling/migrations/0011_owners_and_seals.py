"""An account that was closed has no owner any more. Items of invoices and cards have a seal.

What was there before has none, and counts as unchanged. Nothing here rewrites a table on PostgreSQL.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def seal(help_text: str) -> Any:
    return models.CharField(
        blank=True,
        db_default="",
        default="",
        editable=False,
        help_text=help_text,
        max_length=64,
        verbose_name="seal",
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("genbilling", "0010_charged_back"),
    ]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="owner",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="genbilling_account",
                to=settings.AUTH_USER_MODEL,
                verbose_name="owner",
            ),
        ),
        migrations.AddField(
            model_name="invoiceitem",
            name="seal",
            field=seal("A digest of what it says and of where it lies, taken when it was put there."),
        ),
        migrations.AddField(
            model_name="card",
            name="seal",
            field=seal("A digest of the token and of the account that stored it."),
        ),
    ]
