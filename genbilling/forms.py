"""The forms of the admin's corrections: they check what was typed, and move nothing."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from . import money
from .services.operators import MAX_MEMO


def _amount() -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Amount"),
        min_value=money.CENT,
        max_digits=money.MAX_DIGITS,
        decimal_places=money.DECIMAL_PLACES,
    )


class MemoForm(forms.Form):
    """Why something is corrected."""

    required_css_class = "required"

    memo = forms.CharField(
        label=_("Memo"), max_length=MAX_MEMO, widget=forms.TextInput(attrs={"class": "vTextField"})
    )


class RefundForm(MemoForm):
    """How much goes back, and why; and what had gone back when that was decided."""

    amount = _amount()
    refunded = forms.DecimalField(widget=forms.HiddenInput)

    field_order = ("amount", "memo")


class ItemForm(MemoForm):
    """A credit or a debit; and the account's latest one when it was decided on."""

    amount = _amount()
    after = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    field_order = ("amount", "memo")
