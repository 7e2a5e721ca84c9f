"""Runs are noted, and what is restored in a period goes by a moment, and no more by the period alone.

What was restored in the current period stays so: it counts as restored for the moment of this migration.
"""

from collections.abc import Callable
from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear
from django.utils import timezone

from genbilling.periods import get_current_billing_period

ROWS = 10_000


def give_the_period_its_moment(apps: Any, schema_editor: Any) -> None:
    alias, period = schema_editor.connection.alias, get_current_billing_period()
    products = apps.get_model("genbilling", "Product").objects.using(alias)
    moments = apps.get_model("genbilling", "RestoreMoment").objects.using(alias)
    restored = Q(restored_period=period)
    if products.filter(restored).exists():
        moment = timezone.now()
        moments.create(period=period, moment=moment)
        in_ranges(products, lambda some: some.filter(restored).update(restored_for=moment))


def go_by_the_period(apps: Any, schema_editor: Any) -> None:
    products = apps.get_model("genbilling", "Product").objects.using(schema_editor.connection.alias)
    zone = timezone.get_default_timezone()
    since = Coalesce("restored_for", "added_at")
    period = ExtractYear(since, tzinfo=zone) * 100 + ExtractMonth(since, tzinfo=zone)
    in_ranges(products, lambda some: some.update(restored_period=period))


def in_ranges(rows: Any, change: Callable[[Any], object]) -> None:
    """Change so many rows at a time: a customer who uses a product waits for one range at most."""
    last = 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:ROWS]):
        change(rows.filter(pk__gt=last, pk__lte=keys[-1]))
        last = keys[-1]


class Migration(migrations.Migration):
    # Each range of products is committed by itself, and the new column is not held back until the last one.
    atomic = False

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
        migrations.RunPython(give_the_period_its_moment, go_by_the_period),
        migrations.RemoveField("product", "restored_period"),
    ]
