"""The months of a product that the project's own `bill` handler billed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..books import BooksManager
from .items import InvoiceItem
from .products import Product


class HandledPeriod(models.Model):
    """A period of a product that was billed by the `bill` handler, and the item that it returned, if any."""

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="handled_periods", verbose_name=_("product")
    )
    period = models.PositiveIntegerField(_("period"), help_text=_("YYYYMM"))
    item = models.ForeignKey(
        InvoiceItem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("invoice item"),
        help_text=_("What the handler returned; empty: nothing."),
    )

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("handled period")
        verbose_name_plural = _("handled periods")
        constraints = [models.UniqueConstraint(fields=["product", "period"], name="genbilling_handled_once")]

    def __str__(self) -> str:
        return f"{self.product} in {self.period}, by its handler"
