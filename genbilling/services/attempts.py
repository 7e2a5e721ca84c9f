"""What charges and refunds share: sending under a key, finding out about a lost answer, knowing what is ours.

Told as steps: a generator yields a call of the gateway and is sent its answer, or thrown the gateway's error.
So whoever has the books writes down between the calls what has to be written first, and the calls themselves
may be made in another thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from .. import books
from ..exceptions import GatewayError, GatewayUncertain, GatewayUnusable
from ..gateway import Ending, Outcome
from ..models import Charge, Refund
from ..models.charges import Attempt
from .locks import last_pass, lock_rows

logger = logging.getLogger(__name__)

# A key younger than this is surely still known: the same request under it cannot be carried out twice.
# Braintree's documents say 30 days, of its GraphQL API.
KEY_LIFETIME = timedelta(days=7)

# A search may lag behind, but not as long as this: what is not found then never happened.
SEARCH_IS_SURE_AFTER = timedelta(days=1)

# What an attempt keeps of the gateway's answer.
ANSWERED = ("transaction_id", "currency", "status", "response_code", "response_text")

Call = Callable[[], Any]
Send = Callable[[str | None], Outcome]
Find = Callable[[], Outcome | None]
Steps = Generator[Call, Any, Outcome]


def carry_out(steps: Steps) -> Outcome:
    """Make the calls of `steps` here and now, one after the other; return what came of them.

    Raises:
        GatewayUnusable: the gateway cannot be asked now.
    """
    try:
        call = next(steps)
        while True:
            try:
                answer = call()
            except GatewayError as error:
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


def send(attempt: Charge | Refund, sending: Send) -> Steps:
    """Carry out `sending` under the attempt's key; without it where the merchant may not use keys."""
    outcome: Outcome = yield partial(sending, attempt.key if attempt.keyed else None)
    if outcome.key_refused:
        # No money moved. Without the key a later doubt is resolved by search alone, so that is noted first.
        _give_up_key(attempt)
        outcome = yield partial(sending, None)
    return outcome


def may_be_in_flight(attempt: Attempt, now: datetime) -> bool:
    """Return whether whoever sent `attempt` may still be waiting for the answer."""
    return attempt.uncertain_at is None and attempt.created_at > now - Attempt.IN_FLIGHT


def find_out(attempt: Charge | Refund, find: Find, sending: Send | None, now: datetime) -> Steps:
    """Return what became of an attempt whose answer was lost: look for it first, then send it again.

    *Not sent* means that it did not happen. Without `sending` it is only looked for.

    Raises:
        GatewayUnusable: the gateway cannot be asked now.
    """
    try:
        found: Outcome | None = yield find
    except GatewayUncertain as error:
        return Outcome(ending=Ending.UNKNOWN, message=str(error), error=error)
    return found or (yield from _not_found(attempt, sending, now))


def _not_found(attempt: Charge | Refund, sending: Send | None, now: datetime) -> Steps:
    last_sent = attempt.uncertain_at or attempt.created_at
    if not attempt.keyed or attempt.created_at < now - KEY_LIFETIME:
        if last_sent > now - SEARCH_IS_SURE_AFTER:
            return Outcome(ending=Ending.UNKNOWN, message="Not found yet; a search may lag behind.")
        return Outcome(ending=Ending.NOT_SENT, message="The gateway does not have it: it did not happen.")
    if sending is None:
        return Outcome(ending=Ending.UNKNOWN, message="Not found yet; the next dispatch sends it again.")
    return (yield from _send_again(attempt, sending, now))


def _send_again(attempt: Charge | Refund, sending: Send, now: datetime) -> Steps:
    # Stamped first: whoever sent it before, or looks for it later, must know of this sending.
    if not _stamp(attempt, now):
        return Outcome(ending=Ending.UNKNOWN, message="Another process is finding out.")
    outcome: Outcome = yield partial(sending, attempt.key)
    if outcome.key_refused:
        _give_up_key(attempt)
        return Outcome(ending=Ending.UNKNOWN, message=outcome.message)
    if outcome.cannot_be:
        # Known under its key, it would have come back. It did not happen; the card, say, is no more.
        return replace(outcome, ending=Ending.NOT_SENT)
    if outcome.ending is Ending.NOT_SENT:
        # This sending did not arrive; the first one may have, so the claim stands.
        raise GatewayUnusable(outcome.message)
    return outcome


def _give_up_key(attempt: Charge | Refund) -> None:
    with books.atomic(durable=True):
        last_pass().limit_wait()
        attempt.keyed = False
        attempt.save(update_fields=["keyed"])


def _stamp(attempt: Charge | Refund, now: datetime) -> bool:
    with books.atomic(durable=True):
        pending = type(attempt).objects.filter(pk=attempt.pk, state=Attempt.State.PENDING)
        # Whoever holds it is at work on it, and a run does not wait for one of many.
        free = lock_rows(pending.filter(uncertain_at=attempt.uncertain_at), skip_locked=True)
        if free:
            pending.update(uncertain_at=now)
    attempt.uncertain_at = now
    return bool(free)


def is_ours(attempt: Charge | Refund, outcome: Outcome) -> bool:
    """Return whether the transaction that `outcome` tells of is the one that `attempt` sent."""
    if isinstance(attempt, Refund) and attempt.kind == Refund.Kind.VOID:
        return outcome.transaction_id == attempt.charge.transaction_id
    return outcome.amount == attempt.amount and outcome.order_id == attempt.order_id


def only_ours(attempt: Charge | Refund, outcome: Outcome) -> Outcome:
    """Return `outcome`; or, where it tells of a transaction that `attempt` did not send, *unknown*."""
    if not outcome.transaction_id or is_ours(attempt, outcome):
        return outcome
    logger.error("The %s met a refund or a sale that is not its own: %r", attempt, outcome)
    message = f"Transaction {outcome.transaction_id} has another amount or order id."
    if isinstance(attempt, Charge):
        message += " Void or refund it at Braintree, then end the charge: end_charge(), or in the admin."
    return Outcome(ending=Ending.UNKNOWN, message=message)


def write_answer(attempt: Charge | Refund, outcome: Outcome, now: datetime) -> None:
    """Put the gateway's answer on `attempt`, unsaved; unknown: note when, and leave it pending."""
    attempt.message = outcome.message
    if outcome.ending is Ending.UNKNOWN:
        # The time of the last sending: looking for it in vain does not make that any later.
        attempt.uncertain_at = attempt.uncertain_at or now
        return
    attempt.state = Attempt.State[outcome.ending.name]
    attempt.ended_at = now
    for name in ANSWERED:
        setattr(attempt, name, getattr(outcome, name))
