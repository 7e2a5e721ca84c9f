"""What was sent to the gateway, one row per attempt: charges here, refunds beside it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from .. import money
from ..books import BooksManager
from ..digests import LENGTH, seal, version_of
from . import order_ids

AUTHENTICATION_REQUIRED = "2099"


def random_key() -> str:
    """Return the key of a new charge; never from a row's id: a restored backup must not meet old keys."""
    return uuid.uuid4().hex


class Attempt(models.Model):
    """Something that was sent to the gateway, frozen as it was sent, with the gateway's answer."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        PAID = "paid", _("paid")
        REFUSED = "refused", _("refused")
        NOT_SENT = "not_sent", _("not sent")

    # The SDK's time-outs (60 s to connect, 60 s to read) and some more: who made the call is gone by then.
    IN_FLIGHT: ClassVar = timedelta(minutes=5)

    key = models.CharField(_("key"), max_length=32, unique=True, default=random_key, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PENDING)
    amount = models.DecimalField(
        _("amount"), max_digits=money.MAX_TOTAL_DIGITS, decimal_places=money.DECIMAL_PLACES
    )
    request = models.JSONField(_("request"), default=dict, help_text=_("What was sent, to the letter."))
    transaction_id = models.CharField(_("transaction id"), max_length=36, blank=True, db_index=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    status = models.CharField(_("status"), max_length=40, blank=True)
    response_code = models.CharField(_("response code"), max_length=10, blank=True)
    response_text = models.CharField(_("response text"), max_length=255, blank=True)
    message = models.TextField(_("message"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    keyed = models.BooleanField(
        _("sent under its key"), default=True, help_text=_("No: the merchant may not use idempotency keys.")
    )
    uncertain_at = models.DateTimeField(
        _("uncertain at"),
        null=True,
        blank=True,
        help_text=_("When the outcome was found to be unknown, or the request was sent again after that."),
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    seal = models.CharField(
        _("seal"), max_length=LENGTH, blank=True, editable=False, help_text=_("A digest taken at its end.")
    )

    # By the version of the seal; seals of earlier ones stay valid. What moves on after the end is in none:
    # the status, and when the signal went out.
    SEALED: ClassVar[dict[int, tuple[str, ...]]] = {
        1: ("key", "state", "request", "transaction_id", "currency", "response_code", "ended_at"),
        2: ("response_text",),
    }

    # The SDK's result object, in the process that made the call.
    result: Any = None

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save as usual, and seal what has ended."""
        if self.state != self.State.PENDING:
            self.seal = self.seal_now()
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "seal"}
        super().save(*args, **kwargs)

    def seal_now(self, version: int | None = None) -> str:
        """Return the seal of what must not change after the end, of the latest version if none is given."""
        version = version or max(self.SEALED)
        amount = str(money.to_cents(Decimal(self.amount)))
        names = (name for earlier in range(1, version + 1) for name in self.SEALED[earlier])
        return seal(version, amount, *(getattr(self, name) for name in names))

    def is_as_sealed(self) -> bool:
        """Return whether it is as it was at its end."""
        version = version_of(self.seal)
        return version in self.SEALED and self.seal == self.seal_now(version)

    @property
    def order_id(self) -> str:
        """The order id at the gateway."""
        return f"{order_ids.PREFIX}{self.key}"


def ended() -> Q:
    """Return the condition under which an attempt's state and the time of its end agree."""
    return Q(state="pending", ended_at__isnull=True) | (~Q(state="pending") & Q(ended_at__isnull=False))


class Charge(Attempt):
    """One attempt to charge an invoice.

    A row without a card stands for an attempt that failed because none was on file.
    """

    SEALED: ClassVar[dict[int, tuple[str, ...]]] = {
        1: (*Attempt.SEALED[1], "invoice_id", "card_token", "hard_decline", "settlement_failed"),
        2: (*Attempt.SEALED[2], "number_id", "reject_reason", "card_gone"),
    }

    invoice = models.ForeignKey(
        "genbilling.Invoice", on_delete=models.PROTECT, related_name="charges", verbose_name=_("invoice")
    )
    # Not with the digests: the request, which is, has it too.
    sent_order_id = models.CharField(
        _("order id"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("Empty: made before order ids named the installation."),
    )
    card_token = models.CharField(_("card token"), max_length=36, blank=True)
    number_id = models.CharField(
        _("number id"),
        max_length=36,
        blank=True,
        help_text=_("Braintree's id of the card number; empty where it was not known."),
    )
    reject_reason = models.CharField(_("reject reason"), max_length=40, blank=True)
    hard_decline = models.BooleanField(
        _("hard decline"), default=False, help_text=_("The card must not be tried again.")
    )
    card_gone = models.BooleanField(
        _("card gone"), default=False, help_text=_("The vault does not have the card any more.")
    )
    settlement_failed = models.BooleanField(
        _("settlement failed"), default=False, help_text=_("It was called paid, and did not settle.")
    )
    signalled_at = models.DateTimeField(_("signalled at"), null=True, blank=True)
    charged_back = models.DecimalField(
        _("charged back"),
        max_digits=money.MAX_TOTAL_DIGITS,
        decimal_places=money.DECIMAL_PLACES,
        default=money.ZERO,
        db_default=money.ZERO,
        help_text=_("What went back by disputes that were lost or accepted."),
    )

    # The card as the answer to the sale describes it, in the process that made the call.
    card_told: Any = None

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state="pending"), name="genbilling_one_pending_charge"
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state="paid"), name="genbilling_one_paid_charge"
            ),
            models.CheckConstraint(condition=ended(), name="genbilling_charge_ended"),
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
        return self.sent_order_id or super().order_id

    @property
    def needs_owner(self) -> bool:
        """Whether no retry helps, only the owner: they have to come to the card page.

        True when there is no card on file or in the vault, after a hard decline, and where the bank wants the
        cardholder to authenticate (2099): a card saved anew makes the invoice due at once.
        """
        if self.state != self.State.REFUSED:
            return False
        declined = self.hard_decline or self.response_code == AUTHENTICATION_REQUIRED
        return not self.card_token or self.card_gone or declined

    def refunded(self) -> Decimal:
        """Return how much of the charge went back, or is being given back, in its currency.

        By refunds, and by disputes that were lost or accepted.
        """
        going_back = self.refunds.filter(state__in=[self.State.PAID, self.State.PENDING])
        given_back = going_back.aggregate(total=Sum("amount"))["total"] or money.ZERO
        return money.to_cents(given_back + self.charged_back)
