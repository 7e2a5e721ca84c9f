"""Who pays and with what: accounts, the users on them, their cards."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .. import periods
from ..books import BooksManager, UserField
from ..digests import LENGTH, seal
from ..exceptions import ProductNotHeld, one_line
from .saving import OwnChanges

if TYPE_CHECKING:
    from .products import Product


SEAL_VERSION = 2


def random_id() -> str:
    """Return a new id for something at the gateway; random, so that no two databases ever share one."""
    return uuid.uuid4().hex


class Account(OwnChanges):
    """What is billed: one owner, who pays, and any number of child users who consume on it.

    An account that was closed has no owner any more.
    """

    class Status(models.TextChoices):
        TRIAL = "trial", _("trial")
        ACTIVE = "active", _("active")
        GRACE = "grace", _("grace")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")

    BILLABLE: ClassVar = (Status.ACTIVE, Status.GRACE)
    GOOD_STANDING: ClassVar = (Status.TRIAL, *BILLABLE)

    # Not the status: fixtures and tests set it by hand.
    MOVED_BY: ClassVar = {
        "invoiced_through": "dispatch_invoices",
        "activated_at": "activate_account()",
        "unpaid_since": "dispatch_invoices",
        "expiry_to_signal_since": "dispatch_invoices",
    }

    owner = UserField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="genbilling_account",
        verbose_name=_("owner"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.ACTIVE, db_index=True
    )
    opened_in = models.PositiveIntegerField(
        _("opened in"), default=periods.get_current_billing_period, editable=False
    )
    invoiced_through = models.PositiveIntegerField(
        _("invoiced through"),
        default=periods.get_current_billing_period,
        help_text=_("Every period after the one it was opened in, up to this, has its invoice (YYYYMM)."),
    )
    customer_id = models.CharField(
        _("customer id"), max_length=36, unique=True, default=random_id, editable=False
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    activated_at = models.DateTimeField(
        _("activated at"),
        null=True,
        blank=True,
        help_text=_("By hand: what failed before this does not change the status any more."),
    )
    unpaid_since = models.DateTimeField(
        _("unpaid since"),
        null=True,
        blank=True,
        help_text=_("In grace or expired because an invoice was not paid: active again when it is."),
    )
    expiry_to_signal_since = models.DateTimeField(
        _("expiry to be signalled since"), null=True, blank=True, editable=False
    )

    objects = BooksManager()

    # The period whose flat rates dispatch is filling in with this instance; None: the current one.
    period_at_work: int | None = None

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return f"account {self.pk} of {one_line(self.owner or 'nobody')}"

    def access_granted(self) -> bool:
        """Return whether the account's users may use its products: on trial, active or in grace."""
        return self.status in self.GOOD_STANDING

    def billable(self) -> bool:
        """Return whether products are charged for: active or in grace."""
        return self.status in self.BILLABLE

    def get_product_by_name(self, name: str) -> Product:
        """Return the account's product called `name`, which reads as on the terms of the period at work.

        Its `save()` writes none of these terms.

        Raises:
            ProductNotHeld: the account does not have it.
        """
        period = self.period_at_work or periods.get_current_billing_period()
        product = self.products.named(name, period)
        if product is None:
            raise ProductNotHeld(f"The {self} has no product {name!r}: add_product_to_account() adds it.")
        product.read_as(product.terms_in(period))
        return product


class AccountUser(models.Model):
    """A user's place on an account, the owner's own included: a user has one at most."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="account_users", verbose_name=_("account")
    )
    user = UserField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="genbilling_account_user",
        verbose_name=_("user"),
    )

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("account user")
        verbose_name_plural = _("account users")

    def __str__(self) -> str:
        return f"{one_line(self.user)} on {self.account}"


class Card(models.Model):
    """A card in the gateway's vault. An account's earlier cards stay on record; one is current."""

    class State(models.TextChoices):
        ADDING = "adding", _("being added")
        CURRENT = "current", _("on file")
        LEAVING = "leaving", _("to be taken out of the vault")
        GONE = "gone", _("taken out of the vault")

    class Block(models.TextChoices):
        """Why the card must not be tried; only a card that is stored anew helps."""

        NONE = "", _("may be tried")
        HARD_DECLINE = "hard_decline", _("declined for good")
        AUTHENTICATION = "authentication", _("the bank wants its holder to authenticate")
        NOT_IN_VAULT = "not_in_vault", _("the vault has it no more")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="cards", verbose_name=_("account")
    )
    token = models.CharField(_("token"), max_length=36, unique=True, default=random_id, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ADDING)
    card_type = models.CharField(_("type"), max_length=50, blank=True)
    last_4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    expiration = models.CharField(_("expires"), max_length=7, blank=True, help_text=_("MM/YYYY"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # Kept here, where a run reads the card anyway, so that what may be tried is known and not searched for.
    number_id = models.CharField(
        _("number id"),
        max_length=36,
        blank=True,
        db_index=True,
        editable=False,
        help_text=_("Braintree's id of the card number: a card stored again has the same."),
    )
    block = models.CharField(_("block"), max_length=14, choices=Block, default=Block.NONE, blank=True)
    hard_declines = models.PositiveIntegerField(
        _("hard declines"), default=0, help_text=_("Of this number, since it was last paid with.")
    )
    hard_declined_at = models.DateTimeField(_("hard declined at"), null=True, blank=True)
    paid_before = models.BooleanField(_("paid before"), default=False)
    seal = models.CharField(
        _("seal"),
        max_length=LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("A digest of the token and of the account that stored it."),
    )

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="current"), name="genbilling_one_current_card"
            )
        ]

    def __str__(self) -> str:
        return f"{self.card_type} ending in {self.last_4}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save as usual; a new card is sealed."""
        if self._state.adding:
            self.seal = self._seal_now()
        super().save(*args, **kwargs)

    def is_as_sealed(self) -> bool:
        """Return whether it is as it was stored; a card from before there were seals is."""
        return not self.seal or self.seal == self._seal_now()

    def _seal_now(self) -> str:
        return seal(SEAL_VERSION, self.account_id, self.token)
