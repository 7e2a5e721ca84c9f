"""An account's status, and what its products say of it: the verbs move both together.

Grace that is not noted as unpaid is no finding: a project may give it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...models import Account, Product

Status = Account.Status

UNPAID = (Status.GRACE, Status.EXPIRED)


def standing(account: Account, products: Iterable[Product]) -> Iterator[str]:
    """Yield what does not go together; `products` are those of the account, the earlier ones first."""
    if account.unpaid_since is not None and account.status not in UNPAID:
        yield f"it is noted as in grace or expired unpaid, and is {account.status}"
    # A product that was sold anew has earlier rows, which ended for good.
    latest = {product.name: product for product in products}
    for product in latest.values():
        yield from _product(account, product)


def _product(account: Account, product: Product) -> Iterator[str]:
    name = f"its product {product.name} (id {product.pk})"
    if not account.access_granted():
        if product.last_period is None:
            yield f"it is {account.status}, and {name} has no end"
        return
    if product.last_period is not None and not product.removed:
        yield f"it is {account.status}, and {name} ended in {product.last_period}, though nobody removed it"
    if account.status == Status.TRIAL and product.first_period is not None:
        yield f"it is on trial, and {name} is charged for"
    if account.billable() and product.last_period is None and product.first_period is None:
        yield f"it is {account.status}, and {name} is not charged for"
