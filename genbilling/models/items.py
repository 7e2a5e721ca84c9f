"""The lines of invoices; those of a closed one do not change (see `invoices`)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .. import books, conf, money
from ..books import BooksManager
from ..digests import LENGTH, seal
from .invoices import Invoice, InvoiceQuerySet, refuse_closed, refused_by_triggers

SEAL_VERSION = 2
CHUNK = 500


class InvoiceItemQuerySet(models.QuerySet["InvoiceItem"]):
    """Items; those of closed invoices are kept from change."""

    def update(self, **values: Any) -> int:
        """Update as usual; an item of a closed invoice is refused with `InvoiceClosed`."""
        if "amount" in values and not hasattr(values["amount"], "resolve_expression"):
            values["amount"] = money.to_money(values["amount"], conf.currency())
        with refused_by_triggers():
            # Before: what is changed may be what they were chosen by.
            keys = list(self.values_list("pk", flat=True))
            changed = super().update(**values)
            _seal_anew(keys)
            return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete as usual; an item of a closed invoice is refused with `InvoiceClosed`."""
        # Not left to the triggers: on SQLite they let rows be deleted.
        with books.atomic():
            refuse_closed(Invoice.objects.filter(related_items__in=self))
            return super().delete()

    def bulk_update(self, objs: Iterable[InvoiceItem], *args: Any, **kwargs: Any) -> int:
        """Update as usual; an item of a closed invoice is refused with `InvoiceClosed`."""
        return super().bulk_update(_rounded(objs), *args, **kwargs)

    def bulk_create(self, objs: Iterable[InvoiceItem], *args: Any, **kwargs: Any) -> list[InvoiceItem]:
        """Create as usual; an item of a closed invoice is refused with `InvoiceClosed`."""
        with refused_by_triggers():
            return super().bulk_create(_rounded(objs), *args, **kwargs)


class InvoiceItem(models.Model):
    """One line of an invoice. A credit has a negative amount."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="related_items", verbose_name=_("invoice")
    )
    product = models.ForeignKey(
        "genbilling.Product",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name=_("product"),
    )
    description = models.CharField(_("description"), max_length=255)
    amount = models.DecimalField(
        _("amount"), max_digits=money.MAX_DIGITS, decimal_places=money.DECIMAL_PLACES
    )
    period = models.PositiveIntegerField(
        _("flat rate of"),
        null=True,
        blank=True,
        editable=False,
        help_text=_(
            "The period whose flat rate genbilling billed with it (YYYYMM); empty for all other items."
        ),
    )
    operator = models.CharField(
        _("operator"),
        max_length=150,
        blank=True,
        help_text=_("Who put a manual credit or debit here; empty: genbilling or your code."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    seal = models.CharField(
        _("seal"),
        max_length=LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("A digest of what it says and of where it lies, taken when it was put there."),
    )

    objects = BooksManager.from_queryset(InvoiceItemQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("invoice item")
        verbose_name_plural = _("invoice items")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "period"],
                condition=Q(period__isnull=False),
                name="genbilling_flat_rate_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.description}: {self.amount}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save as usual, the amount rounded half up to the currency's decimals.

        Raises:
            InvoiceClosed: the invoice is closed, or was when the item lay on it.
            BadMoney: the amount is a float or too large.
        """
        self.amount = money.to_money(self.amount, conf.currency())
        self.seal = self.seal_now()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "seal"}
        with books.atomic():
            refuse_closed(self._invoices())
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete as usual; an item of a closed invoice is refused with `InvoiceClosed`."""
        with books.atomic():
            refuse_closed(self._invoices())
            return super().delete(*args, **kwargs)

    def seal_now(self) -> str:
        """Return the seal of what it says and of where it lies."""
        amount, text = str(Decimal(self.amount).normalize()), str(self.description)
        return seal(SEAL_VERSION, self.invoice_id, self.product_id, text, amount, str(self.operator))

    def is_as_sealed(self) -> bool:
        """Return whether it is as it was put there; what was put there before there were seals is."""
        return not self.seal or self.seal == self.seal_now()

    def _invoices(self) -> InvoiceQuerySet:
        written = Q(pk=self.invoice_id)
        return Invoice.objects.filter(written | Q(related_items=self.pk) if self.pk else written)


def _rounded(items: Iterable[InvoiceItem]) -> list[InvoiceItem]:
    rounded, currency = list(items), conf.currency()
    for item in rounded:
        item.amount = money.to_money(item.amount, currency)
        item.seal = item.seal_now()
    return rounded


def _seal_anew(keys: list[int]) -> None:
    """Seal the items that an `update` has changed; what it changed them to only the database knows."""
    plain = models.QuerySet[InvoiceItem](InvoiceItem, using=books.alias())
    for first in range(0, len(keys), CHUNK):
        for item in plain.filter(pk__in=keys[first : first + CHUNK]):
            if item.seal != item.seal_now():
                plain.filter(pk=item.pk).update(seal=item.seal_now())
