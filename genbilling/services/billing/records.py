"""Records: what the gateway answered is written down, the invoices move, the claims are released.

Charges and invoices, and what their cards have to remember; nothing else, so that nothing keeps an answer
from being written down. Whoever holds the account does not: it is not touched.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from ... import books
from ...gateway import SETTLEMENT_DECLINED, Ending, Outcome
from ...models import Charge, Invoice
from .. import attempts, card_notes
from ..locks import Patience, lock_rows
from ..retries import Wait
from ..rows import among, update_rows
from . import currency

logger = logging.getLogger(__name__)

State = Charge.State

# What moves with a charge's end.
CHARGE = (
    *("state", "ended_at", "message", "uncertain_at", "seal", *attempts.ANSWERED),
    *("reject_reason", "hard_decline", "card_gone", "number_id", "settlement_failed", "signalled_at"),
)
INVOICE = ("sent", "sent_at", "paid", "paid_at", "failed", "failed_at", "pending_charge", "paying_charge")

READ_OF_INVOICE = tuple(
    f"invoice__{name}" for name in ("account", "period", "printed_number", "currency", "void", *INVOICE)
)

Answered = tuple[Charge, Outcome]
Result = Charge | Wait | None


def record(
    answers: Sequence[Answered], *, skip_locked: bool = False, patience: Patience | None = None
) -> list[Result]:
    """Write down what came of charges, an answer for each; return each charge as it is now.

    Where another process has resolved one in the meantime its record stands, and *at work elsewhere* is
    returned.

    Args:
        skip_locked: where somebody holds the invoice, write nothing and return None, instead of waiting.
        patience: limits the waiting.
    """
    with books.atomic(durable=True, lock_timeout=patience.next_wait if patience else None):
        stored = _lock([charge for charge, _ in answers], skip_locked=skip_locked)
        results = [_record(charge, outcome, stored.get(charge.pk)) for charge, outcome in answers]
        _save([result for result in results if isinstance(result, Charge)])
    return results


def correct(charge: Charge, outcome: Outcome) -> Charge | None:
    """Rewrite what came of an ended charge, as the gateway's own books have it; return it as it is now.

    A sale that did not settle makes its invoice fail, one that was paid after all pays it. The project has
    still to be told. None: the books do not allow it (any more), and nothing was changed.
    """
    with books.atomic(durable=True):
        whole = Charge.objects.select_related("invoice").filter(pk=charge.pk)
        [stored] = lock_rows(whole, skip_locked=False, of=("self", "invoice"))
        if stored.state != charge.state or not _can_be_corrected(stored, outcome):
            return None
        stored.signalled_at = None
        stored.settlement_failed = stored.state == State.PAID
        _write(stored, outcome)
        _save([stored])
    return stored


def write_adopted(charge: Charge, outcome: Outcome, moment: datetime) -> None:
    """Write down what came, at `moment`, of a charge that the books had lost; the caller's transaction."""
    # Called paid once, and not settled since: the days to try again count from there.
    charge.settlement_failed = outcome.status == SETTLEMENT_DECLINED
    _write(charge, outcome)
    charge.ended_at = moment
    charge.seal = charge.seal_now()
    _save([charge])


def move_invoices(moved: Iterable[tuple[Invoice, Charge]]) -> None:
    """Bring invoices in line with the charge that ended last, and write that down; their rows are locked."""
    rows = []
    for invoice, charge in moved:
        _move(invoice, charge)
        rows.append((invoice.pk, *_values(invoice, INVOICE)))
        # Whoever is given the charge may save its invoice.
        invoice.take_as_read(*INVOICE)
    update_rows(Invoice, INVOICE, rows)


def _lock(charges: list[Charge], *, skip_locked: bool) -> dict[int, Charge]:
    """Lock the rows of `charges` and of their invoices; return of each what may have moved meanwhile."""
    wanted = Charge.objects.filter(among("pk", (charge.pk for charge in charges)))
    moving = wanted.select_related("invoice").only("state", "uncertain_at", "invoice", *READ_OF_INVOICE)
    locked = lock_rows(moving, skip_locked=skip_locked, of=("self", "invoice"))
    return {charge.pk: charge for charge in locked}


def _record(charge: Charge, outcome: Outcome, stored: Charge | None) -> Result:
    if stored is None:
        return None
    if stored.state != State.PENDING:
        _note_late_answer(Charge.objects.get(pk=charge.pk), outcome)
        return Wait.AT_WORK_ELSEWHERE
    if outcome.ending is Ending.NOT_SENT and stored.uncertain_at != charge.uncertain_at:
        # Somebody else has sent it since: that this sending did not arrive proves nothing any more.
        return Wait.AT_WORK_ELSEWHERE
    charge.invoice, charge.uncertain_at = stored.invoice, stored.uncertain_at
    # What was found by a search may be old, and its card since changed.
    charge.card_told = outcome.card if outcome.result is not None else None
    _write(charge, outcome)
    charge.result = outcome.result
    return charge


def _note_late_answer(charge: Charge, outcome: Outcome) -> None:
    """Keep an answer that came after the charge was resolved, where it says something else."""
    if outcome.ending is Ending.PAID and outcome.transaction_id != charge.transaction_id:
        logger.error("The %s was resolved as %s, and then paid: %r", charge, charge.state, outcome)
        charge.message = f"Paid late by transaction {outcome.transaction_id}, which has to be refunded."
        charge.save(update_fields=["message"])


def _write(charge: Charge, outcome: Outcome) -> None:
    """Put the answer on the charge, unsaved."""
    outcome = attempts.only_ours(charge, outcome)
    attempts.write_answer(charge, outcome, timezone.now())
    charge.message = currency.taken_in_another(charge) or charge.message
    charge.reject_reason, charge.hard_decline = outcome.reject_reason, outcome.hard_decline
    charge.card_gone = outcome.cannot_be and outcome.ending is Ending.REFUSED
    charge.number_id = outcome.number_id or charge.number_id
    if charge.state != State.PENDING:
        charge.seal = charge.seal_now()


def _save(charges: list[Charge]) -> None:
    update_rows(Charge, CHARGE, [(charge.pk, *_values(charge, CHARGE)) for charge in charges])
    move_invoices((charge.invoice, charge) for charge in charges)
    card_notes.note_answers(charge for charge in charges if charge.state != State.PENDING)


def _move(invoice: Invoice, charge: Charge) -> None:
    if charge.state != State.NOT_SENT and charge.card_token and not invoice.sent:
        invoice.sent, invoice.sent_at = True, charge.created_at
    if charge.state == State.PENDING:
        return
    invoice.pending_charge_id = None
    if charge.state == State.NOT_SENT:
        return
    paid, now = charge.state == State.PAID, charge.ended_at
    invoice.paid, invoice.paid_at = paid, now if paid else None
    invoice.failed, invoice.failed_at = not paid, None if paid else now
    invoice.paying_charge_id = charge.pk if paid else None


def _values(row: Charge | Invoice, names: Iterable[str]) -> list[object]:
    fields: list[Any] = [row._meta.get_field(name) for name in names]
    return [getattr(row, field.attname) for field in fields]


def _can_be_corrected(charge: Charge, outcome: Outcome) -> bool:
    invoice = charge.invoice
    if not attempts.is_ours(charge, outcome):
        return False
    if outcome.ending is Ending.PAID:
        return not (invoice.paid or invoice.void or invoice.pending_charge_id)
    return outcome.ending is Ending.REFUSED
