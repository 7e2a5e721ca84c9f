"""What happens in October, November and December 2025, day by day, and what the project calls then."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from genbilling import interface
from genbilling.exceptions import CardRefused
from genbilling.models import InvoiceItem

from . import paper
from .customers import (
    MASTERCARD,
    ON_THE_FIRST_DAY,
    ON_TRIAL,
    REFUSED_BY_ITS_BANK,
    VISA,
    WITHOUT_A_CARD,
    buy_steps,
    sign_up,
    use,
    user,
)

FIRST_DAY, LAST_DAY = date(2025, 10, 1), date(2026, 1, 1)

STORY = defaultdict(list)


def on(day):
    """Put a function into the story; its docstring is what the demo tells of it."""

    def add(happening):
        STORY[date.fromisoformat(day)].append(happening)
        return happening

    return add


@on("2025-10-01")
def the_first_customers_sign_up():
    """The project opens its doors. Ten customers sign up, and get a product each:"""
    for customer in ON_THE_FIRST_DAY:
        sign_up(customer)


@on("2025-10-05")
def two_customers_start_a_trial():
    """Two want to try first. On trial, having a product costs nothing:"""
    for customer in ON_TRIAL:
        sign_up(customer)


@on("2025-10-08")
def jack_buys_steps():
    """Jack's product includes nothing and has no flat rate; he buys three steps, 10.00 each."""
    buy_steps("jack", "ANS_SERV_STAFF", 3)


@on("2025-10-12")
def the_team_consumes():
    """Ben and Cleo consume on Anna's account. She is the one who pays."""
    use("ben", "MSG", 300)
    use("cleo", "MSG", 350)


@on("2025-10-15")
def kate_runs_dry():
    """Kate uses up her messages. The next one is refused: the project shows an upsell, and she buys."""
    use("kate", "MSG", 600)
    use("kate", "MSG", 400)
    if not use("kate", "MSG"):
        buy_steps("kate", "MSG")
        use("kate", "MSG")


@on("2025-10-20")
def emil_signs_up_without_a_card():
    """Emil comes in the middle of the month. First months are charged by days: 12 of 31, 12.00."""
    sign_up(WITHOUT_A_CARD)


@on("2025-10-28")
def liam_uses_nearly_all():
    """Liam goes below the 200 at which the product alerts."""
    use("liam", "MSG", 850)


@on("2025-11-05")
def olgas_trial_expires():
    """Olga's trial is over: what she has not bought she cannot use."""
    # What a project's nightly job does with trials that are too old; the interface has no verb for it.
    interface.expire_account(user("olga"))
    use("olga", "MSG")


@on("2025-11-05")
def nils_is_given_a_credit():
    """Nils had an outage; support credits 40.00, more than his next bill: the rest is carried over."""
    invoice = user("nils").genbilling_account.invoices.open().get()
    InvoiceItem(invoice=invoice, description="Credit for the outage", amount=Decimal("-40.00")).save()


@on("2025-11-08")
def jack_buys_fewer_steps():
    """Jack's steps were good for October; the first of the month took them away. He buys two."""
    use("jack", "ANS_SERV_STAFF")
    buy_steps("jack", "ANS_SERV_STAFF", 2)


@on("2025-11-10")
def ines_buys_steps():
    """Ines buys two steps, 15.98, which the next invoice asks for."""
    buy_steps("ines", "MSG", 2)


@on("2025-11-10")
def emil_tries_a_bad_card():
    """Emil enters a card. His bank does not accept it, and nothing is stored."""
    try:
        interface.save_card(user("emil"), REFUSED_BY_ITS_BANK)
    except CardRefused as error:
        paper.call(f"save_card(emil, ...) raises CardRefused: {error}")


@on("2025-11-16")
def hugo_buys():
    """Hugo's trial convinced him. November is charged by days from today: 15 of 30."""
    hugo = user("hugo")
    interface.save_card(hugo, VISA)
    account = interface.activate_account(hugo)
    paper.call(f"activate_account(hugo) -> {account.status}")


@on("2025-11-20")
def ines_cancels():
    """Ines cancels. Access ends now; the two steps stay owed, and are charged on the first."""
    account = interface.cancel_account(user("ines"))
    paper.call(f"cancel_account(ines) -> {account.status}")
    use("ines", "MSG")


@on("2025-11-21")
def mona_adds_a_product():
    """Mona adds storage in mid-month: 10 of 30 days of 31.00, 10.33."""
    product = interface.add_product_to_account("STORAGE", user("mona"))
    paper.call(f'add_product_to_account("STORAGE", mona) -> {product.remaining} left')


@on("2025-12-03")
def liam_again():
    """Usage was restored on the first: Liam has his 1000 messages again."""
    use("liam", "MSG", 900)


@on("2025-12-10")
def emil_brings_a_good_card():
    """Emil has a new card. The next dispatch charges what he owes, and his account goes on from that day."""
    card = interface.save_card(user("emil"), MASTERCARD)
    paper.call(f"save_card(emil, ...) -> {card}")
