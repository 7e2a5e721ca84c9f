"""Which books these are, and whose: the installation; and sales at the gateway that they do not know."""

from __future__ import annotations

import secrets
import string

from django.db import models
from django.utils.translation import gettext_lazy as _

from .. import money
from ..books import BooksManager
from .accounts import Account

LETTERS = string.ascii_lowercase + string.digits


def random_name() -> str:
    """Return the name of a new installation; it is in the order ids of its sales."""
    return "".join(secrets.choice(LETTERS) for _ in range(12))


class Installation(models.Model):
    """These books, one row: their name in order ids, and the merchant whose vault has their cards.

    Empty: not known (yet). `books_id` tells one offline Braintree's file from another.
    """

    name = models.CharField(_("name"), max_length=12, default=random_name, editable=False)
    environment = models.CharField(_("environment"), max_length=10, blank=True)
    merchant_id = models.CharField(_("merchant id"), max_length=100, blank=True)
    books_id = models.CharField(_("id of the offline Braintree's books"), max_length=32, blank=True)
    renewed_at = models.DateTimeField(
        _("renewed at"), null=True, blank=True, help_text=_("Since when it bills through this merchant.")
    )
    checked_at = models.DateTimeField(
        _("checked at"),
        null=True,
        blank=True,
        help_text=_("When the last check began that found no sale which the books do not know."),
    )

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("installation")
        verbose_name_plural = _("installations")

    def __str__(self) -> str:
        return f"installation {self.name}"


class UnknownSale(models.Model):
    """A sale at the gateway that fits nothing in these books; its account waits until it is acknowledged."""

    transaction_id = models.CharField(_("transaction id"), max_length=36, unique=True)
    order_id = models.CharField(_("order id"), max_length=255)
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="unknown_sales",
        verbose_name=_("account"),
        help_text=_("Not charged meanwhile; empty: the account is not in these books."),
    )
    amount = models.DecimalField(
        _("amount"), max_digits=money.MAX_TOTAL_DIGITS, decimal_places=money.DECIMAL_PLACES
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    status = models.CharField(_("status"), max_length=40, blank=True)
    sold_at = models.DateTimeField(_("sold at"))
    noted_at = models.DateTimeField(_("noted at"), auto_now_add=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    operator = models.CharField(_("operator"), max_length=150, blank=True)
    memo = models.CharField(_("memo"), max_length=255, blank=True)

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("unknown sale")
        verbose_name_plural = _("unknown sales")

    def __str__(self) -> str:
        return f"sale {self.transaction_id} of {self.amount} ({self.status})"
