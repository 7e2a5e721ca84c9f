"""Money that went back: a charge refunded in part or whole, or taken back before it settled."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..books import BooksManager
from .charges import Attempt, Charge, ended


class Refund(Attempt):
    """One attempt to give money of a paid charge back. *Paid* means that it went, or is on its way."""

    SEALED: ClassVar[dict[int, tuple[str, ...]]] = {
        **Attempt.SEALED,
        1: (*Attempt.SEALED[1], "charge_id", "kind", "operator", "memo"),
    }

    class Kind(models.TextChoices):
        UNDECIDED = "", _("not decided yet")
        REFUND = "refund", _("refund")
        VOID = "void", _("void, before it settled")

    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("charge")
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.UNDECIDED, blank=True)
    operator = models.CharField(_("operator"), max_length=150, blank=True)
    memo = models.CharField(_("memo"), max_length=255, blank=True)

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(
                fields=["charge"], condition=Q(state="pending"), name="genbilling_one_pending_refund"
            ),
            models.UniqueConstraint(
                fields=["transaction_id"],
                condition=Q(kind="refund", state="paid") & ~Q(transaction_id=""),
                name="genbilling_refund_once",
            ),
            models.CheckConstraint(condition=ended(), name="genbilling_refund_ended"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="genbilling_refund_positive"),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk} of {self.amount} of {self.charge} ({self.state})"
