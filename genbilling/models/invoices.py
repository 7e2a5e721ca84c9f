"""What is owed: invoices; their items stand beside them.

A closed invoice and its items do not change. Saving and deleting look for themselves, under the invoice's
lock; whatever else writes is refused by triggers (migration 0002, `genbilling.triggers`), raw SQL included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import IntegrityError, models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from .. import books, money, periods
from ..books import BooksManager
from ..conf import MAX_PRINTED_NUMBER
from ..exceptions import InvoiceClosed
from ..triggers import FROZEN_COLUMNS, SAID_BY_A_TRIGGER
from .accounts import Account
from .saving import OwnChanges

CLOSED_BY = "dispatch_invoices"
PAID_BY = "dispatch_invoices and invoice.send_payment()"
VOIDED_BY = "void_invoice()"

FROZEN_AT_CLOSING = frozenset({*FROZEN_COLUMNS, "account"})


def _flag_with_date(flag: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{flag: True, f"{flag}_at__isnull": False})
        | Q(**{flag: False, f"{flag}_at__isnull": True}),
        name=f"genbilling_invoice_{flag}_date",
    )


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Invoices by where they are in their life; closed ones are kept from change."""

    def open(self) -> Self:
        """Return the invoices that take items."""
        return self.filter(closed=False, void=False)

    def unsettled(self) -> Self:
        """Return the invoices that are neither paid nor void."""
        return self.filter(paid=False, void=False)

    def due(self, period: int) -> Self:
        """Return the unsettled invoices of `period` and earlier ones, in the order of periods."""
        return self.unsettled().filter(period__lte=period).order_by("period")

    def to_work(self, period: int) -> Self:
        """Return those that are `due`, and later ones, charged ahead, of which the answer was lost."""
        return self.unsettled().filter(Q(period__lte=period) | Q(pending_charge__isnull=False))

    def numbered(self) -> Self:
        """Return the invoices to show: those that were closed with items, and so have a number."""
        return self.filter(number__isnull=False)

    def update(self, **values: Any) -> int:
        """Update as usual; what closing froze is refused.

        Raises:
            InvoiceClosed: a closed invoice would change.
        """
        if FROZEN_AT_CLOSING.isdisjoint(values):
            return super().update(**values)
        with refused_by_triggers():
            return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete as usual; a closed invoice is refused with `InvoiceClosed`."""
        # Not left to the triggers: on SQLite they let rows be deleted.
        with books.atomic():
            refuse_closed(self)
            return super().delete()

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Invoice]:
        """Create as usual; an upsert that would change a closed invoice is refused with `InvoiceClosed`."""
        with refused_by_triggers():
            return super().bulk_create(*args, **kwargs)


class Invoice(OwnChanges):
    """What an account owes for a period: open, then closed, then paid, failed (and tried again), or void."""

    MOVED_BY: ClassVar = {
        **dict.fromkeys(("number", "printed_number", "total", "closed", "closed_at", "seal"), CLOSED_BY),
        **dict.fromkeys(("sent", "sent_at", "paid", "paid_at", "failed", "failed_at"), PAID_BY),
        **dict.fromkeys(("pending_charge_id", "paying_charge_id"), PAID_BY),
        **dict.fromkeys(("void", "void_at", "void_by", "void_memo"), VOIDED_BY),
    }
    GUARDED: ClassVar = FROZEN_AT_CLOSING

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("account")
    )
    period = models.PositiveIntegerField(
        _("period"), default=periods.get_next_billing_period, help_text=_("YYYYMM")
    )
    number = models.PositiveBigIntegerField(_("number"), null=True, blank=True, unique=True)
    printed_number = models.CharField(
        _("printed number"),
        max_length=MAX_PRINTED_NUMBER,
        blank=True,
        help_text=_("The number in the format that was set at closing."),
    )
    total = models.DecimalField(
        _("total"),
        max_digits=money.MAX_TOTAL_DIGITS,
        decimal_places=money.DECIMAL_PLACES,
        null=True,
        blank=True,
        help_text=_("Frozen at closing."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        blank=True,
        default="",
        db_default="",
        help_text=_("What it was closed in; empty: it was closed before that was kept."),
    )
    closed = models.BooleanField(_("closed"), default=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    sent = models.BooleanField(_("sent off for payment"), default=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    paid = models.BooleanField(_("paid"), default=False)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    failed = models.BooleanField(_("failed"), default=False)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    void = models.BooleanField(_("void"), default=False)
    void_at = models.DateTimeField(_("void at"), null=True, blank=True)
    void_by = models.CharField(_("voided by"), max_length=150, blank=True)
    void_memo = models.CharField(_("voided because"), max_length=255, blank=True)
    seal = models.JSONField(
        _("seal"), default=dict, blank=True, editable=False, help_text=_("Digests taken at closing.")
    )
    pending_charge = models.OneToOneField(
        "genbilling.Charge",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("pending charge"),
    )
    paying_charge = models.OneToOneField(
        "genbilling.Charge",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("paying charge"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = BooksManager.from_queryset(InvoiceQuerySet)()

    class Meta:
        # The guards hold for related managers, too.
        base_manager_name = "objects"
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(fields=["account", "period"], name="genbilling_one_invoice_a_period"),
            *(_flag_with_date(flag) for flag in ("closed", "sent", "paid", "failed", "void")),
            models.CheckConstraint(
                condition=Q(closed=True, total__isnull=False)
                | Q(closed=False, total__isnull=True, number__isnull=True),
                name="genbilling_invoice_total_at_closing",
            ),
            models.CheckConstraint(
                condition=Q(closed=True) | Q(sent=False, paid=False, failed=False),
                name="genbilling_invoice_closed_first",
            ),
            models.CheckConstraint(
                condition=Q(paid=False, failed=False)
                | Q(paid=False, void=False)
                | Q(failed=False, void=False),
                name="genbilling_invoice_one_end",
            ),
            models.CheckConstraint(
                condition=Q(void=False) | Q(pending_charge__isnull=True),
                name="genbilling_invoice_void_when_settled",
            ),
            models.CheckConstraint(
                condition=Q(paying_charge__isnull=True) | Q(paid=True),
                name="genbilling_invoice_paid_by_charge",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "period"],
                condition=Q(paid=False, void=False),
                name="genbilling_invoice_unsettled",
            )
        ]

    def __str__(self) -> str:
        number = f"invoice {self.printed_number}" if self.printed_number else "invoice"
        return f"{number} of {self.account} for {self.period}"

    def save(self, **kwargs: Any) -> None:
        """Write what the caller changed since the invoice was read.

        Raises:
            InvoiceClosed: what closing froze would change.
            MovedByVerb: what dispatching, paying and voiding move would change.
        """
        periods.first_day(self.period)
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete as usual; a closed invoice is refused with `InvoiceClosed`."""
        with books.atomic():
            refuse_closed(Invoice.objects.filter(pk=self.pk))
            return super().delete(*args, **kwargs)

    def get_total_amount(self) -> Decimal:
        """Return what the items come to; once closed, the frozen total."""
        if self.total is not None:
            return self.total
        # To cents again: SQLite sums in binary fractions.
        return money.to_cents(self.related_items.aggregate(total=Sum("amount"))["total"] or money.ZERO)

    def send_payment(self, force: bool = False) -> Any:
        """Charge the invoice now.

        It is not tried within an hour of a refusal on the same card, after a hard decline on it, or beyond
        the card network's limit of tries: a later dispatch does it. So a receiver of
        ``credit_card_error`` may call this and cannot loop.

        Args:
            force: try all the same; for operators.

        Returns:
            The `Charge`, whatever came of it; the one that paid, if the invoice is paid already; None when
            nothing was tried or no card is on file.

        Raises:
            InvoiceNotClosed, InvoiceVoid: an invoice in that state cannot be charged.
            SaleUnknown: Braintree has a sale for it that the books do not know: reconcile_payments first.
            OtherMerchant: the books belong to another merchant than the settings point at.
            BadSetting: the merchant account charges in another currency than ``GENBILLING["CURRENCY"]``.
            GatewayUnusable: nothing was sent; the invoice is as it was.
            TransactionOpen: called inside an atomic block, whose rollback could not take the money back.
        """
        # The one import inside a function: a documented method of a model whose verb lives in a service.
        from ..services import billing  # noqa: PLC0415

        return billing.send_payment(self, force=force)

    def refuse(self, changed: set[str], stored: Self) -> None:
        """Refuse what closing froze, and what verbs move: see `OwnChanges.refuse`."""
        frozen = sorted(changed & FROZEN_AT_CLOSING)
        if stored.closed and frozen:
            raise InvoiceClosed(f"The {stored} is closed: its {', '.join(frozen)} does not change.")
        super().refuse(changed, stored)


def refuse_closed(invoices: models.QuerySet[Invoice]) -> None:
    """Lock `invoices` and make sure that none is closed.

    Raises:
        InvoiceClosed: one is.
    """
    # A plain query on the keys: PostgreSQL locks no rows of a query with DISTINCT.
    keys = set(invoices.values_list("pk", flat=True))
    for invoice in Invoice.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"):
        if invoice.closed:
            raise InvoiceClosed(
                f"The {invoice} is closed: it and its items do not change. "
                "To correct it, add an item with a credit to the account's open invoice."
            )


@contextmanager
def refused_by_triggers() -> Iterator[None]:
    """Write, and tell what a trigger refused as an error of ours; the caller's transaction goes on.

    Raises:
        InvoiceClosed: a closed invoice or an item of one would change.
    """
    try:
        with books.atomic():
            yield
    except IntegrityError as error:
        if not str(error).startswith(SAID_BY_A_TRIGGER):
            raise
        raise InvoiceClosed(
            "One of the invoices is closed: it and its items do not change. "
            "To correct it, add an item with a credit to the account's open invoice."
        ) from error
