"""What an account buys: products, their terms, steps."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import F

from .. import books, catalogue, conf, periods, pricing
from ..exceptions import BadAmount, NotInGoodStanding, ProductNotHeld
from ..language import invoice_language
from ..models import Account, FormerTerms, Invoice, InvoiceItem, Product, Remaining, Step
from ..models.products import MAX_CAPACITY, Terms, check_amount
from .invoicing import add_flat_rate, open_invoice
from .locks import lock_account_of
from .returned import take_item


@books.atomic()
def add_product(name: str, user: Any) -> Product:
    """Give the account of `user` the declared product `name`; see `genbilling.interface`."""
    declared = catalogue.declaration(name)
    account = lock_account_of(user)
    if not account.access_granted():
        raise NotInGoodStanding(f"The {account} is {account.status}: activate_account() comes first.")
    period = periods.get_current_billing_period()
    product = account.products.named(name, period)
    return start(account, product) if product else _sell(account, name, _terms(declared))


@books.atomic()
def remove_product(name: str, user: Any) -> Product:
    """End the product with the current period; see `genbilling.interface`."""
    catalogue.find_declaration(name)
    account = lock_account_of(user)
    product = find_product(account, name)
    # A dispatch ahead has billed the next period, too: what is paid for is had.
    ends = max(periods.get_current_billing_period(), product.billed_through or 0)
    product.move(last_period=product.last_period or ends, removed=True)
    return product


@books.atomic()
def update_terms(name: str, user: Any) -> Product:
    """Move the product to today's declaration from the next period on; see `genbilling.interface`."""
    declared = catalogue.declaration(name)
    account = lock_account_of(user)
    product = find_product(account, name)
    terms = _terms(declared)
    if terms == product.terms:
        return product
    # A dispatch ahead may have billed the next period on the terms as they are.
    period = max(periods.get_current_billing_period(), product.billed_through or 0)
    terms_from = product.terms_from
    if terms_from <= period:
        FormerTerms.objects.create(product=product, through_period=period, **asdict(product.terms))
        terms_from = periods.next_period(period)
    product.move(terms_from=terms_from, **asdict(terms))
    return product


@books.atomic()
def add_step(name: str, user: Any, amount: int) -> Remaining | bool:
    """Buy `amount` steps of the product; see `genbilling.interface`."""
    check_amount(amount)
    declared = catalogue.find_declaration(name)
    account = lock_account_of(user)
    product = account.products.named(name, periods.get_current_billing_period())
    if product is None:
        if declared is None:
            raise catalogue.unknown(name)
        return False
    if not account.access_granted():
        return False
    return _buy_steps(account, product, amount)


def start(account: Account, product: Product) -> Product:
    """Have `product` from now on: revive it, or sell it anew when it ended in an earlier period.

    A billable account is charged for the current period, unless it has been already. The account is locked.
    """
    period = periods.get_current_billing_period()
    if product.last_period is not None and product.last_period < period:
        declared = catalogue.find_declaration(product.name)
        return _sell(account, product.name, _terms(declared) if declared else product.terms)
    product.move(last_period=None, removed=False)
    if product.first_period is None and account.billable():
        _charge_first_period(account, product)
    return product


def find_product(account: Account, name: str) -> Product:
    """Return the product called `name` that `account` holds, on its latest terms.

    Raises:
        UnknownProduct: no such product is declared or held.
        ProductNotHeld: it is declared, but the account does not hold it.
    """
    product = account.products.named(name, periods.get_current_billing_period())
    if product is not None:
        return product
    if catalogue.find_declaration(name) is None:
        raise catalogue.unknown(name)
    raise ProductNotHeld(f"The {account} has no product {name!r}: add_product_to_account() adds it.")


def _terms(declared: catalogue.Declaration) -> Terms:
    return Terms(**{name: getattr(declared, name) for name in Terms.__dataclass_fields__})


def _sell(account: Account, name: str, terms: Terms) -> Product:
    product = Product.objects.create(account=account, name=name, **asdict(terms))
    if account.billable():
        _charge_first_period(account, product)
    return product


def _charge_first_period(account: Account, product: Product) -> None:
    today = periods.today()
    period = periods.period_of(today)
    terms = product.terms_in(period)
    with invoice_language():
        line = pricing.first_flat_rate(
            terms.description,
            terms.flat_rate,
            today,
            prorated=conf.prorate_first_period(),
            currency=conf.currency(),
        )
    item = add_flat_rate(open_invoice(account, period), product, line, period)
    following = periods.next_period(period)
    product.move(
        billed_through=period, first_period=following, proven_from=following if item is None else period
    )


def _buy_steps(account: Account, product: Product, amount: int) -> Remaining:
    period = periods.get_current_billing_period()
    terms = product.terms_in(period)
    invoice = open_invoice(account, period)
    units = amount * terms.step
    if product.capacity + units > MAX_CAPACITY:
        raise BadAmount(f"{amount} steps of {terms.step} units are more than {product} can hold.")
    # Before the handler, so that it finds the capacity that was bought.
    Product.objects.filter(pk=product.pk).update(capacity=F("capacity") + units)
    with invoice_language():
        item = _bill_steps(account, invoice, product, terms, amount)
    Step.objects.create(product=product, invoice=invoice, item=item, amount=amount, units=units)
    product.refresh_from_db(fields=["used", "capacity"])
    return product.remaining


def _bill_steps(
    account: Account, invoice: Invoice, product: Product, terms: Terms, amount: int
) -> InvoiceItem | None:
    declared = catalogue.find_declaration(product.name)
    if declared is not None and declared.bill_steps is not None:
        return take_item(declared.bill_steps(account, invoice, amount), invoice, product.name, "bill_steps")
    line = pricing.steps(terms.description, terms.step_cost, terms.step, amount, currency=conf.currency())
    return InvoiceItem.objects.create(
        invoice=invoice, product=product, description=line.description, amount=line.amount
    )
