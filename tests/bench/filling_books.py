"""The books of a project with so many accounts, as its sales would have left them; quickly."""

from datetime import timedelta

from django.contrib.auth import get_user_model

from genbilling.catalogue import find_declaration
from genbilling.models import Account, AccountUser, Card, Invoice, InvoiceItem, Product, Step
from genbilling.periods import first_day, get_current_billing_period, period_of
from tests.bench import rows

NAMES = ("MSG", "FAX")
STEP = 1000


def fill(accounts, products=1, steps=0, cards=False, raised=0):
    """Fill empty books: accounts of last month, due this month, with an open invoice of this month each.

    Args:
        products: of each account, 2 at most.
        steps: bought by each account, of the first product: 1 at most.
        cards: whether there are cards on file; their tokens are those of `vault.fill`.
        raised: units of each product's capacity that no step stands for, so that a reset takes them.
    """
    now = get_current_billing_period()
    before = period_of(first_day(now) - timedelta(days=1))
    rows.insert(
        get_user_model(),
        accounts,
        id="n",
        username="'user' || n",
        password="'!'",
        is_active="TRUE",
        is_staff="FALSE",
        is_superuser="FALSE",
        date_joined="CURRENT_TIMESTAMP",
    )
    rows.insert(
        Account,
        accounts,
        id="n",
        owner_id="n",
        opened_in=before,
        invoiced_through=now,
        customer_id="'customer' || n",
    )
    rows.insert(AccountUser, accounts, account_id="n", user_id="n")
    rows.insert(Invoice, accounts, id="n", account_id="n", period=now)
    for number, name in enumerate(NAMES[:products]):
        added = raised + (steps * STEP if number == 0 else 0)
        _sell(name, accounts, number * accounts, before, added)
    if steps:
        _buy_a_step(accounts)
    if cards:
        rows.insert(
            Card,
            accounts,
            account_id="n",
            token="'token' || n",
            state="'current'",
            card_type="'Visa'",
            last_4="'1111'",
            expiration="'12/2099'",
        )
    rows.finish(get_user_model(), Account, AccountUser, Invoice, InvoiceItem, Product, Step, Card)


def _sell(name, accounts, first, period, added):
    declared = find_declaration(name)
    rows.insert(
        Product,
        accounts,
        id=f"n + {first}",
        account_id="n",
        name=f"'{name}'",
        description=f"'{declared.description}'",
        flat_rate=declared.flat_rate,
        initial_step=declared.initial_step,
        step_cost=declared.step_cost,
        step=declared.step,
        periodic="TRUE",
        terms_from=period,
        used="100",
        capacity_without_steps=declared.initial_step,
        capacity=declared.initial_step + added,
        first_period=period,
        billed_through=period,
    )


def _buy_a_step(accounts):
    declared = find_declaration(NAMES[0])
    rows.insert(
        InvoiceItem,
        accounts,
        id="n",
        invoice_id="n",
        product_id="n",
        description="'1 step of 1000 units'",
        amount=declared.step_cost,
    )
    rows.insert(Step, accounts, product_id="n", invoice_id="n", item_id="n", amount="1", units=declared.step)
