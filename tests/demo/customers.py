"""Who they are, how they sign up, and what they do with what they bought."""

from dataclasses import dataclass

from braintree.test.nonces import Nonces
from django.contrib.auth import get_user_model
from django.db import transaction

from genbilling import interface

from . import paper

# In a browser these come from Braintree's Drop-in form; the sandbox has some that are always good.
VISA, MASTERCARD, AMEX = Nonces.TransactableVisa, Nonces.TransactableMasterCard, Nonces.TransactableAmEx
REFUSED_BY_ITS_BANK = Nonces.ProcessorDeclinedVisa


@dataclass(frozen=True)
class Customer:
    """An account as it begins: the owner's name, and what is remarkable about it."""

    name: str
    about: str
    products: tuple[str, ...]
    card: str | None = None
    children: tuple[str, ...] = ()
    trial: bool = False


ON_THE_FIRST_DAY = [
    Customer("anna", "pays for a team: ben and cleo consume", ("MSG",), VISA, children=("ben", "cleo")),
    Customer("dora", "pays by card, every month", ("STORAGE",), MASTERCARD),
    Customer("fred", "has a card without funds: a soft decline", ("CAMPAIGNS",), VISA),
    Customer("gina", "has an expired card: a hard decline", ("ARCHIVE",), VISA),
    Customer("ines", "cancels while steps are unpaid", ("MSG",), VISA),
    Customer("jack", "has nothing but the steps he buys", ("ANS_SERV_STAFF",), AMEX),
    Customer("kate", "runs dry, and buys a step", ("MSG",), VISA),
    Customer("liam", "uses nearly all, and is warned", ("MSG",), MASTERCARD),
    Customer("mona", "adds a product in mid-month", ("MSG",), VISA),
    Customer("nils", "is given a credit", ("STORAGE",), AMEX),
]
ON_TRIAL = [
    Customer("hugo", "tries first, then buys", ("STORAGE", "MSG"), trial=True),
    Customer("olga", "tries, and lets it expire", ("MSG",), trial=True),
]
WITHOUT_A_CARD = Customer("emil", "has no card until December", ("STORAGE",))

CUSTOMERS = [*ON_THE_FIRST_DAY, *ON_TRIAL, WITHOUT_A_CARD]


def user(name):
    return get_user_model().objects.get(username=name)


def sign_up(customer):
    """Make the users, the account, what it has: all that a project's sign-up view has to call."""
    owner = _new_user(customer.name)
    interface.new_account(owner, trial=customer.trial)
    for child in customer.children:
        interface.add_user_account(_new_user(child), owner)
    if customer.card:
        interface.save_card(owner, customer.card)
    for product in customer.products:
        interface.add_product_to_account(product, owner)
    paper.call(f"{customer.name:<6}{', '.join(customer.products):<16}{customer.about}")


def use(name, product, amount=1):
    """Consume, as a view of the project does where a message is sent; return what is left, or False."""
    with transaction.atomic():
        left = interface.use_product(product, user(name), amount)
        # At 0 left the answer is still true: only a refusal is false.
        answer = f"{left} left" if left else "False: refused"
        paper.call(f'use_product("{product}", {name}, {amount}) -> {answer}')
    return left


def buy_steps(name, product, amount=1):
    left = interface.add_step_to_product(product, user(name), amount)
    paper.call(f'add_step_to_product("{product}", {name}, {amount}) -> {left} left')


def _new_user(name):
    return get_user_model().objects.create_user(name, f"{name}@example.com")
