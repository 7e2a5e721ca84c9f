"""Runs are noted, and what is restored in a period goes by a moment; 0013 gives the current period its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0005_plain_columns")]

    operations = [
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("command", models.CharField(max_length=50, verbose_name="command")),
                ("period", models.PositiveIntegerField(help_text="YYYYMM", verbose_name="period")),
                ("begun_at", models.DateTimeField(auto_now_add=True, verbose_name="begun at")),
                (
                    "ended_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Empty: it is under way, was killed, or failed.",
                        null=True,
                        verbose_name="ended at",
                    ),
                ),
                ("counts", models.JSONField(blank=True, default=dict, verbose_name="counts")),
            ],
            options={
                "verbose_name": "run",
                "verbose_name_plural": "runs",
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="RestoreMoment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "period",
                    models.PositiveIntegerField(help_text="YYYYMM", unique=True, verbose_name="period"),
                ),
                ("moment", models.DateTimeField(verbose_name="moment")),
            ],
            options={
                "verbose_name": "moment of restoring",
                "verbose_name_plural": "moments of restoring",
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="product",
            name="restored_for",
            field=models.DateTimeField(
                blank=True,
                help_text="The moment that restore_products went by; empty: not restored since it was sold.",
                null=True,
                verbose_name="usage restored for",
            ),
        ),
        # Undone, the column comes back with a value in every row, without one being written.
        migrations.AlterField(
            model_name="product",
            name="restored_period",
            field=models.PositiveIntegerField(db_default=0, verbose_name="usage restored in"),
        ),
    ]
