"""What an account has: its products, the steps bought for them, and the consumption statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .. import books, money, periods, signals
from ..books import BooksManager
from ..exceptions import BadAmount, shown
from .accounts import Account, AccountUser
from .as_sold import fill_in, fill_in_all, is_left_out
from .invoices import Invoice
from .items import InvoiceItem
from .saving import OwnChanges

MAX_AMOUNT = 2**31 - 1
MAX_CAPACITY = 2**63 - 1


class Remaining(int):
    """Units left. Always true, even 0: ``if use_product(...)`` must not take the last unit for a refusal."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a product is sold at: money in the merchant's currency, the rest in units."""

    description: str
    flat_rate: Decimal
    initial_step: int
    step_cost: Decimal
    step: int
    periodic: bool
    trigger: int | None


class TermsFields(models.Model):
    """The columns of `Terms`, for a product's latest terms and for the ones before."""

    description = models.CharField(_("description"), max_length=200)
    flat_rate = models.DecimalField(
        _("flat rate"), max_digits=money.MAX_DIGITS, decimal_places=money.DECIMAL_PLACES
    )
    initial_step = models.PositiveIntegerField(_("units included"))
    step_cost = models.DecimalField(
        _("cost of a step"), max_digits=money.MAX_DIGITS, decimal_places=money.DECIMAL_PLACES
    )
    step = models.PositiveIntegerField(_("units of a step"))
    periodic = models.BooleanField(_("restored every period"), default=False)
    trigger = models.PositiveIntegerField(_("alert below"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def terms(self) -> Terms:
        """The terms in these columns."""
        return Terms(**{name: getattr(self, name) for name in Terms.__dataclass_fields__})


class ProductQuerySet(models.QuerySet["Product"]):
    """Products by whether an account has them in a period."""

    def in_period(self, period: int) -> Self:
        """Return the products that are not ended before `period`."""
        return self.filter(Q(last_period__isnull=True) | Q(last_period__gte=period))

    def named(self, name: str, period: int) -> Product | None:
        """Return the product called `name` that is held in `period`, or None."""
        # A product that ended and was sold again is two rows; the earlier one is held until its last period.
        return (
            self.in_period(period).filter(name=name).order_by(F("last_period").asc(nulls_last=True)).first()
        )

    def bulk_create(self, objs: Iterable[Product], *args: Any, **kwargs: Any) -> list[Product]:
        """Create as usual, with what is left out filled in."""
        products = list(objs)
        fill_in_all(products)
        return super().bulk_create(products, *args, **kwargs)


class Product(OwnChanges, TermsFields):
    """A product of an account, at the terms it was sold at.

    Which flat rates are owed is three periods: `first_period` to `last_period` (None: no end) are filled in
    by dispatch, and are billed up to `billed_through`. `first_period` is None as long as nothing is charged.
    """

    MOVED_BY: ClassVar = {
        **dict.fromkeys(("terms_from", *Terms.__dataclass_fields__), "update_product_terms()"),
        "used": "use_product() and restore_product()",
        "capacity": "add_step_to_product()",
        "capacity_without_steps": "reset_products",
        "first_period": "add_product_to_account()",
        "last_period": "remove_product_from_account() and add_product_to_account()",
        "billed_through": "dispatch_invoices",
        "proven_from": "dispatch_invoices",
        "removed": "remove_product_from_account()",
        "restored_for": "restore_products",
    }

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="products", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=100)
    terms_from = models.PositiveIntegerField(
        _("terms valid from"),
        default=periods.get_current_billing_period,
        help_text=_("Earlier periods are on former terms (YYYYMM)."),
    )
    used = models.PositiveBigIntegerField(_("units used"), default=0)
    capacity_without_steps = models.PositiveIntegerField(
        _("capacity without steps"), help_text=_("The units that were included at the last reset.")
    )
    capacity = models.PositiveBigIntegerField(_("capacity"))
    first_period = models.PositiveIntegerField(_("flat rates from"), null=True, blank=True)
    last_period = models.PositiveIntegerField(_("flat rates up to"), null=True, blank=True)
    billed_through = models.PositiveIntegerField(_("flat rates billed through"), null=True, blank=True)
    proven_from = models.PositiveIntegerField(
        _("billing proven from"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("From this period on each one billed has its item, or its note of a handler (YYYYMM)."),
    )
    removed = models.BooleanField(
        _("removed"), default=False, help_text=_("Ended by itself, not together with its account.")
    )
    restored_for = models.DateTimeField(
        _("usage restored for"),
        null=True,
        blank=True,
        help_text=_("The moment that restore_products went by; empty: not restored since it was sold."),
    )
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)

    objects = BooksManager.from_queryset(ProductQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                condition=Q(last_period__isnull=True),
                name="genbilling_product_held_once",
            )
        ]
        indexes = [models.Index(fields=["account", "name"], name="genbilling_product_name")]

    def __str__(self) -> str:
        return f"{self.name} of {self.account}"

    def save(self, **kwargs: Any) -> None:
        """Save a new row with what is left out filled in; of one that is there, write what was changed."""
        if self._state.adding:
            fill_in(self)
        super().save(**kwargs)

    @property
    def remaining(self) -> Remaining:
        """Units left; 0 when more is used than there is."""
        return remaining(self.capacity - self.used)

    def read_as(self, terms: Terms) -> None:
        """Let this instance read as on `terms`, which are not the row's own: `save()` writes none of them."""
        for name, value in asdict(terms).items():
            setattr(self, name, value)
        self.take_as_read(*Terms.__dataclass_fields__)

    def terms_in(self, period: int) -> Terms:
        """Return the terms that are valid in `period`."""
        if period >= self.terms_from:
            return self.terms
        former = self.former_terms.filter(through_period__gte=period).order_by("through_period").first()
        return former.terms if former else self.terms

    def spend_amount(self, amount: int) -> Remaining | bool:
        """Consume `amount` units, all or nothing, inside the caller's transaction.

        Returns:
            The remaining capacity, or False when there are not enough units.

        Raises:
            BadAmount: `amount` is not a positive whole number.
        """
        return spend("%s", [self.pk], amount)


