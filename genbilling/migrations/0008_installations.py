"""Which books these are, and sales at the gateway that they do not know.

A charge says under which order id it was sent; those from before keep theirs, and theirs is empty here. The
column has a constant default in the database: no row is rewritten, and the code from before can go on inserting.
"""

import django.db.models.deletion
from django.db import migrations, models

import genbilling.models.installations


class Migration(migrations.Migration):
    dependencies = [
        ("genbilling", "0007_proof_by_period"),
    ]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        default=genbilling.models.installations.random_name,
                        editable=False,
                        max_length=12,
                        verbose_name="name",
                    ),
                ),
                ("environment", models.CharField(blank=True, max_length=10, verbose_name="environment")),
                ("merchant_id", models.CharField(blank=True, max_length=100, verbose_name="merchant id")),
                (
                    "books_id",
                    models.CharField(
                        blank=True, max_length=32, verbose_name="id of the offline Braintree's books"
                    ),
                ),
                (
                    "renewed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when it bills through this merchant.",
                        null=True,
                        verbose_name="renewed at",
                    ),
                ),
                (
                    "checked_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the last check began that found no sale which the books do not know.",
                        null=True,
                        verbose_name="checked at",
                    ),
                ),
            ],
            options={
                "verbose_name": "installation",
                "verbose_name_plural": "installations",
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="charge",
            name="sent_order_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="Empty: made before order ids named the installation.",
                max_length=255,
                verbose_name="order id",
            ),
        ),
        migrations.CreateModel(
            name="UnknownSale",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "transaction_id",
                    models.CharField(max_length=36, unique=True, verbose_name="transaction id"),
                ),
                ("order_id", models.CharField(max_length=255, verbose_name="order id")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18, verbose_name="amount")),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("status", models.CharField(blank=True, max_length=40, verbose_name="status")),
                ("sold_at", models.DateTimeField(verbose_name="sold at")),
                ("noted_at", models.DateTimeField(auto_now_add=True, verbose_name="noted at")),
                (
                    "acknowledged_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="acknowledged at"),
                ),
                ("operator", models.CharField(blank=True, max_length=150, verbose_name="operator")),
                ("memo", models.CharField(blank=True, max_length=255, verbose_name="memo")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        help_text="Not charged meanwhile; empty: the account is not in these books.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unknown_sales",
                        to="genbilling.account",
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "unknown sale",
                "verbose_name_plural": "unknown sales",
                "base_manager_name": "objects",
            },
        ),
    ]
