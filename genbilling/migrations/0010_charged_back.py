"""What went back by disputes stands with the charge. A constant default: no row is rewritten."""

from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0009_currency")]

    operations = [
        migrations.AddField(
            model_name="charge",
            name="charged_back",
            field=models.DecimalField(
                db_default=Decimal("0.00"),
                decimal_places=2,
                default=Decimal("0.00"),
                help_text="What went back by disputes that were lost or accepted.",
                max_digits=18,
                verbose_name="charged back",
            ),
        ),
    ]
