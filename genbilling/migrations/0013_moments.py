"""What was restored in the current period stays so: it counts as restored for the moment of this migration.

After that, what is restored goes by moments, and no more by the period alone.
"""

from collections.abc import Callable
from typing import Any

from django.db import migrations
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
        # Killed in the middle, it is run again, and goes on with the same moment.
        moment = moments.get_or_create(period=period, defaults={"moment": timezone.now()})[0].moment
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
    # Each range of products is committed by itself.
    atomic = False

    dependencies = [("genbilling", "0012_moving_books")]

    operations = [
        migrations.RunPython(give_the_period_its_moment, go_by_the_period),
        migrations.RemoveField("product", "restored_period"),
    ]
