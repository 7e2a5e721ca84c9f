"""Sales at the gateway that the books do not know: found before anybody is charged again, and acknowledged.

Books that are older than the gateway's (a restored backup, a lost commit) have lost sales, and would make
them once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from .. import books
from ..exceptions import BadInput, Outdated
from ..gateway import Booked, PaymentService
from ..models import Account, Charge, Installation, UnknownSale, order_ids
from ..models.order_ids import OrderId
from .locks import lock_rows
from .operators import MAX_MEMO, MAX_OPERATOR, text
from .rows import among

# Before the mark: a search may lag, clocks differ, and a commit that got lost may be older than the mark.
BEFORE_THE_MARK = timedelta(hours=1)
# Before Braintree was.
EVER = datetime(2007, 1, 1, tzinfo=UTC)
# Ids that are compared, and transactions that are loaded, at once.
AT_ONCE = 500


def find(service: PaymentService, installation: Installation) -> Iterator[Booked]:
    """Yield the sales of this installation since its last check that the books do not know.

    The first check of an installation looks at all sales of genbilling's to customers in these books: what
    charged them before it had its name was they.

    Raises:
        GatewayUnusable, GatewayUncertain: the gateway did not answer.
    """
    mark = installation.checked_at
    since = EVER if mark is None else mark - BEFORE_THE_MARK
    begin_with = order_ids.PREFIX if mark is None else order_ids.of_installation(installation.name)
    for listed in service.sale_ids(begin_with, since):
        for first in range(0, len(listed), AT_ONCE):
            if unknown := _not_in_books(listed[first : first + AT_ONCE]):
                yield from _unknown_among(service.booked(unknown), installation)


def of_invoice(
    service: PaymentService, installation: Installation, account: Account, period: int
) -> list[Booked]:
    """Return the sales for an invoice that the books do not know; before the first check, for its account.

    Raises as `find`.
    """
    begin_with = order_ids.of_invoice(installation.name, account.customer_id, period)
    if installation.checked_at is None:
        begin_with = order_ids.PREFIX
    found = service.sales_begun_with(begin_with, account.customer_id)
    unknown = _not_in_books([one.outcome.transaction_id for one in found])
    return _unknown_among([one for one in found if one.outcome.transaction_id in unknown], installation)


def completed(began: datetime) -> None:
    """Note that a check which began at `began` has looked at everything."""
    earlier = Q(checked_at__isnull=True) | Q(checked_at__lt=began)
    Installation.objects.filter(earlier).update(checked_at=began)


def unacknowledged() -> QuerySet[UnknownSale]:
    """Return the sales that somebody has still to acknowledge."""
    return UnknownSale.objects.filter(acknowledged_at__isnull=True).order_by("pk")


def waiting(accounts: Iterable[int]) -> set[int]:
    """Return those of the accounts with these keys that are not charged until a sale is acknowledged."""
    held = unacknowledged().filter(among("account__pk", accounts)).order_by()
    return set(held.values_list("account_id", flat=True))


def acknowledge(transaction_id: str, operator: str, memo: str) -> UnknownSale:
    """Note that somebody has dealt with an unknown sale; see `genbilling.interface`."""
    operator, memo = text(operator, "operator", MAX_OPERATOR), text(memo, "memo", MAX_MEMO)
    with books.atomic():
        wanted = UnknownSale.objects.filter(transaction_id=transaction_id)
        sale = next(iter(lock_rows(wanted, skip_locked=False)), None)
        if sale is None:
            raise BadInput(
                f"No unknown sale {transaction_id!r} is noted: reconcile_payments notes what fits nothing."
            )
        if sale.acknowledged_at:
            raise Outdated(f"The {sale} was acknowledged by {sale.operator or 'a run'} before: {sale.memo}")
        sale.acknowledged_at, sale.operator, sale.memo = timezone.now(), operator, memo
        sale.save(update_fields=["acknowledged_at", "operator", "memo"])
    return sale


def ours(sales: Iterable[Booked], installation: Installation) -> list[tuple[Booked, OrderId]]:
    """Return the sales that are of these books, each with what its order id says."""
    read = [(one, said) for one in sales if (said := order_ids.read(one.outcome.order_id))]
    customers = {_customer(one, said) for one, said in read if said.installation != installation.name}
    here = Account.objects.filter(customer_id__in=customers) if customers else Account.objects.none()
    in_books = set(here.values_list("customer_id", flat=True))
    # Another installation's are not, unless they may be from before this one had its name.
    of_any = installation.checked_at is None
    return [
        (one, said)
        for one, said in read
        if said.installation == installation.name
        or (_customer(one, said) in in_books and (of_any or not said.installation))
    ]


def account_of(booked: Booked) -> Account | None:
    """Return the account that the order id of a sale names, or whose customer was charged, or None."""
    said = order_ids.read(booked.outcome.order_id)
    customer = _customer(booked, said) if said else booked.customer_id
    return Account.objects.filter(customer_id=customer).select_related("owner").first()


def _customer(booked: Booked, said: OrderId) -> str:
    return said.customer_id or booked.customer_id


def _not_in_books(ids: list[str]) -> list[str]:
    known = {
        *Charge.objects.filter(transaction_id__in=ids).values_list("transaction_id", flat=True),
        *UnknownSale.objects.filter(transaction_id__in=ids).values_list("transaction_id", flat=True),
    }
    return [one for one in ids if one not in known]


def _unknown_among(sales: list[Booked], installation: Installation) -> list[Booked]:
    """Return those that are ours and of no charge; asked after the answer, so another run's claim is seen."""
    found = ours(sales, installation)
    keys = Charge.objects.filter(key__in=[said.key for _, said in found])
    known = set(keys.values_list("key", flat=True)) if found else set()
    return [one for one, said in found if said.key not in known]
