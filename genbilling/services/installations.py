"""Whose books these are: bound to the merchant that first answers a call, until they are renewed."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from .. import books
from ..exceptions import BadInput, OtherMerchant, PaymentUnderWay
from ..gateway import PaymentService, Place, connected_place
from ..models import Card, Charge, Installation, Invoice, Refund
from ..models.charges import Attempt
from ..models.installations import random_name
from .locks import lock_row

ROW = 1
WAY_OUT = (
    "Right the settings; or, where the books are to go on with that one, as a copy for tests does: "
    "manage.py renew_installation."
)
PARTS = ("environment", "merchant_id", "books_id")


def payment_service() -> PaymentService:
    """Return the gateway, for a verb that charges, pays back or changes the vault.

    Raises:
        BadSetting: a setting is missing or wrong.
        OtherMerchant: the books belong to another merchant than the settings point at.
    """
    service = PaymentService()
    if strange := problem(connected_place()):
        raise OtherMerchant(f"{strange} Nothing was sent. {WAY_OUT}")
    return service


def bind() -> None:
    """Note that the books belong to the merchant of the settings, who has answered; once noted it stands."""
    place, noted = connected_place(), current()
    if any(getattr(place, part) and not getattr(noted, part) for part in PARTS):
        with books.atomic(durable=True):
            installation = lock_row(Installation.objects.all(), ROW)
            if not _other_than(installation, place):
                _take(installation, place)
                installation.save(update_fields=PARTS)


def current() -> Installation:
    """Return the installation's row."""
    # Made when it is first asked for: a test that flushes its database takes it along.
    return Installation.objects.get_or_create(pk=ROW)[0]


def renew(*, vault_moved: bool, give_up_pending: bool) -> tuple[Installation, int]:
    """Let the books go on with the merchant of the settings; return the installation and the cards gone.

    Args:
        vault_moved: the cards are in the new merchant's vault under their old tokens, and stay on file.
        give_up_pending: charges and refunds whose answers were lost count as not sent.

    Raises:
        BadInput: the books belong to that merchant already.
        PaymentUnderWay: what became of a charge or refund is not known.
        TransactionOpen, NoAutocommit: inside a caller's transaction.
    """
    books.refuse_open_transaction("renew_installation")
    place = connected_place()
    with books.atomic(durable=True):
        current()
        installation = lock_row(Installation.objects.all(), ROW)
        # Books that no merchant has answered yet may be a copy of some that one has.
        if installation.merchant_id and not _other_than(installation, place):
            raise BadInput(f"The books belong to {_words(place)} already: there is nothing to renew.")
        _end_pending(give_up_pending, installation)
        installation.name, installation.checked_at = random_name(), None
        installation.renewed_at = timezone.now()
        _take(installation, place)
        installation.save()
        gone = 0
        if not vault_moved:
            in_vault = ~Q(state=Card.State.GONE)
            gone = Card.objects.filter(in_vault).update(state=Card.State.GONE)
    return installation, gone


def problem(place: Place) -> str:
    """Return how the books belong to another merchant than `place`, or nothing; nothing is written."""
    installation = Installation.objects.filter(pk=ROW).first()
    if installation is None or not _other_than(installation, place):
        return ""
    return f"The books belong to {_words(installation)}, and the settings point at {_words(place)}."


def _other_than(installation: Installation, place: Place) -> bool:
    """Return whether the books belong elsewhere; what is not known of either is not compared."""
    pairs = [(getattr(installation, part), getattr(place, part)) for part in PARTS]
    return any(ours and theirs and ours != theirs for ours, theirs in pairs)


def _take(installation: Installation, place: Place) -> None:
    renewed = not installation.merchant_id or _other_than(installation, place)
    for part in PARTS:
        if renewed or not getattr(installation, part):
            setattr(installation, part, getattr(place, part))


def _end_pending(give_up: bool, installation: Installation) -> None:
    for model in (Charge, Refund):
        pending = model._base_manager.filter(state=Attempt.State.PENDING)
        for attempt in pending if give_up else pending[:1]:
            if not give_up:
                raise PaymentUnderWay(
                    f"What became of the {attempt} is known to {_words(installation)} alone: run "
                    "reconcile_payments with the settings of that one first. Of a copy, whose original finds "
                    "out by itself: --give-up-pending."
                )
            _give_up(attempt)


def _give_up(attempt: Charge | Refund) -> None:
    attempt.state, attempt.ended_at = Attempt.State.NOT_SENT, timezone.now()
    attempt.message = "Given up when the installation was renewed."
    attempt.save(update_fields=["state", "ended_at", "message"])
    if isinstance(attempt, Charge):
        Invoice.objects.filter(pending_charge=attempt).update(pending_charge=None)


def _words(whose: Installation | Place) -> str:
    of_file = f", books {whose.books_id}" if whose.books_id else ""
    return f"the merchant {whose.merchant_id!r} ({whose.environment}{of_file})"
