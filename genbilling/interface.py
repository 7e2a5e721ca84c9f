"""What host projects call. See each function; the verbs themselves live in `genbilling.services`.

Amounts are whole numbers from 1. A remaining capacity is an int that is always true, 0 included: test it by
truth or with ``is False``. What goes wrong raises a child of `genbilling.exceptions.GenbillingError`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.views.decorators.debug import sensitive_variables

from .models import (
    Account,
    Card,
    Charge,
    Invoice,
    InvoiceItem,
    Product,
    Refund,
    Remaining,
    UnknownSale,
)
from .services import (
    accounts,
    billing,
    cards,
    corrections,
    owners,
    products,
    refunding,
    unknown_sales,
    usage,
)


def new_account(user: Any, trial: bool = False) -> Account:
    """Make and return the account that `user` owns, active or on trial.

    Raises:
        AlreadyInAccount: the user has an account already, as its owner or as a child user.
    """
    return accounts.new_account(user, trial)


def activate_account(user: Any) -> Account:
    """Make the account that `user` owns active and return it; one that is active or in grace stays as it is.

    After a trial every product is charged as if added now. A cancelled or expired account takes its products
    up again: in the same period with no new charge, in a later one sold anew at today's terms.

    Raises:
        NoAccount: the user owns no account.
    """
    return accounts.activate_account(user)


def cancel_account(user: Any) -> Account:
    """Cancel the account that `user` owns and return it: access ends now, charges with the current period.

    Where a dispatch ahead has billed the next period, too, its products end with that.

    What it owes already stays owed and is billed by the next dispatch.

    Raises:
        NoAccount: the user owns no account.
    """
    return accounts.cancel_account(user)


def expire_account(user: Any) -> Account:
    """Expire the account that `user` owns and return it: as `cancel_account`, but not by the user's wish.

    Raises:
        NoAccount: the user owns no account.
    """
    return accounts.expire_account(user)


def add_user_account(user: Any, parent: Any) -> Account:
    """Put `user` under the account that `parent` owns and return it; what `user` consumes is billed there.

    Raises:
        NoAccount: `parent` owns no account.
        AlreadyInAccount: `user` has one already.
    """
    return accounts.add_user(user, parent)


def remove_user_account(user: Any, parent: Any) -> Account:
    """Take the child user `user` off the account that `parent` owns and return it.

    Raises:
        NoAccount: `parent` owns no account, or `user` is no child user of it.
    """
    return accounts.remove_user(user, parent)


def transfer_account(user: Any, new_owner: Any, keep_card: bool = True) -> Account:
    """Have `new_owner` own the account that `user` owns, and return it; `user` stays on it as a child user.

    What is owed goes along, and from now on the signals are about `new_owner`.

    Args:
        new_owner: a user who is on the account, or on none.
        keep_card: charge the card on file from now on, too. False takes it off, here and in the vault (where
            the gateway cannot be asked, the next dispatch takes it out); inside an atomic block it raises.

    Raises:
        NoAccount: `user` owns no account.
        AlreadyInAccount: `new_owner` owns it already, or is on another one.
        PaymentUnderWay: without the card, and one is being saved at this moment.
        TransactionOpen: without the card, called inside an atomic block.
    """
    return owners.transfer_account(user, new_owner, keep_card)


def close_account(user: Any, force: bool = False) -> Account | None:
    """Close the account that `user` owns for good, so that the user can be deleted, or have another one.

    It is cancelled, its card is taken out of the vault, its child users are taken off, and it has no owner
    any more: no signal tells of what befalls it later. An account that never had a closed invoice is deleted.

    Args:
        force: close it also while something is owed, or a credit is open.

    Returns:
        The account; None: it was deleted.

    Raises:
        NoAccount: the user owns no account.
        NotSettled: without `force`: something is owed (a begun period that is not billed yet included), or a
            credit is open.
        PaymentUnderWay: what came of a charge or a refund is not known yet, or a card is being saved.
        GatewayUnusable, GatewayUncertain: the vault did not answer. The account is cancelled and its card off
            file; the same call does the rest later.
        TransactionOpen: called inside an atomic block.
    """
    return owners.close_account(user, force)


def add_product_to_account(prod_name: str, user: Any) -> Product:
    """Give the account of `user` the product `prod_name`, at today's terms, and return it.

    The flat rate for the current period goes on the open invoice; on trial nothing is charged. A product that
    the account has already is returned as it is. Removed in this period it is revived without a new charge;
    removed in an earlier one it is sold anew, with a fresh bucket.

    Raises:
        UnknownProduct: no such product is declared.
        NoAccount: the user belongs to no account.
        NotInGoodStanding: the account is expired or cancelled.
    """
    return products.add_product(prod_name, user)


def remove_product_from_account(prod_name: str, user: Any) -> Product:
    """End the product with the current period, for which it is paid and stays usable, and return it.

    There is no flat rate from the next period on; items already due stay. Where a dispatch ahead has billed
    the next period, too, it ends with that.

    Raises:
        UnknownProduct: the name is neither declared nor held.
        ProductNotHeld: the account does not have the product.
        NoAccount: the user belongs to no account.
    """
    return products.remove_product(prod_name, user)


def update_product_terms(prod_name: str, user: Any) -> Product:
    """Move the product to today's declaration, from the next period on, and return it on those terms.

    Raises:
        UnknownProduct: no such product is declared.
        ProductNotHeld: the account does not have the product.
        NoAccount: the user belongs to no account.
    """
    return products.update_terms(prod_name, user)


def use_product(prod_name: str, user: Any, amount: int = 1) -> Remaining | bool:
    """Consume `amount` units, all or nothing, inside the caller's transaction.

    The product's row stays locked until the caller commits: consume last, and keep it short.

    Returns:
        The remaining capacity; False when there are not enough units, the account does not have the product,
        or the account is not in good standing.

    Raises:
        BadAmount: `amount` is not a positive whole number.
        UnknownProduct: the name is neither declared nor held.
        NoAccount: the user belongs to no account.
    """
    return usage.use_product(prod_name, user, amount)


def restore_product(prod_name: str, user: Any, amount: int = 1) -> Remaining | bool:
    """Give `amount` units back, for a use that was undone; usage never goes below zero.

    Returns and raises the same as `use_product`.
    """
    return usage.restore_product(prod_name, user, amount)


def add_step_to_product(prod_name: str, user: Any, amount: int = 1) -> Remaining | bool:
    """Buy `amount` steps: their units count at once, their cost goes on the open invoice, on trial too.

    Returns and raises the same as `use_product`; also BadMoney, when the cost is too large for the books.
    """
    return products.add_step(prod_name, user, amount)


@sensitive_variables("nonce", "device_data")
def save_card(user: Any, nonce: str, device_data: str | None = None) -> Card:
    """Put the card behind a payment-method nonce on file for the account that `user` owns, and return it.

    The card is verified and kept in Braintree's vault; an earlier one is taken out. Talks to the gateway:
    inside an atomic block it raises.

    Args:
        device_data: what Braintree's data collector in the browser gives, for its fraud tools.

    Raises:
        NoAccount: the user owns no account.
        CardRefused: the gateway or the bank did not accept the card; an earlier one stays on file.
        GatewayUnusable, GatewayUncertain: the gateway could not be reached, or did not say what it did.
        TransactionOpen: called inside an atomic block.
    """
    return cards.save_card(user, nonce, device_data)


def remove_card(user: Any) -> None:
    """Take the card of the account that `user` owns off file, here and in Braintree's vault.

    Raises:
        NoAccount: the user owns no account.
        NoCard: there is no card on file.
        GatewayUnusable, GatewayUncertain: as `save_card`; the card is off file here all the same, and the
            next dispatch takes it out of the vault.
        TransactionOpen: called inside an atomic block.
    """
    cards.remove_card(user)


def refund_charge(
    charge: Charge, amount: Any = None, *, operator: str, memo: str, refunded: Decimal | None = None
) -> Refund:
    """Give `amount` of a paid charge back, or all that is left of it, and return the `Refund`.

    What went back by a dispute that was lost or accepted is not given back again.
    Where the charge has not settled yet it is voided, which takes it back whole. The invoice stays paid. The
    refund's state is *paid* when the money is on its way back, and *pending* when the answer was lost: the
    next dispatch finds out, and nothing more is given back until then. Talks to the gateway: inside an atomic
    block it raises.

    Args:
        charge: ``invoice.paying_charge``.
        amount: in the merchant's currency; None: all that is left.
        operator: the name of who decided it.
        memo: why.
        refunded: what ``charge.refunded()`` was when that was decided, for a form that may be sent twice;
            None: whatever went back by now, `amount` goes back as well.

    Raises:
        Outdated: another sum than `refunded` went back by now.
        NothingToRefund: the charge took no money, or all of it went back already.
        RefundTooLarge: `amount` is more than is left.
        RefundRefused: the gateway did not do it; a part of what has not settled, for instance. Or more went
            back by a dispute than was known here.
        PaymentUnderWay: what came of an earlier refund of the charge is not known yet.
        BadMoney, BadInput: `amount` is no sum above zero; a text is missing or too long.
        GatewayUnusable: nothing was given back.
        TransactionOpen: called inside an atomic block.
    """
    return refunding.refund_charge(charge, amount, operator, memo, refunded)


def end_charge(charge: Charge, *, operator: str, memo: str) -> Charge:
    """End a pending charge that met a sale which is not its own, and return it as it is now.

    For a charge whose message says that a transaction at Braintree has another amount or order id: it stays
    pending, and keeps its invoice from being charged, until somebody has voided or refunded that transaction
    there, and has said so here. It is *not sent* then, and the next dispatch charges the invoice under
    another key. Where what was sent is found at Braintree after all, that is written down instead. Talks to
    the gateway: inside an atomic block it raises.

    Args:
        charge: ``invoice.pending_charge``.
        operator: the name of who decided it; kept with the charge's message, as `memo` is.
        memo: what was done at Braintree.

    Raises:
        MoneyHeld: a sale with the charge's order id is neither voided nor refunded whole.
        NotPending: what came of the charge is known.
        PaymentUnderWay: there is no such sale; the next dispatch finds out.
        BadInput: a text is missing or too long.
        GatewayUnusable, GatewayUncertain: the gateway did not answer; nothing was changed.
        TransactionOpen: called inside an atomic block.
    """
    return billing.end_charge(charge, operator, memo)


def void_invoice(invoice: Invoice, *, operator: str, memo: str) -> Invoice:
    """Void a closed invoice that is not paid, and return it: nothing is owed on it any more.

    It keeps its number and its items; what it billed is not billed again, and what stood on it as a credit
    goes on the open invoice. A charge whose outcome is open is looked for at the gateway first: inside an
    atomic block it raises.

    Raises:
        InvoicePaid: it is paid; `refund_charge` gives the money back.
        InvoiceNotClosed: it is open; `add_credit` is what takes something off it.
        InvoiceVoid: it is void already.
        PaymentUnderWay: what came of its last charge is not known yet.
        BadInput: a text is missing or too long.
        GatewayUnusable: the gateway cannot be asked about its last charge now.
        TransactionOpen: called inside an atomic block.
    """
    return corrections.void_invoice(invoice, operator, memo)


def add_credit(user: Any, amount: Any, *, operator: str, memo: str, after: int | None = None) -> InvoiceItem:
    """Put a credit of `amount` on the open invoice of the account that `user` owns, and return the item.

    Args:
        amount: in the merchant's currency, above zero.
        operator: the name of who decided it; kept with the item.
        memo: what for; it stands on the invoice.
        after: the id of the account's latest manual item when that was decided (0: none), for a form that
            may be sent twice; None: it is added whatever was added by now.

    Raises:
        Outdated: another manual item than `after` is the latest by now.
        NoAccount: the user owns no account.
        BadMoney, BadInput: `amount` is no sum above zero; a text is missing or too long.
    """
    return corrections.add_item(user, amount, operator, memo, sign=-1, after=after)


def add_debit(user: Any, amount: Any, *, operator: str, memo: str, after: int | None = None) -> InvoiceItem:
    """Put a debit of `amount` on the open invoice of the account that `user` owns; else as `add_credit`."""
    return corrections.add_item(user, amount, operator, memo, sign=1, after=after)


def acknowledge_sale(transaction_id: str, *, operator: str, memo: str) -> UnknownSale:
    """Note that somebody has dealt with a sale that fits nothing in these books, and return it.

    ``reconcile_payments`` names such a sale, and its account is not charged until then. Nothing is done about
    the money: refund the sale at Braintree, or give a credit for it, first.

    Args:
        transaction_id: as ``reconcile_payments`` names it.
        operator: the name of who decided it.
        memo: what was done about it.

    Raises:
        BadInput: no such sale is noted; a text is missing or too long.
        Outdated: it was acknowledged before.
    """
    return unknown_sales.acknowledge(transaction_id, operator, memo)