def spend(target: str, parameters: list[Any], amount: int) -> Remaining | bool:
    """Consume `amount` units of the product whose id the SQL expression `target` yields.

    One statement, with no read before it: whoever else calls, never more units go out than there are.
    """
    check_amount(amount)
    # RETURNING is why this is not the ORM's update(), which cannot hand back what the statement left.
    statement = (
        "UPDATE genbilling_product SET used = used + %s "
        f"WHERE id = ({target}) AND used + %s <= capacity "
        'RETURNING id, capacity - used, "trigger", terms_from'
    )
    books.refuse_without_autocommit()
    with books.connection().cursor() as cursor:
        cursor.execute(statement, [amount, *parameters, amount])
        row = cursor.fetchone()
    if row is None:
        return False
    product_id, left, trigger, terms_from = row
    period = periods.get_current_billing_period()
    if terms_from > period:
        trigger = Product.objects.get(pk=product_id).terms_in(period).trigger
    if trigger is not None and left < trigger <= left + amount:
        books.on_commit(partial(_alert, product_id, left), robust=True)
    return Remaining(left)


def spend_by_user(user_id: Any, name: str, amount: int, period: int) -> Remaining | bool:
    """Consume `amount` units of the product `name` on the account that the user belongs to.

    False also stands for: no such product there, no account, an account that is not in good standing.
    """
    standing = ", ".join(["%s"] * len(Account.GOOD_STANDING))
    target = (
        "SELECT product.id FROM genbilling_product product "
        "JOIN genbilling_account account ON account.id = product.account_id "
        "JOIN genbilling_accountuser account_user ON account_user.account_id = account.id "
        f"WHERE account_user.user_id = %s AND product.name = %s AND account.status IN ({standing}) "
        "AND (product.last_period IS NULL OR product.last_period >= %s) "
        "ORDER BY product.last_period IS NULL, product.last_period LIMIT 1"
    )
    # Prepared by its field: a key that is no number is not every driver's to bind.
    key = AccountUser._meta.get_field("user").get_db_prep_value(user_id, books.connection())
    return spend(target, [key, name, *Account.GOOD_STANDING, period], amount)


def remaining(units: int) -> Remaining:
    """Return `units` as a remaining capacity, never below zero."""
    return Remaining(max(units, 0))


def check_amount(amount: object) -> None:
    """Make sure that `amount` is a number of units or steps.

    Raises:
        BadAmount: it is not a whole number from 1 to 2147483647.
    """
    if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= MAX_AMOUNT:
        raise BadAmount(f"The amount is {shown(amount)}: it must be a whole number from 1 to {MAX_AMOUNT}.")


def _alert(product_id: int, left: int) -> None:
    product = Product.objects.select_related("account__owner").get(pk=product_id)
    owner = product.account.owner
    if owner is not None:
        signals.low_capacity.send_robust(sender=Product, product=product, owner=owner, remaining=left)


class FormerTerms(TermsFields):
    """Terms that a product was on up to `through_period`; a late dispatch bills by them."""

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="former_terms", verbose_name=_("product")
    )
    through_period = models.PositiveIntegerField(_("valid through"))

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("former terms")
        verbose_name_plural = _("former terms")
        constraints = [
            models.UniqueConstraint(fields=["product", "through_period"], name="genbilling_former_terms_once")
        ]

    def __str__(self) -> str:
        return f"terms of {self.product} through {self.through_period}"


class Step(models.Model):
    """Steps bought at one time. Live: their units count as capacity, until reset after they were invoiced."""

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="steps", verbose_name=_("product")
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="steps", verbose_name=_("invoice")
    )
    item = models.ForeignKey(
        InvoiceItem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="steps",
        verbose_name=_("invoice item"),
    )
    amount = models.PositiveIntegerField(_("steps"), default=1)
    units = models.PositiveBigIntegerField(_("units"))
    live = models.BooleanField(_("live"), default=True)
    bought_at = models.DateTimeField(_("bought at"), auto_now_add=True)

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        indexes = [models.Index(fields=["product"], condition=Q(live=True), name="genbilling_live_steps")]

    def __str__(self) -> str:
        return f"{self.amount} step(s) of {self.product}"

    def save(self, **kwargs: Any) -> None:
        """Save as usual; a new row's units, where they are left out, are those of today's terms."""
        if is_left_out(self.units):
            terms = self.product.terms_in(periods.get_current_billing_period())
            self.units = self.amount * terms.step
        super().save(**kwargs)
