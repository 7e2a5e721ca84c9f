"""One invoice charged, or one charge found out about, here and now: a run's claim and record, of one."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import OperationalError
from django.utils import timezone

from ... import books
from ...exceptions import GatewayUncertain, GatewayUnusable, InvoiceNotClosed, InvoiceVoid
from ...gateway import Outcome, PaymentService
from ...models import Charge, Invoice
from .. import attempts, retries, unknown_sales
from ..attempts import Steps
from ..installations import payment_service
from ..locks import is_held, last_pass
from ..retries import Wait
from . import currency, records, steps
from .announcing import announce, announce_expiry
from .checking import check_invoice
from .choosing import Standing
from .claims import Claims, claim
from .standing import follow_payments

logger = logging.getLogger(__name__)

State = Charge.State


def send_payment(invoice: Invoice, *, force: bool) -> Charge | None:
    """Charge `invoice` now; see `Invoice.send_payment`, the documented method."""
    books.refuse_open_transaction("invoice.send_payment()")
    result = charge_invoice(payment_service(), invoice, force=force)
    invoice.refresh_from_db()
    if result is Wait.PAID_ALREADY or (result is Wait.AT_WORK_ELSEWHERE and invoice.paid):
        return invoice.paying_charge
    if isinstance(result, Wait):
        logger.info("The %s was not tried: %s.", invoice, result.value)
        return None
    return result if result.card_token else None


def charge_invoice(service: PaymentService, invoice: Invoice, *, force: bool) -> Charge | Wait:
    """Charge `invoice`, unless a charge under way, or without `force` the retry policy, says to wait.

    Returns:
        The charge that was made or found out about (without a token: there is no card on file; pending: the
        outcome is not known yet), or why nothing was tried.

    Raises:
        InvoiceNotClosed, InvoiceVoid: an invoice in that state cannot be charged.
        BadSetting: the merchant account charges in another currency.
        SaleUnknown: the gateway has a sale for it that the books do not know.
        GatewayUnusable: nothing was sent; the invoice is as it was.
    """
    if unknown_sales.waiting([invoice.account_id]):
        return Wait.UNKNOWN_SALE
    check_invoice(service, invoice)
    if pending := pending_charge(invoice):
        resolved = resolve(service, pending)
        if isinstance(resolved, Wait) or resolved.state != State.NOT_SENT:
            return resolved
    _check_currency(service)
    claimed = _claim(invoice, force=force)
    if isinstance(claimed, Charge) and claimed.state == State.PENDING:
        claimed = _record_and_finish(claimed, steps.send(service, claimed))
        if isinstance(claimed, Charge) and claimed.state == State.NOT_SENT:
            raise GatewayUnusable(claimed.message)
    elif isinstance(claimed, Charge):
        finish(claimed)
    return claimed


def pending_charge(invoice: Invoice) -> Charge | None:
    """Return the invoice's charge whose outcome is open, or None."""
    return Charge.objects.filter(invoice=invoice.pk, state=State.PENDING).first()


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
    # A sale that the books do not know may be what came after this one.
    send_again = send_again and not unknown_sales.waiting([charge.invoice.account_id])
    return _record_and_finish(charge, steps.find_out(service, charge, now, send_again=send_again))


def correct(charge: Charge, outcome: Outcome) -> Charge | None:
    """Rewrite what came of an ended charge and tell the project; see `records.correct`."""
    corrected = records.correct(charge, outcome)
    if corrected is not None:
        finish(corrected)
    return corrected


def finish(charge: Charge) -> None:
    """Do what follows a charge's end: the status first, so that receivers see it, then the signals."""
    if charge.state in (State.PAID, State.REFUSED):
        expired = follow_payments([charge.invoice.account_id])
        announce([charge])
        for account in expired:
            announce_expiry(account)


def _check_currency(service: PaymentService) -> None:
    try:
        currency.check(service)
    except GatewayUncertain as error:
        # Of a question: nothing was sent.
        raise GatewayUnusable(f"Nothing was charged: {error}") from error


def _record_and_finish(charge: Charge, sending: Steps) -> Charge | Wait:
    outcome = attempts.carry_out(sending)
    # Waits for whoever holds the invoice: an answer is never kept from being written down.
    [recorded] = records.record([(charge, outcome)])
    assert recorded is not None
    if isinstance(recorded, Charge):
        steps.note_void(recorded, outcome)
        if taken := currency.taken_in_another(recorded):
            logger.error("%s: %s", recorded, taken)
        finish(recorded)
    return recorded


def _claim(invoice: Invoice, *, force: bool) -> Charge | Wait:
    now = Invoice.objects.get(pk=invoice.pk)
    _refuse_unchargeable(now)
    try:
        claims = claim({now.account_id: now.period}, now.period, _forced if force else _by_hand, last_pass())
    except OperationalError as error:
        if not is_held(error):
            raise
        return Wait.AT_WORK_ELSEWHERE
    return _claimed(claims, invoice)


def _claimed(claims: Claims, invoice: Invoice) -> Charge | Wait:
    for charge in [*claims.to_send, *claims.refused]:
        return charge
    for left, wait in claims.left:
        if left.pk == invoice.pk:
            return wait
    if claims.held or claims.to_find_out:
        return Wait.AT_WORK_ELSEWHERE
    # Nothing is owed on it any more.
    _refuse_unchargeable(Invoice.objects.get(pk=invoice.pk))
    return Wait.PAID_ALREADY


def _refuse_unchargeable(invoice: Invoice) -> None:
    if invoice.void:
        raise InvoiceVoid(f"The {invoice} is void: nothing is owed on it.")
    if not invoice.closed:
        raise InvoiceNotClosed(
            f"The {invoice} is open: dispatch_invoices closes it once its period has come."
        )


def _forced(standing: Standing, invoice: Invoice, now: datetime) -> Wait | None:
    return None


def _by_hand(standing: Standing, invoice: Invoice, now: datetime) -> Wait | None:
    refusals = standing.refusals.get(invoice.pk, ())
    if wait := retries.card_forbids(standing.card, refusals, now):
        return wait
    if any(earlier.period < invoice.period for earlier in standing.due):
        return Wait.EARLIER_FIRST
    return Wait.COOLING_DOWN if retries.cools_down(standing.card, refusals, now) else None
