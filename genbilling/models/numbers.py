"""The numbers given to invoices at closing."""

from __future__ import annotations

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from ..books import BooksManager


class InvoiceNumber(models.Model):
    """The last invoice number given: one row, locked while an invoice closes, so that there are no gaps."""

    last = models.PositiveBigIntegerField(_("last number given"), default=0)

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("invoice number")
        verbose_name_plural = _("invoice numbers")

    def __str__(self) -> str:
        return str(self.last)

    @classmethod
    def take(cls, count: int) -> range:
        """Return the next `count` numbers; the caller's transaction holds the row to its end."""
        if not cls.objects.filter(pk=1).update(last=F("last") + count):
            # The row comes with a migration, and goes when a test flushes its database.
            cls.objects.get_or_create(pk=1)
            cls.objects.filter(pk=1).update(last=F("last") + count)
        last = int(cls.objects.values_list("last", flat=True).get(pk=1))
        return range(last - count + 1, last + 1)
