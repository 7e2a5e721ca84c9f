"""`PaymentService`: the only place that calls the vendor. Values in, frozen outcomes out; no models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from django.views.decorators.debug import sensitive_variables

from .. import conf
from ..exceptions import (
    CardRefused,
    GatewayError,
    GatewayForbids,
    GatewayUncertain,
    GatewayUnusable,
    NotAtGateway,
)
from ..money import ZERO, total
from .connections import connect
from .disputes import charged_back
from .outcomes import (
    VOIDED,
    Ending,
    Outcome,
    error_codes,
    outcome_of_error,
    outcome_of_result,
    outcome_of_transaction,
    outcome_of_void,
)
from .searches import patiently, sales_begun_with, search_in_parts
from .vaulted import VaultedCard, card_of

logger = logging.getLogger(__name__)

# The SDK's own words, written out: this module is imported where the SDK is not.
SALE, CREDIT = "sale", "credit"
# A void is for what has not begun to settle, a refund for what has; Braintree's documents.
VOIDABLE = frozenset({"authorized", "submitted_for_settlement"})
CUSTOMER_ID_IN_USE = "91609"
EMPTY: Mapping[str, str] = MappingProxyType({})
# The merchant account does not verify cards, is unknown, suspended, or not ours.
CANNOT_VERIFY = frozenset({"91730", "91728", "91742", "91743"})


@dataclass(frozen=True, kw_only=True)
class Booked:
    """A transaction in the gateway's books: of a refund, `refund_of` is the id of its sale (empty: a credit
    that stands alone); of a sale, `refund_ids` are its refunds, and `charged_back` is what went back by
    disputes. `booked_at` is an aware moment; the rest is of the vault, or empty."""

    outcome: Outcome
    is_refund: bool
    booked_at: datetime
    customer_id: str = ""
    card_token: str = ""
    refund_of: str = ""
    refund_ids: tuple[str, ...] = ()
    charged_back: Decimal = ZERO

    @property
    def can_be_voided(self) -> bool:
        """Whether it has not begun to settle."""
        return self.outcome.status in VOIDABLE


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A dispute as the gateway has it; `reply_by` is the last day for an answer, if one is asked for."""

    id: str
    transaction_id: str
    kind: str
    status: str
    amount: Decimal
    reply_by: date | None


