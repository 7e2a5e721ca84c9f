"""What accounts owe on their due invoices: rows loaded in a handful of queries, lines by `pricing`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import F, Q, QuerySet

from ... import catalogue, conf, pricing
from ...exceptions import HandlerError
from ...language import invoice_language
from ...models import Account, FormerTerms, HandledPeriod, Invoice, InvoiceItem, Product
from ...models.products import Terms
from ...money import ZERO
from ...periods import from_to, next_period
from ..returned import take_item
from ..rows import among


@dataclass(kw_only=True)
class Draft:
    """An invoice that is being closed: what lies on it, and what is owed beside that."""

    account: Account
    invoice: Invoice
    owed: list[tuple[Product, int]] = field(default_factory=list)
    """The flat rates to fill in: a product, and the period that one is for."""
    added: list[InvoiceItem] = field(default_factory=list)
    """Items that are not saved yet."""
    waits: bool = False
    """It stays open: there is nothing on it but a credit, and nothing more to come."""


def owing(period: int) -> QuerySet[Product]:
    """Return the products of which a flat rate up to `period` is not billed yet."""
    not_ended = Q(last_period__isnull=True) | Q(last_period__gt=F("billed_through"))
    return Product.objects.filter(not_ended, first_period__lte=period, billed_through__lt=period)


def products_with_handler() -> list[str]:
    """Return the names of the products that are billed by the project's own code."""
    return [name for name, declared in catalogue.declarations().items() if declared.bill is not None]


def find_owed(drafts: Iterable[Draft], products: Iterable[Product]) -> dict[tuple[int, int], list[Product]]:
    """Put on each draft what its account owes up to its period; drafts come in the order of periods.

    Returns:
        The products that move, by the first and the last period that are billed now.
    """
    of_account: defaultdict[int, list[Product]] = defaultdict(list)
    for product in products:
        of_account[product.account_id].append(product)
    billed: dict[int, tuple[Product, int, int]] = {}
    for draft in drafts:
        for product in of_account[draft.account.pk]:
            if owed := list(_periods_owed(product, draft.invoice.period)):
                draft.owed += [(product, period) for period in owed]
                product.billed_through = owed[-1]
                first = billed[product.pk][1] if product.pk in billed else owed[0]
                billed[product.pk] = product, first, owed[-1]
    moved: defaultdict[tuple[int, int], list[Product]] = defaultdict(list)
    for product, first, last in billed.values():
        moved[first, last].append(product)
    return moved


def _periods_owed(product: Product, period: int) -> Iterator[int]:
    assert product.first_period is not None
    assert product.billed_through is not None
    if product.billed_through >= period:
        return iter(())
    first = max(product.first_period, next_period(product.billed_through))
    return from_to(first, min(period, product.last_period or period))


class Filling:
    """Fills drafts with items, for one page of accounts."""

    def __init__(self, drafts: Iterable[Draft]) -> None:
        self._drafts = list(drafts)
        self._former = self._former_terms()
        self._lines: dict[tuple[str, object, int], pricing.Line] = {}
        self._declared = catalogue.declarations()
        self._currency = conf.currency()

    def fill(self) -> None:
        """Put the items that are owed on each draft; those by a handler are saved on their way."""
        with invoice_language():
            for draft in self._drafts:
                self._fill(draft)

    def _fill(self, draft: Draft) -> None:
        for product, period in draft.owed:
            declared = self._declared.get(product.name)
            if declared is None or declared.bill is None:
                self._add_flat_rate(draft, product, period)
            else:
                _have_billed(draft, declared, product, period)

    def _add_flat_rate(self, draft: Draft, product: Product, period: int) -> None:
        line = self._line(self._terms(product, period), period)
        if line.amount != ZERO:
            draft.added.append(
                InvoiceItem(
                    invoice_id=draft.invoice.pk,
                    product_id=product.pk,
                    description=line.description,
                    amount=line.amount,
                    period=period,
                )
            )

    def _line(self, terms: Terms | Product | FormerTerms, period: int) -> pricing.Line:
        # Most accounts of a page have the same few products.
        key = (terms.description, terms.flat_rate, period)
        if key not in self._lines:
            self._lines[key] = pricing.flat_rate(*key, currency=self._currency)
        return self._lines[key]

    def _terms(self, product: Product, period: int) -> Product | FormerTerms:
        if period >= product.terms_from:
            return product
        former = (one for one in self._former[product.pk] if one.through_period >= period)
        return next(former, product)

    def _former_terms(self) -> dict[int, list[FormerTerms]]:
        earlier = {
            product.pk
            for draft in self._drafts
            for product, period in draft.owed
            if period < product.terms_from
        }
        found: defaultdict[int, list[FormerTerms]] = defaultdict(list)
        if earlier:
            for one in FormerTerms.objects.filter(among("product__pk", earlier)).order_by("through_period"):
                found[one.product_id].append(one)
        return found


def _have_billed(draft: Draft, declared: catalogue.Declaration, product: Product, period: int) -> None:
    # The items come in the order in which they are owed, and the handler finds what was owed before.
    save_added([draft])
    assert declared.bill is not None
    draft.account.period_at_work = period
    try:
        returned = declared.bill(draft.account, draft.invoice)
    except SystemExit as error:
        # An account's own trouble, as any error is: it would end every run at this account.
        raise HandlerError(
            f"The 'bill' handler of product {declared.name!r} called for the end of the process: "
            "it must return the new InvoiceItem, or None."
        ) from error
    finally:
        draft.account.period_at_work = None
    item = take_item(returned, draft.invoice, declared.name, "bill")
    HandledPeriod.objects.create(product_id=product.pk, period=period, item=item)


def save_added(drafts: Iterable[Draft], others: Iterable[InvoiceItem] = ()) -> None:
    """Save the items that were added to `drafts`, and `others`."""
    drafts = list(drafts)
    InvoiceItem.objects.bulk_create([*(item for draft in drafts for item in draft.added), *others])
    for draft in drafts:
        draft.added = []
