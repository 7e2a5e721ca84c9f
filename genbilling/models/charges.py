"""What was sent to the gateway, one row per attempt."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .. import money


def random_key() -> str:
    """Return the key of a new charge; never from a row's id: a restored backup must not meet old keys."""
    return uuid.uuid4().hex


class Charge(models.Model):
    """One attempt to charge an invoice, frozen as it was sent, with the gateway's answer.

    A row without a card stands for an attempt that failed because none was on file.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        PAID = "paid", _("paid")
        REFUSED = "refused", _("refused")
        NOT_SENT = "not_sent", _("not sent")

    # The SDK's time-outs (60 s to connect, 60 s to read) and some more: who made the call is gone by then.
    IN_FLIGHT: ClassVar = timedelta(minutes=5)

    invoice = models.ForeignKey(
        "genbilling.Invoice", on_delete=models.PROTECT, related_name="charges", verbose_name=_("invoice")
    )
    key = models.CharField(_("key"), max_length=32, unique=True, default=random_key, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PENDING)
    amount = models.DecimalField(
        _("amount"), max_digits=money.MAX_TOTAL_DIGITS, decimal_places=money.DECIMAL_PLACES
    )
    card_token = models.CharField(_("card token"), max_length=36, blank=True)
    request = models.JSONField(_("request"), default=dict, help_text=_("What was sent, to the letter."))
    transaction_id = models.CharField(_("transaction id"), max_length=36, blank=True, db_index=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    status = models.CharField(_("status"), max_length=40, blank=True)
    response_code = models.CharField(_("response code"), max_length=10, blank=True)
    response_text = models.CharField(_("response text"), max_length=255, blank=True)
    reject_reason = models.CharField(_("reject reason"), max_length=40, blank=True)
    message = models.TextField(_("message"), blank=True)
    hard_decline = models.BooleanField(
        _("hard decline"), default=False, help_text=_("The card must not be tried again.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    keyed = models.BooleanField(
        _("sent under its key"), default=True, help_text=_("No: the merchant may not use idempotency keys.")
    )
    uncertain_at = models.DateTimeField(
        _("uncertain at"),
        null=True,
        blank=True,
        help_text=_("When an answer last left the outcome unknown, or the request was sent again."),
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    signalled_at = models.DateTimeField(_("signalled at"), null=True, blank=True)

    # The SDK's result object, in the process that made the call.
    result: Any = None

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state="pending"), name="genbilling_one_pending_charge"
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state="paid"), name="genbilling_one_paid_charge"
            ),
            models.CheckConstraint(
                condition=Q(state="pending", ended_at__isnull=True)
                | (~Q(state="pending") & Q(ended_at__isnull=False)),
                name="genbilling_charge_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ended_at"],
                condition=Q(signalled_at__isnull=True, state__in=["paid", "refused"]),
                name="genbilling_charge_unsignalled",
            )
        ]

    def __str__(self) -> str:
        return f"charge {self.pk} of {self.amount} for {self.invoice} ({self.state})"

    @property
    def order_id(self) -> str:
        """The order id at the gateway."""
        return f"genbilling-{self.key}"