class PaymentService:
    """Braintree, at the settings of this moment."""

    def __init__(self) -> None:
        self._connection = connect()
        self._gateway, self._sdk = self._connection.gateway, self._connection.sdk
        self._ask, self._each = self._connection.ask, self._connection.each

    def currency(self, merchant_account_id: str) -> str:
        """Return what a merchant account charges in (empty: the default one); asked once in a process.

        Empty where Braintree does not say: there is no such account, or the credentials may not ask.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        known = self._connection.currencies
        if merchant_account_id not in known:
            known[merchant_account_id] = self._ask_currency(merchant_account_id)
        return known[merchant_account_id]

    def sale(self, request: dict[str, Any], key: str | None) -> Outcome:
        """Send a sale, submitted for settlement, under the idempotency key `key`; never raises for an answer.

        `request` is sent to the letter, so that sending it again under the same key is the same sale.
        """
        # sale() writes into the dict that it is given (SDK 4.48), so it gets a copy.
        sent = {**request, **({"api_request_key": key} if key else {})}
        try:
            result = self._ask(lambda: self._gateway.transaction.sale(sent))
        except GatewayError as error:
            return outcome_of_error(error)
        outcome = outcome_of_result(result)
        self._note_currency(request.get("merchant_account_id", ""), outcome.currency)
        return outcome

    def find_sale(self, order_id: str, amount: Decimal | None = None) -> Outcome | None:
        """Return the sale with `order_id`, the paid one if there are several, or None.

        With `amount`, one of another amount counts only if it took money.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        return self._find(order_id, amount, SALE)

    def sales(self, order_id: str) -> list[Booked]:
        """Return the sales with `order_id`, whatever their amounts; raises as `find_sale`."""
        return [_booked(one) for one in self._search(order_id) if one.type == SALE]

    def money_left(self, sale: Booked) -> Decimal:
        """Return how much of a sale was not given back: 0 where it took nothing; raises as `find_sale`."""
        if sale.outcome.ending is Ending.REFUSED:
            return ZERO
        refunds = filter(None, map(self.find, sale.refund_ids))
        given_back = total(one.outcome.amount or ZERO for one in refunds if one.outcome.ending is Ending.PAID)
        return max((sale.outcome.amount or ZERO) - given_back - sale.charged_back, ZERO)

    def refund(self, transaction_id: str, request: dict[str, Any], key: str | None) -> Outcome:
        """Send a refund of a settled sale under the idempotency key `key`; never raises for an answer."""
        sent = {**request, **({"api_request_key": key} if key else {})}
        try:
            result = self._ask(lambda: self._gateway.transaction.refund(transaction_id, sent))
        except GatewayError as error:
            return outcome_of_error(error)
        return outcome_of_result(result)

    def find_refund(self, order_id: str, amount: Decimal) -> Outcome | None:
        """Return the refund with `order_id`, or None; as `find_sale`."""
        return self._find(order_id, amount, CREDIT)

    def void(self, transaction_id: str, key: str | None) -> Outcome:
        """Call off a sale that has not begun to settle; never raises for an answer."""
        sent = {"api_request_key": key} if key else None
        try:
            result = self._ask(lambda: self._gateway.transaction.void(transaction_id, sent))
        except GatewayError as error:
            return outcome_of_error(error)
        return outcome_of_void(result)

    def find_void(self, transaction_id: str) -> Outcome | None:
        """Return the sale `transaction_id` if it is voided, or None; raises as `find_sale`."""
        found = self._load(transaction_id)
        return None if found.status != VOIDED else replace(outcome_of_transaction(found), ending=Ending.PAID)

    def booked_sale(self, transaction_id: str) -> Booked:
        """Return what the gateway booked as the sale `transaction_id`.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer, or has no such sale.
        """
        return _booked(self._load(transaction_id))

    def transactions(self, since: datetime, until: datetime) -> Iterator[Booked]:
        """Yield what the gateway booked from `since` to before `until` (aware moments), day by day.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        while since < until:
            end = min(since + timedelta(days=1), until)
            yield from self._transactions(since, end)
            since = end

    def sale_ids(self, order_ids: str, since: datetime) -> Iterator[list[str]]:
        """Yield the ids of the sales since an aware moment whose order id begins with `order_ids`, in parts.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        for found in search_in_parts(self._connection, since, None, *sales_begun_with(self._sdk, order_ids)):
            yield found.ids

    def sales_begun_with(self, order_ids: str, customer_id: str) -> list[Booked]:
        """Return the sales to a customer whose order id begins with `order_ids`; raises as `find_sale`."""
        of_customer = self._sdk.TransactionSearch.customer_id == customer_id
        return self._all(of_customer, *sales_begun_with(self._sdk, order_ids))

    def booked(self, transaction_ids: list[str]) -> list[Booked]:
        """Return what the gateway booked under these ids; raises as `find_sale`."""
        return self._all(self._sdk.TransactionSearch.ids.in_list(transaction_ids))

    def find(self, transaction_id: str) -> Booked | None:
        """Return what the gateway booked as `transaction_id`, or None; raises as `find_sale`."""
        try:
            return self._ask(lambda: _booked(self._gateway.transaction.find(transaction_id)))
        except NotAtGateway:
            return None

    def disputes(self, since: date, until: date) -> Iterator[Dispute]:
        """Yield the disputes received from the day `since` to the day `until`, both included.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        received = self._sdk.DisputeSearch.received_date.between(since, until)
        found = self._ask(lambda: self._gateway.dispute.search(received).disputes)
        return self._each(lambda: map(_dispute, found.items))

    @sensitive_variables("nonce", "device_data", "request")
    def store_card(
        self,
        customer_id: str,
        token: str,
        nonce: str,
        *,
        customer: Mapping[str, str] = EMPTY,
        device_data: str | None = None,
    ) -> VaultedCard:
        """Verify the card behind `nonce` and keep it in the vault as `token` of the customer `customer_id`.

        Args:
            customer: what else Braintree is told of the customer: email, first_name, ...
            device_data: what Braintree's script in the browser collected about it.

        Raises:
            CardRefused: the gateway or the bank did not accept it.
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        self._ensure_customer(customer_id, customer)
        request: dict[str, Any] = {
            "customer_id": customer_id,
            "token": token,
            "payment_method_nonce": nonce,
            "options": {"verify_card": True, "make_default": True, **_verified_by()},
        }
        if device_data:
            request["device_data"] = device_data
        result = self._answer_to(lambda: self._gateway.payment_method.create(request))
        if not result.is_success:
            if error_codes(result) & CANNOT_VERIFY:
                raise GatewayUnusable(
                    f"Braintree cannot verify a card: {result.message} "
                    "Check GENBILLING['MERCHANT_ACCOUNT_ID']."
                )
            verification = result.credit_card_verification
            raise CardRefused(result.message, getattr(verification, "processor_response_code", None) or "")
        return card_of(result.payment_method)

    def cards(self, customer_ids: Iterable[str]) -> dict[str, VaultedCard]:
        """Return the cards that the vault has of these customers, by their tokens; raises as `find_sale`."""
        wanted = self._sdk.CustomerSearch.ids.in_list(list(customer_ids))
        found = self._each(lambda: self._gateway.customer.search(wanted).items)
        return {card.token: card_of(card) for customer in found for card in customer.credit_cards}

    def delete_card(self, token: str) -> None:
        """Take the card `token` out of the vault; one that is not there is taken out already.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        with suppress(NotAtGateway):
            self._ask(lambda: self._gateway.payment_method.delete(token))

    def _note_currency(self, merchant_account_id: str, currency: str) -> None:
        """Note what an account that may not be asked has charged in."""
        known = self._connection.currencies
        if currency and not known.get(merchant_account_id):
            known[merchant_account_id] = currency

    def _ask_currency(self, merchant_account_id: str) -> str:
        accounts = self._gateway.merchant_account
        try:
            if merchant_account_id:
                return str(self._ask(lambda: accounts.find(merchant_account_id).currency_iso_code))
            every = list(self._each(lambda: accounts.all().merchant_accounts.items))
        except (NotAtGateway, GatewayForbids):
            return ""
        return next((str(one.currency_iso_code) for one in every if one.default in (True, "true")), "")

    def _find(self, order_id: str, amount: Decimal | None, kind: str) -> Outcome | None:
        # A refund may have the order id of its sale, and a credit that stands alone any.
        wanted = [one for one in self._search(order_id) if one.type == kind]
        if kind == CREDIT:
            wanted = [one for one in wanted if one.refunded_transaction_id]
        outcomes = [outcome_of_transaction(one) for one in wanted]
        if amount is not None:
            outcomes = [one for one in outcomes if one.amount == amount or one.ending is not Ending.REFUSED]
        return min(outcomes, key=lambda outcome: outcome.ending is not Ending.PAID, default=None)

    def _search(self, order_id: str) -> list[Any]:
        wanted = self._sdk.TransactionSearch.order_id == order_id
        return list(self._each(lambda: self._gateway.transaction.search(wanted).items))

    def _load(self, transaction_id: str) -> Any:
        try:
            return self._ask(lambda: self._gateway.transaction.find(transaction_id))
        except NotAtGateway as error:
            raise GatewayUncertain(f"Braintree has no transaction {transaction_id}.") from error

    def _transactions(self, since: datetime, until: datetime) -> Iterator[Booked]:
        for found in search_in_parts(self._connection, since, until):
            yield from self._each(partial(map, _booked, found.items))

    def _all(self, *criteria: Any) -> list[Booked]:
        search = self._gateway.transaction.search
        return patiently(self._connection, lambda: [_booked(one) for one in search(*criteria).items])

    def _answer_to(self, call: Callable[[], Any]) -> Any:
        """Return the answer to a call about the vault; raises as `find_sale`."""
        result = self._ask(call)
        if result is None:
            # The SDK's answer where the gateway's had no body (4.48).
            raise GatewayUncertain("The gateway gave an empty answer.")
        return result

    def _ensure_customer(self, customer_id: str, told: Mapping[str, str]) -> None:
        """Have the customer in the vault, with what is `told` of them, as far as Braintree takes it."""
        customers = self._gateway.customer
        result = self._answer_to(lambda: customers.create({"id": customer_id, **told}))
        if not result.is_success and CUSTOMER_ID_IN_USE in error_codes(result):
            if not told:
                return
            result = self._answer_to(lambda: customers.update(customer_id, dict(told)))
        if result.is_success:
            return
        if not told:
            raise CardRefused(result.message)
        # An e-mail address that Braintree does not take must not keep anybody from paying.
        logger.warning(
            "Braintree does not take what it is told of customer %s: %s", customer_id, result.message
        )
        self._ensure_customer(customer_id, EMPTY)


def _verified_by() -> dict[str, str]:
    """Return the merchant account that verifies a card: the one that will charge it."""
    account = conf.merchant_account_id()
    return {"verification_merchant_account_id": account} if account else {}


def _dispute(dispute: Any) -> Dispute:
    return Dispute(
        id=dispute.id,
        transaction_id=dispute.transaction.id,
        kind=dispute.kind or "",
        status=dispute.status or "",
        amount=dispute.amount_disputed,
        reply_by=dispute.reply_by_date,
    )


def _booked(transaction: Any) -> Booked:
    return Booked(
        outcome=outcome_of_transaction(transaction),
        is_refund=transaction.type == CREDIT,
        # Whole seconds of UTC, without a zone.
        booked_at=transaction.created_at.replace(tzinfo=UTC),
        customer_id=_of(transaction, "customer_details", "id"),
        card_token=_of(transaction, "credit_card_details", "token"),
        refund_of=transaction.refunded_transaction_id or "",
        refund_ids=tuple(transaction.refund_ids or ()),
        charged_back=charged_back(transaction),
    )


def _of(transaction: Any, part: str, name: str) -> str:
    return getattr(getattr(transaction, part, None), name, None) or ""
