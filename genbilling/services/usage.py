"""Consuming units, and giving them back."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, Value, When

from .. import books, catalogue, periods
from ..exceptions import HandlerError
from ..models import AccountUser, Product, Remaining
from ..models.products import check_amount, remaining, spend_by_user
from .locks import no_account, user_key


def use_product(name: str, user: Any, amount: int) -> Remaining | bool:
    """Consume `amount` units; see `genbilling.interface`."""
    check_amount(amount)
    declared = catalogue.find_declaration(name)
    if declared is not None and declared.use is not None:
        return _use_by_handler(declared, user, amount)
    left = spend_by_user(user_key(user), name, amount, periods.get_current_billing_period())
    if left is False:
        # Refused: only now is it worth a query to tell a refusal from a mistake.
        _product_in_use(name, user)
    return left


@books.atomic()
def restore_product(name: str, user: Any, amount: int) -> Remaining | bool:
    """Give `amount` units back; see `genbilling.interface`."""
    check_amount(amount)
    product = _product_in_use(name, user)
    if product is None:
        return False
    given_back = Case(When(used__gt=amount, then=F("used") - amount), default=Value(0))
    Product.objects.filter(pk=product.pk).update(used=given_back)
    product.refresh_from_db(fields=["used", "capacity"])
    return product.remaining


@books.atomic()
def _use_by_handler(declared: catalogue.Declaration, user: Any, amount: int) -> Remaining | bool:
    product = _product_in_use(declared.name, user)
    if product is None:
        return False
    assert declared.use is not None
    left = declared.use(product.account, amount)
    if left is False:
        return False
    if isinstance(left, bool) or not isinstance(left, int):
        raise HandlerError(
            f"The 'use' handler of product {declared.name!r} returned {left!r}: "
            "it must return the remaining capacity, or False."
        )
    return remaining(left)


def _product_in_use(name: str, user: Any) -> Product | None:
    """Return the product that `user` may use, or None: not held, or the account is not in good standing.

    Raises:
        NoAccount: the user belongs to no account.
        UnknownProduct: the name is neither declared nor held.
    """
    declared = catalogue.find_declaration(name)
    place = AccountUser.objects.select_related("account").filter(user=user_key(user)).first()
    if place is None:
        raise no_account(user)
    account = place.account
    product = account.products.named(name, periods.get_current_billing_period())
    if product is None and declared is None:
        raise catalogue.unknown(name)
    if product is None or not account.access_granted():
        return None
    product.account = account
    return product
