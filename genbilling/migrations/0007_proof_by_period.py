"""What was billed for which period is said by the rows: an item its period, a handler's month a row of its own.

Rows that are there keep their columns empty: what they billed was not noted, and each product is proven from its
next month on. So no row is touched, and the index of the items holds none of them: making it reads the table once.
"""

import django.db.models.deletion
from django.db import migrations, models

from genbilling.periods import get_current_billing_period, get_next_billing_period

# Defaults of the rows that a project's own code makes; to the database nothing changes.
DEFAULTS = [
    (
        *("product", "terms_from", get_current_billing_period),
        *("Earlier periods are on former terms (YYYYMM).", "terms valid from"),
    ),
    ("invoice", "period", get_next_billing_period, "YYYYMM", "period"),
]


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0006_month_turns")]

    operations = [
        *(
            migrations.AlterField(
                model_name=model,
                name=name,
                field=models.PositiveIntegerField(default=default, help_text=explained, verbose_name=title),
            )
            for model, name, default, explained, title in DEFAULTS
        ),
        migrations.AlterField(
            model_name="step",
            name="amount",
            field=models.PositiveIntegerField(default=1, verbose_name="steps"),
        ),
        migrations.AddField(
            model_name="product",
            name="proven_from",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="From this period on each one billed has its item, or its note of a handler (YYYYMM).",
                null=True,
                verbose_name="billing proven from",
            ),
        ),
        migrations.AddField(
            model_name="invoiceitem",
            name="period",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="The period whose flat rate genbilling billed with it (YYYYMM); empty for all other items.",
                null=True,
                verbose_name="flat rate of",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("period__isnull", False)),
                fields=("product", "period"),
                name="genbilling_flat_rate_once",
            ),
        ),
        migrations.CreateModel(
            name="HandledPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.PositiveIntegerField(help_text="YYYYMM", verbose_name="period")),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        help_text="What the handler returned; empty: nothing.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="genbilling.invoiceitem",
                        verbose_name="invoice item",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handled_periods",
                        to="genbilling.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "handled period",
                "verbose_name_plural": "handled periods",
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("product", "period"), name="genbilling_handled_once")
                ],
            },
        ),
    ]
