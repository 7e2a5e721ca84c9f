"""Claim, call, record: how an invoice is charged exactly once.

No transaction is open and no row locked while the gateway is called. The claim is a pending charge that the
invoice points at; as long as it stands nobody can start a second one, and whoever comes later resolves it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from .. import conf
from ..exceptions import GatewayUnusable, InvoiceNotClosed, InvoiceVoid
from ..gateway import VOIDED, Ending, Outcome, PaymentService
from ..models import Account, Card, Charge, Invoice, Refund
from ..money import ZERO
from . import attempts, refunding, retries
from .announcing import announce, announce_expiry
from .attempts import Send
from .cards import current_card
from .locks import is_held, limit_lock_wait, lock_account
from .retries import Wait
from .standing import follow_payments

logger = logging.getLogger(__name__)

# How long a claim waits for somebody who holds the account.
CLAIM_WAIT_MS = 10_000

Policy = Callable[[Invoice, Card | None, datetime], Wait | None]


def send_payment(invoice: Invoice, *, force: bool) -> Charge | None:
    """Charge `invoice` now; see `Invoice.send_payment`, the documented method."""
    result = charge_invoice(PaymentService(), invoice, _forced if force else _by_hand)
    invoice.refresh_from_db()
    if result is Wait.PAID_ALREADY:
        return invoice.paying_charge
    if isinstance(result, Wait):
        logger.info("The %s was not tried: %s.", invoice, result.value)
        return None
    return result if result.card_token else None


def charge_invoice(service: PaymentService, invoice: Invoice, policy: Policy) -> Charge | Wait:
    """Charge `invoice`, unless `policy` or a charge under way says to wait.

    Returns:
        The charge that was made or resolved (without a token: there is no card on file; pending: the outcome
        is not known yet), or why nothing was tried.

    Raises:
        InvoiceNotClosed, InvoiceVoid: an invoice in that state cannot be charged.
        GatewayUnusable: nothing was sent; the invoice is as it was.
        RuntimeError: called inside an atomic block.
    """
    if pending := pending_charge(invoice):
        resolved = resolve(service, pending)
        if isinstance(resolved, Wait) or resolved.state != Charge.State.NOT_SENT:
            return resolved
    try:
        claimed = _claim(invoice, policy)
    except OperationalError as error:
        if not is_held(error):
            raise
        return Wait.AT_WORK_ELSEWHERE
    if isinstance(claimed, Charge) and claimed.state == Charge.State.PENDING:
        claimed = record(claimed, attempts.send(claimed, _sale(service, claimed)))
    if isinstance(claimed, Charge) and claimed.state == Charge.State.NOT_SENT:
        raise GatewayUnusable(claimed.message)
    return _finish(claimed)


def pending_charge(invoice: Invoice) -> Charge | None:
    """Return the invoice's charge whose outcome is open, or None.

    Raises:
        RuntimeError: called inside an atomic block, in which nothing may be sent.
    """
    with transaction.atomic(durable=True):
        return Charge.objects.filter(invoice=invoice.pk, state=Charge.State.PENDING).first()


def resolve(service: PaymentService, charge: Charge, *, send_again: bool = True) -> Charge | Wait:
    """Find out what became of a charge whose answer was lost, record it, and return it.

    In state *not sent* it turned out that it did not happen, and the invoice is free for a new one. Without
    `send_again` it is only looked for.

    Raises:
        GatewayUnusable: the gateway cannot be asked now.
    """
    now = timezone.now()
    if attempts.may_be_in_flight(charge, now):
        return Wait.AT_WORK_ELSEWHERE
    find = partial(service.find_sale, charge.order_id, charge.amount)
    sending = _sale(service, charge) if send_again else None
    outcome = attempts.find_out(charge, find, sending, now)
    if outcome.status != VOIDED or not _is_ours(charge, outcome):
        return _finish(record(charge, outcome))
    # Paid, and given back by somebody at the gateway before we knew; not to be charged again.
    recorded = record(charge, replace(outcome, ending=Ending.PAID))
    if isinstance(recorded, Charge):
        refunding.note_foreign(recorded, outcome, Refund.Kind.VOID)
    return _finish(recorded)


def record(charge: Charge, outcome: Outcome) -> Charge | Wait:
    """Write down what came of `charge`, move its invoice, release the claim; return the charge as it is now.

    Where another process has resolved it in the meantime, its record stands.
    """
    with transaction.atomic(durable=True):
        # Not the account: whoever holds that must not keep an answer from being written down.
        Invoice.objects.select_for_update(no_key=True).get(pk=charge.invoice_id)
        stored = Charge.objects.select_for_update(no_key=True).get(pk=charge.pk)
        if stored.state != Charge.State.PENDING:
            _note_late_answer(stored, outcome)
            return Wait.AT_WORK_ELSEWHERE
        if outcome.ending is Ending.NOT_SENT and stored.uncertain_at != charge.uncertain_at:
            # Somebody else has sent it since: that this sending did not arrive proves nothing any more.
            return Wait.AT_WORK_ELSEWHERE
        _write(stored, outcome)
    stored.result = outcome.result
    return stored


def correct(charge: Charge, outcome: Outcome) -> Charge | None:
    """Rewrite what came of an ended charge, as the gateway's own books have it; return it as it is now.

    A sale that did not settle makes its invoice fail, one that was paid after all pays it, and the project is
    told. None: the books do not allow it (any more), and nothing was changed.
    """
    with transaction.atomic(durable=True):
        invoice = Invoice.objects.select_for_update(no_key=True).get(pk=charge.invoice_id)
        stored = Charge.objects.select_for_update(no_key=True).get(pk=charge.pk)
        if stored.state != charge.state or not _can_be_corrected(invoice, stored, outcome):
            return None
        stored.signalled_at = None
        stored.settlement_failed = stored.state == Charge.State.PAID
        _write(stored, outcome)
    _finish(stored)
    return stored


def _can_be_corrected(invoice: Invoice, charge: Charge, outcome: Outcome) -> bool:
    if not _is_ours(charge, outcome):
        return False
    if outcome.ending is Ending.PAID:
        return not (invoice.paid or invoice.void or invoice.pending_charge_id)
    return outcome.ending is Ending.REFUSED


def _claim(invoice: Invoice, policy: Policy) -> Charge | Wait:
    now = timezone.now()
    with transaction.atomic(durable=True):
        limit_lock_wait(CLAIM_WAIT_MS)
        account = lock_account(invoice.account_id)
        invoice = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
        _refuse_unchargeable(invoice)
        if paying := invoice.charges.filter(state=Charge.State.PAID).first():
            _move_invoice(paying)  # the charge is the authority, whatever somebody did to the invoice's flags
        if paying or invoice.paid or invoice.total == ZERO:
            return Wait.PAID_ALREADY
        if Charge.objects.filter(invoice__account=account, state=Charge.State.PENDING).exists():
            return Wait.AT_WORK_ELSEWHERE
        card = current_card(account)
        if wait := policy(invoice, card, now):
            return wait
        return _new_charge(invoice, card, now)


def _new_charge(invoice: Invoice, card: Card | None, now: datetime) -> Charge:
    charge = Charge(invoice=invoice, amount=invoice.get_total_amount())
    if card is None:
        charge.message = "No card is on file."
        charge.state, charge.ended_at = Charge.State.REFUSED, now
        charge.save()
        _mark_failed(invoice, now)
        return charge
    charge.card_token = card.token
    charge.request = _request(charge, card)
    charge.save()
    Invoice.objects.filter(pk=invoice.pk).update(pending_charge=charge)
    return charge


def _request(charge: Charge, card: Card) -> dict[str, Any]:
    paid_before = Charge.objects.filter(card_token=card.token, state=Charge.State.PAID).exists()
    request: dict[str, Any] = {
        "amount": str(charge.amount),
        "order_id": charge.order_id,
        "payment_method_token": card.token,
        # Merchant-initiated, as card networks want it said.
        "transaction_source": "recurring" if paid_before else "recurring_first",
        "options": {"submit_for_settlement": True},
    }
    if merchant_account_id := conf.merchant_account_id():
        request["merchant_account_id"] = merchant_account_id
    return request


def _sale(service: PaymentService, charge: Charge) -> Send:
    return lambda key: service.sale(charge.request, key)


def _note_late_answer(charge: Charge, outcome: Outcome) -> None:
    """Keep an answer that came after the charge was resolved, where it says something else."""
    if outcome.ending is Ending.PAID and outcome.transaction_id != charge.transaction_id:
        logger.error("The %s was resolved as %s, and then paid: %r", charge, charge.state, outcome)
        charge.message = f"Paid late by transaction {outcome.transaction_id}, which has to be refunded."
        charge.save(update_fields=["message"])


def _write(charge: Charge, outcome: Outcome) -> None:
    if outcome.transaction_id and not _is_ours(charge, outcome):
        logger.error("The %s met a sale that is not its own: %r", charge, outcome)
        message = f"Transaction {outcome.transaction_id} has another amount or order id."
        outcome = Outcome(ending=Ending.UNKNOWN, message=message)
    if outcome.ending is not Ending.NOT_SENT:
        Invoice.objects.filter(pk=charge.invoice_id, sent=False).update(sent=True, sent_at=charge.created_at)
    attempts.write_answer(charge, outcome, timezone.now())
    charge.reject_reason, charge.hard_decline = outcome.reject_reason, outcome.hard_decline
    charge.save()
    if charge.state != Charge.State.PENDING:
        _move_invoice(charge)


def _move_invoice(charge: Charge) -> None:
    now = charge.ended_at
    assert now is not None
    invoice = Invoice.objects.select_for_update(no_key=True).get(pk=charge.invoice_id)
    if charge.state == Charge.State.PAID:
        Invoice.objects.filter(pk=invoice.pk).update(
            pending_charge=None, paying_charge=charge, paid=True, paid_at=now, failed=False, failed_at=None
        )
    elif charge.state == Charge.State.REFUSED:
        _mark_failed(invoice, now)
    else:
        Invoice.objects.filter(pk=invoice.pk).update(pending_charge=None)


def _mark_failed(invoice: Invoice, now: datetime) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(
        pending_charge=None, paying_charge=None, paid=False, paid_at=None, failed=True, failed_at=now
    )


def _is_ours(charge: Charge, outcome: Outcome) -> bool:
    return outcome.amount == charge.amount and outcome.order_id == charge.order_id


def _finish(charge: Charge | Wait) -> Charge | Wait:
    if isinstance(charge, Charge) and charge.state in (Charge.State.PAID, Charge.State.REFUSED):
        # The status first, so that receivers see it; what they are told keeps the order of what happened.
        expired = _follow(charge)
        announce(charge)
        if expired:
            announce_expiry(expired)
    return charge


def _follow(charge: Charge) -> Account | None:
    try:
        return follow_payments(charge.invoice.account_id)
    except (OperationalError, InterfaceError):
        raise  # without its database nothing can be told, either; a later run does
    except Exception:
        # The money has moved, and that must be told. The next dispatch comes upon the error again.
        logger.exception("The status of the account does not follow charge %s", charge.pk)
        return None


def _refuse_unchargeable(invoice: Invoice) -> None:
    if invoice.void:
        raise InvoiceVoid(f"The {invoice} is void: nothing is owed on it.")
    if not invoice.closed:
        raise InvoiceNotClosed(
            f"The {invoice} is open: dispatch_invoices closes it once its period has come."
        )


def _forced(invoice: Invoice, card: Card | None, now: datetime) -> Wait | None:
    return None


def _by_hand(invoice: Invoice, card: Card | None, now: datetime) -> Wait | None:
    if wait := retries.card_forbids(invoice, card, now):
        return wait
    if earlier_is_unsettled(invoice):
        return Wait.EARLIER_FIRST
    return Wait.COOLING_DOWN if retries.cools_down(invoice, card, now) else None


def earlier_is_unsettled(invoice: Invoice) -> bool:
    """Return whether the account has an unsettled invoice of an earlier period."""
    unsettled: Any = Invoice.objects.unsettled()
    return bool(unsettled.filter(account=invoice.account_id, period__lt=invoice.period).exists())
