"""The admin: to look at the books. What changes them goes through `genbilling.interface`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Account, AccountUser, Card, Charge, FormerTerms, Invoice, InvoiceItem, Product, Step


class ReadOnly:
    """Mixed into what must not be edited row by row: a form's save would undo what a verb just wrote."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AccountUserInline(ReadOnly, admin.TabularInline):
    model = AccountUser
    extra = 0


class ProductInline(ReadOnly, admin.TabularInline):
    model = Product
    fields = ["name", "flat_rate", "used", "capacity", "last_period"]
    show_change_link = True
    extra = 0


class InvoiceItemInline(ReadOnly, admin.TabularInline):
    model = InvoiceItem
    fields = ["description", "product", "amount"]
    extra = 0


class ChargeInline(ReadOnly, admin.TabularInline):
    model = Charge
    fk_name = "invoice"
    fields = readonly_fields = (
        "created_at",
        "state",
        "amount",
        "response_code",
        "response_text",
        "message",
    )
    show_change_link = True
    extra = 0


class StepInline(ReadOnly, admin.TabularInline):
    model = Step
    fields = readonly_fields = ("bought_at", "amount", "units", "live", "invoice")
    extra = 0


class FormerTermsInline(ReadOnly, admin.TabularInline):
    model = FormerTerms
    extra = 0


@admin.register(Account)
class AccountAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["id", "owner", "status", "created_at"]
    list_filter = ["status"]
    list_select_related = ["owner"]
    inlines = [AccountUserInline, ProductInline]


@admin.register(Card)
class CardAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["id", "account", "card_type", "last_4", "expiration", "state"]
    list_filter = ["state"]
    list_select_related = ["account__owner"]


@admin.register(Product)
class ProductAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["id", "account", "name", "flat_rate", "used", "capacity", "last_period"]
    list_filter = ["name"]
    list_select_related = ["account__owner"]
    inlines = [StepInline, FormerTermsInline]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = [
        "id",
        "number",
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
    inlines = [InvoiceItemInline, ChargeInline]


@admin.register(Charge)
class ChargeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["id", "invoice", "amount", "state", "status", "response_code", "created_at"]
    list_filter = ["state"]
    search_fields = ["transaction_id", "key"]
    list_select_related = ["invoice__account__owner"]
