"""Related rows, too, are read by the manager that knows where the books are; the tables stay as they are."""

from django.db import migrations

NAMES = {
    "account": "account",
    "accountuser": "account user",
    "card": "card",
    "charge": "charge",
    "formerterms": "former terms",
    "invoicenumber": "invoice number",
    "product": "product",
    "refund": "refund",
    "step": "step",
}
PLURALS = {"formerterms": "former terms"}


class Migration(migrations.Migration):
    dependencies = [("genbilling", "0003_what_may_be_tried")]

    operations = [
        migrations.AlterModelOptions(
            name=model,
            options={
                "base_manager_name": "objects",
                "verbose_name": name,
                "verbose_name_plural": PLURALS.get(model, f"{name}s"),
            },
        )
        for model, name in NAMES.items()
    ]
