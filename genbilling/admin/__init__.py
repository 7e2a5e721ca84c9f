"""The admin: to look at the books. What changes them goes through `genbilling.interface`.

The corrections that an operator makes from here are in `corrections` and `pages`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import (
    Account,
    AccountUser,
    Card,
    Charge,
    FormerTerms,
    HandledPeriod,
    Invoice,
    InvoiceItem,
    Product,
    Refund,
    Run,
    Step,
    UnknownSale,
)
from .acknowledging import AcknowledgeSale
from .corrections import AddCredit, AddDebit, EndCharge, RefundCharge, VoidInvoice
from .finding import OfAnOwner
from .pages import Correctable, pages_of


class ReadOnly:
    """Mixed into what must not be edited row by row: a form's save would undo what a verb just wrote."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Rows(ReadOnly, admin.TabularInline):
    """Rows below the one that they belong to, read in one query with what their names are made of."""

    extra = 0
    related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.related)


class AccountUserInline(Rows):
    model = AccountUser
    related = ("user", "account__owner")


class ProductInline(Rows):
    model = Product
    related = ("account__owner",)
    fields = ["name", "flat_rate", "used", "capacity", "last_period"]
    show_change_link = True


class InvoiceItemInline(Rows):
    model = InvoiceItem
    fields = readonly_fields = ("description", "product", "amount", "operator", "created_at")
    related = ("product__account__owner",)


class ChargeInline(Rows):
    model = Charge
    fk_name = "invoice"
    related = ("invoice__account__owner",)
    fields = readonly_fields = (
        "created_at",
        "state",
        "amount",
        "response_code",
        "response_text",
        "message",
    )
    show_change_link = True


class RefundInline(Rows):
    model = Refund
    fields = readonly_fields = ("created_at", "amount", "kind", "state", "operator", "memo", "message")
    related = ("charge__invoice__account__owner",)
    show_change_link = True


class StepInline(Rows):
    model = Step
    fields = readonly_fields = ("bought_at", "amount", "units", "live", "invoice")
    related = ("product__account__owner", "invoice__account__owner")


class HandledPeriodInline(Rows):
    model = HandledPeriod
    related = ("product__account__owner", "item__invoice__account__owner")


class FormerTermsInline(Rows):
    model = FormerTerms
    related = ("product__account__owner",)


@admin.register(Account)
class AccountAdmin(ReadOnly, OfAnOwner, Correctable):
    path_to_owner = "owner"
    list_display = ["id", "owner", "status", "created_at"]
    list_filter = ["status"]
    list_select_related = ["owner"]
    inlines = [AccountUserInline, ProductInline]
    corrections = [AddCredit(), AddDebit()]


@admin.register(Card)
class CardAdmin(ReadOnly, OfAnOwner, admin.ModelAdmin):
    path_to_owner = "account__owner"
    list_display = ["id", "account", "card_type", "last_4", "expiration", "state"]
    list_filter = ["state"]
    list_select_related = ["account__owner"]


@admin.register(Product)
class ProductAdmin(ReadOnly, OfAnOwner, admin.ModelAdmin):
    path_to_owner = "account__owner"
    list_display = ["id", "account", "name", "flat_rate", "used", "capacity", "last_period"]
    list_filter = ["name"]
    list_select_related = ["account__owner"]
    inlines = [StepInline, FormerTermsInline, HandledPeriodInline]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly, OfAnOwner, Correctable):
    path_to_owner = "account__owner"
    list_display = [
        "id",
        "printed",
        "account",
        "period",
        "total",
        "closed",
        "paid",
        "failed",
        "void",
    ]
    list_filter = ["closed", "paid", "failed", "void", "period"]
    list_select_related = ["account__owner"]
    search_fields = ["printed_number"]
    inlines = [InvoiceItemInline, ChargeInline]
    corrections = [VoidInvoice()]

    @admin.display(description=_("number"), ordering="number", empty_value="-")
    def printed(self, invoice: Invoice) -> str | None:
        return invoice.printed_number or None

    def object_tools(self, request: HttpRequest, row: Invoice) -> list[tuple[str, Any]]:
        tools = super().object_tools(request, row)
        # An invoice is paid back by refunding what paid it, and is free again when what is pending is ended.
        charge = row.paying_charge or row.pending_charge
        charges = pages_of(self.admin_site, charge)
        return [*tools, *charges.object_tools(request, charge)] if charges else tools


@admin.register(Charge)
class ChargeAdmin(ReadOnly, OfAnOwner, Correctable):
    path_to_owner = "invoice__account__owner"
    list_display = ["id", "invoice", "amount", "state", "status", "response_code", "created_at"]
    list_filter = ["state"]
    search_fields = ["transaction_id", "key", "sent_order_id"]
    list_select_related = ["invoice__account__owner"]
    readonly_fields = ["went_back"]
    inlines = [RefundInline]
    corrections = [RefundCharge(), EndCharge()]

    @admin.display(description=_("went back"))
    def went_back(self, charge: Charge) -> Decimal:
        return charge.refunded()


@admin.register(Refund)
class RefundAdmin(ReadOnly, OfAnOwner, admin.ModelAdmin):
    path_to_owner = "charge__invoice__account__owner"
    list_display = ["id", "charge", "amount", "kind", "state", "operator", "created_at"]
    list_filter = ["state", "kind"]
    search_fields = ["transaction_id", "key", "operator", "memo"]
    list_select_related = ["charge__invoice__account__owner"]


@admin.register(Run)
class RunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["id", "command", "period", "begun_at", "ended_at"]
    list_filter = ["command", "period"]


@admin.register(UnknownSale)
class UnknownSaleAdmin(ReadOnly, Correctable):
    list_display = ["id", "transaction_id", "account", "amount", "status", "sold_at", "acknowledged_at"]
    list_filter = [("acknowledged_at", admin.EmptyFieldListFilter)]
    search_fields = ["transaction_id", "order_id", "operator", "memo"]
    list_select_related = ["account__owner"]
    corrections = [AcknowledgeSale()]
