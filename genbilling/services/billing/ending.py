"""A pending charge ended by hand, once somebody has dealt at the gateway with the sale that it met there."""

from __future__ import annotations

from ... import books
from ...exceptions import MoneyHeld, NotPending, PaymentUnderWay
from ...gateway import Ending, Outcome, PaymentService
from ...models import Charge
from ...money import ZERO
from ..installations import payment_service
from ..operators import MAX_MEMO, MAX_OPERATOR, text
from . import records
from .by_hand import resolve

State = Charge.State


def end_charge(charge: Charge, operator: str, memo: str) -> Charge:
    """End a charge that would stay pending; see `genbilling.interface`."""
    books.refuse_open_transaction("end_charge()")
    operator, memo = text(operator, "operator", MAX_OPERATOR), text(memo, "memo", MAX_MEMO)
    service = payment_service()
    # Whatever can be found out counts for more than what somebody says.
    found = resolve(service, _pending(charge), send_again=False)
    if not isinstance(found, Charge):
        raise _under_way(charge)
    if found.state != State.PENDING:
        return found
    _refuse_money(service, found)
    said = f"{found.message} Ended by {operator}: {memo}"
    [ended] = records.record([(found, Outcome(ending=Ending.NOT_SENT, message=said))])
    if not isinstance(ended, Charge):
        raise _under_way(charge)
    return ended


def _pending(charge: Charge) -> Charge:
    stored = Charge.objects.select_related("invoice__account__owner").get(pk=charge.pk)
    if stored.state != State.PENDING:
        raise NotPending(f"What came of the {stored} is known: there is nothing to end.")
    return stored


def _refuse_money(service: PaymentService, charge: Charge) -> None:
    sales = service.sales(charge.order_id)
    if not sales:
        # Nobody can have dealt with what is not there; sent again it may be.
        raise _under_way(charge)
    for sale in sales:
        if (held := service.money_left(sale)) != ZERO:
            raise MoneyHeld(
                f"Transaction {sale.outcome.transaction_id} ({sale.outcome.status}) has the order id of the "
                f"{charge}, and holds {held}: void it at Braintree, or refund it there whole, and end the "
                "charge then. Nothing was changed."
            )


def _under_way(charge: Charge) -> PaymentUnderWay:
    return PaymentUnderWay(
        f"What came of the {charge} may still be found out: the next dispatch asks Braintree for it. "
        "Nothing was changed."
    )
