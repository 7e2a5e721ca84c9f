"""The forms of the admin's corrections: they check what was typed, and move nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from . import conf, money
from .services.operators import MAX_MEMO


class MemoForm(forms.Form):
    """Why something is corrected."""

    required_css_class = "required"

    memo = forms.CharField(
        label=_("Memo"), max_length=MAX_MEMO, widget=forms.TextInput(attrs={"class": "vTextField"})
    )


class AmountForm(MemoForm):
    """How much, with the decimals of the currency, and why."""

    amount = forms.DecimalField(label=_("Amount"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Here and not above: settings are read when they are used.
        places = money.places(conf.currency())
        self.fields["amount"] = forms.DecimalField(
            label=_("Amount"),
            min_value=Decimal(1).scaleb(-places),
            max_digits=money.MAX_DIGITS,
            decimal_places=places,
        )


class RefundForm(AmountForm):
    """How much goes back, and why; and what had gone back when that was decided."""

    refunded = forms.DecimalField(widget=forms.HiddenInput)

    field_order = ("amount", "memo")


class ItemForm(AmountForm):
    """A credit or a debit; and the account's latest one when it was decided on."""

    after = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    field_order = ("amount", "memo")
