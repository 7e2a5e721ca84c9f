"""The card on file: claimed in our books before the vault is asked, so that no answer lost loses a card."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from .. import books
from ..exceptions import GatewayBusy, GatewayError, GatewayUncertain, GatewayUnusable, NoCard
from ..gateway import PaymentService
from ..models import Account, Card, Charge
from . import customers
from .card_notes import block_when_stored
from .installations import bind, payment_service
from .locks import lock_account, lock_account_owned_by

logger = logging.getLogger(__name__)

# A card that is still being added after this long belongs to a caller that died; Charge.IN_FLIGHT says why.
ABANDONED_AFTER = timedelta(minutes=5)
# In a row: a gateway that hangs takes its time-out for each.
MOST_IN_VAIN = 3


@sensitive_variables("nonce", "device_data")
def save_card(user: Any, nonce: str, device_data: str | None = None) -> Card:
    """Put the card behind `nonce` on file; see `genbilling.interface`."""
    books.refuse_open_transaction("save_card()")
    service = payment_service()
    with books.atomic(durable=True):
        account = lock_account_owned_by(user)
        customer = customers.told_of(account.owner)
        card = Card.objects.create(account=account)
    try:
        vaulted = service.store_card(
            account.customer_id, card.token, nonce, customer=customer, device_data=device_data
        )
    except Exception:
        Card.objects.filter(pk=card.pk).update(state=Card.State.LEAVING)
        raise
    bind()
    with books.atomic(durable=True):
        lock_account(account.pk)
        account.cards.filter(state=Card.State.CURRENT).update(state=Card.State.LEAVING)
        kept = Card.objects.filter(pk=card.pk, state=Card.State.ADDING).update(
            state=Card.State.CURRENT,
            card_type=vaulted.card_type,
            last_4=vaulted.last_4,
            expiration=vaulted.expiration,
            **block_when_stored(account, vaulted.number_id, timezone.now()),
        )
        if not kept:
            raise GatewayUncertain("The card took so long to save that it was given up: save it again.")
    card.refresh_from_db()
    take_out_quietly(service, account)
    return card


def remove_card(user: Any) -> None:
    """Take the card off file; see `genbilling.interface`."""
    books.refuse_open_transaction("remove_card()")
    service = payment_service()
    with books.atomic(durable=True):
        account = lock_account_owned_by(user)
        if not take_off_file(account):
            raise NoCard(f"The {account} has no card on file: save_card() puts one there.")
    take_out_of_vault(service, account)


def current_card(account: Account) -> Card | None:
    """Return the card on file, or None."""
    return account.cards.filter(state=Card.State.CURRENT).first()


def take_off_file(account: Account) -> bool:
    """Take the card off file, for the vault to lose it afterwards; return whether there was one."""
    return bool(account.cards.filter(state=Card.State.CURRENT).update(state=Card.State.LEAVING))


def take_out_of_vault(
    service: PaymentService, account: Account | None = None, stop: Callable[[], bool] = bool
) -> int:
    """Delete from the vault the cards that left (of `account`, or of all), and return how many.

    One that a pending charge was sent with stays: the charge may have to be sent again. It ends where `stop`
    says so, and where it is in vain several times in a row.

    Raises:
        GatewayUnusable, GatewayUncertain: the gateway did not take one out, or did not answer; what could be
            taken out is, the rest is left for the next time.
    """
    Card.objects.filter(state=Card.State.ADDING, created_at__lt=timezone.now() - ABANDONED_AFTER).update(
        state=Card.State.LEAVING
    )
    leaving = Card.objects.filter(state=Card.State.LEAVING)
    if account is not None:
        leaving = leaving.filter(account=account)
    pending = Charge.objects.filter(state=Charge.State.PENDING).values("card_token")
    taken, in_a_row = 0, 0
    unusable: GatewayUnusable | None = None
    uncertain: GatewayUncertain | None = None
    # In no order: else some that may not be deleted would stand before all the others every time.
    for card in leaving.exclude(token__in=pending).order_by("?"):
        if stop() or in_a_row == MOST_IN_VAIN:
            break
        in_a_row += 1
        try:
            service.delete_card(card.token)
        except GatewayBusy:
            raise
        except GatewayUnusable as error:
            unusable = GatewayUnusable(f"Card {card.token} is still in the vault: {error}")
        except GatewayUncertain as error:
            uncertain = error
        else:
            in_a_row = 0
            taken += Card.objects.filter(pk=card.pk).update(state=Card.State.GONE)
    if trouble := unusable or uncertain:
        raise trouble
    return taken


def take_out_quietly(service: PaymentService, account: Account) -> None:
    """Take the cards that left out of the vault; where it cannot be asked, the next dispatch does."""
    try:
        take_out_of_vault(service, account)
    except GatewayError as error:
        # What was asked for is done in the books: the card there is now, or none. The next dispatch takes the
        # earlier one out.
        logger.warning("An earlier card of the %s is still in the vault: %s", account, error)
