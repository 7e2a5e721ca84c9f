"""Accounts that change hands: handed over to another user, or closed for good, with no owner left."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from .. import books, periods
from ..exceptions import AlreadyInAccount, NotSettled, PaymentUnderWay
from ..models import Account, AccountUser, Card, Charge, FormerTerms, InvoiceItem, Refund, Step
from . import accounts, cards
from .installations import payment_service
from .locks import lock_account_owned_by, user_key
from .unsettled import unsettled

PENDING = Charge.State.PENDING


def transfer_account(user: Any, new_owner: Any, keep_card: bool) -> Account:
    """Have `new_owner` own the account that `user` owns; see `genbilling.interface`."""
    if keep_card:
        with books.atomic():
            return _hand_over(lock_account_owned_by(user), new_owner)
    books.refuse_open_transaction("transfer_account(keep_card=False)")
    service = payment_service()
    with books.atomic(durable=True):
        account = lock_account_owned_by(user)
        _refuse_while_a_card_is_saved(account)
        _hand_over(account, new_owner)
        cards.take_off_file(account)
    cards.take_out_quietly(service, account)
    return account


def close_account(user: Any, force: bool) -> Account | None:
    """Close the account that `user` owns for good; see `genbilling.interface`.

    The card leaves the vault before the owner does: where the gateway does not answer, the same call does the
    rest later.
    """
    books.refuse_open_transaction("close_account()")
    service = payment_service()
    with books.atomic(durable=True):
        account = _closable(user, force)
        accounts.end(account, Account.Status.CANCELLED)
        cards.take_off_file(account)
    cards.take_out_of_vault(service, account)
    with books.atomic(durable=True):
        # Whatever came in between is looked at again.
        account = _closable(user, force)
        if account.cards.exclude(state=Card.State.GONE).exists():
            raise PaymentUnderWay(
                f"A card of the {account} is on file again, or still in the vault: "
                "call close_account() again."
            )
        return _let_go(account)


def _hand_over(account: Account, new_owner: Any) -> Account:
    if user_key(new_owner) == account.owner_id:
        raise AlreadyInAccount(f"The user {new_owner} owns the {account} already.")
    place = account.account_users.select_related("user").filter(user=user_key(new_owner)).first()
    owner = place.user if place else accounts.free_user(new_owner)
    with accounts.placing(new_owner):
        # The owner first, as in new_account(): two that place one user wait for each other in one order.
        Account.objects.filter(pk=account.pk).update(owner=owner)
        if place is None:
            AccountUser.objects.create(account=account, user=owner)
    account.owner = owner
    return account


def _closable(user: Any, force: bool) -> Account:
    """Lock and return the account that `user` owns, of which nothing keeps it from being closed."""
    account = lock_account_owned_by(user)
    _refuse_while_a_card_is_saved(account)
    charges = Charge.objects.filter(invoice__account=account, state=PENDING)
    if charges.exists() or Refund.objects.filter(charge__invoice__account=account, state=PENDING).exists():
        raise PaymentUnderWay(
            f"What came of a charge or a refund of the {account} is not known yet, so it cannot be closed, "
            "by force neither. The next dispatch finds out."
        )
    open_still = [] if force else list(unsettled(account, periods.get_current_billing_period()))
    if open_still:
        raise NotSettled(
            f"The {account} is not closed: {'; '.join(open_still)}. Cancel it and wait for the dispatch that "
            "bills it, or void and credit what is not to be paid; force=True closes it all the same."
        )
    return account


def _refuse_while_a_card_is_saved(account: Account) -> None:
    since = timezone.now() - cards.ABANDONED_AFTER
    if account.cards.filter(state=Card.State.ADDING, created_at__gte=since).exists():
        raise PaymentUnderWay(
            f"A card is being saved for the {account} at this moment: try again in some minutes."
        )


def _let_go(account: Account) -> Account | None:
    account.account_users.all().delete()
    if not account.invoices.filter(closed=True).exists():
        _delete(account)
        return None
    Account.objects.filter(pk=account.pk).update(owner=None)
    account.owner = None
    return account


def _delete(account: Account) -> None:
    """Delete an account on which nothing was ever billed, with what it had."""
    Step.objects.filter(product__account=account).delete()
    FormerTerms.objects.filter(product__account=account).delete()
    InvoiceItem.objects.filter(invoice__account=account).delete()
    account.invoices.all().delete()
    account.products.all().delete()
    account.cards.all().delete()
    account.delete()
