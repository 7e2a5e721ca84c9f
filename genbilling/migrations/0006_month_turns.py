"""Runs are noted."""

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
    ]
