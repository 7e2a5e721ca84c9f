"""The endpoint that makes transactions: sales, and credits that refund nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from braintree import ErrorCodes, Transaction

from . import (
    amounts,
    answers,
    authentications,
    cards,
    customers,
    disputes,
    instruments,
    merchant_accounts,
    nonces,
    processor,
    rejections,
    risks,
    sale_addresses,
    sale_options,
    transactions,
)
from .books import Books
from .exchange import Reply, Request
from .instruments import Instrument
from .params import Params
from .processor import Outcome
from .sale_addresses import SaleAddress
from .sale_details import PassedOn, read_details
from .sale_options import SaleOptions
from .sale_vaulting import Vaulting, keep, read_vaulting
from .validation import Errors, InvalidError

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status
_TYPE = Transaction.Type


@dataclass(frozen=True)
class Sale:
    """A sale or a credit as the request wants it, found to be in order. The amount is in cents."""

    type: str
    amount: int
    account: str
    details: PassedOn
    instrument: Instrument
    billing: SaleAddress
    shipping: SaleAddress
    cvv: str | None
    vaulting: Vaulting | None
    options: SaleOptions
    authentication: dict[str, Any] | None
    lacks_authentication: bool
    has_key: bool


def create(books: Books, request: Request) -> Reply:
    """Make a transaction, and keep its card if the request asks for that."""
    params = request.section("transaction")
    sale = _read(books, params)
    checks = _checks(sale)
    outcome = _decide(books, sale, checks, request.orders.refusal)
    risk = risks.judgement(books.merchant, params, outcome.rejection)
    transaction_id = _write(books, sale, outcome, {**checks, **answers.fields(outcome)}, risk)
    if sale.instrument.nonce is not None:
        nonces.consume(books, sale.instrument.nonce)
    if sale.vaulting and (outcome.is_approved or not sale.vaulting.only_on_success):
        keep(books, transaction_id, sale.vaulting, sale.instrument)
    if outcome.is_approved:
        disputes.open_if_special(books, transaction_id, sale.instrument.card.fingerprint, sale.amount)
    if sale.options.submit and outcome.status == _STATUS.Authorized:
        kept = transactions.load(books, transaction_id)
        transactions.move(books, kept, _STATUS.SubmittedForSettlement)
    return transactions.reply(books, request, transaction_id, status=201)


def _read(books: Books, params: Params) -> Sale:
    """Return what the request asks for. Raises InvalidError."""
    errors = Errors()
    here = errors.under("transaction")
    kind = _read_type(params, here)
    account = merchant_accounts.read(books, params, here)
    merchant_accounts.check_sale(books, params, account, here)
    currency = merchant_accounts.currency(books, account)
    amount = amounts.read_transaction_amount(params.text("amount"), here, currency=currency)
    details = read_details(books, params, here)
    options = sale_options.read(books, params, account, here)
    try:
        instrument = instruments.read(books, params, here)
    except InvalidError as error:
        # What is wrong with the addresses is told along with the rest.
        sale_addresses.check(params, here)
        raise InvalidError(errors) from error
    billing = sale_addresses.read_billing(books, params, instrument, here)
    shipping = sale_addresses.read_shipping(books, params, instrument, here)
    vaulting = read_vaulting(books, params, instrument, billing, shipping, here)
    authentication = authentications.read(books, params, instrument.card, instrument.three_d_secure, here)
    errors.raise_if_any()
    return Sale(
        type=kind,
        amount=amount,
        account=account,
        details=details,
        instrument=instrument,
        billing=billing,
        shipping=shipping,
        cvv=params.section("credit_card").text("cvv") or instrument.cvv,
        vaulting=vaulting,
        options=options,
        authentication=authentication,
        lacks_authentication=authentications.is_missing(params, authentication),
        has_key=params.text("api_request_key") is not None,
    )


def _read_type(params: Params, errors: Errors) -> str:
    kind = params.text("type")
    if kind is None:
        errors.add("type", _CODES.TypeIsRequired)
    elif kind not in (_TYPE.Sale, _TYPE.Credit):
        errors.add("type", _CODES.TypeIsInvalid)
    return kind or ""


def _checks(sale: Sale) -> dict[str, str | None]:
    """Return what the bank says of the address and the CVV."""
    options = sale.options
    return {
        **processor.avs_answers(sale.billing.fields, skipped=options.skip_avs),
        "cvv_response_code": processor.cvv_answer(sale.cvv, skipped=options.skip_cvv),
    }


def _decide(books: Books, sale: Sale, checks: dict[str, str | None], ordered: str) -> Outcome:
    """Return what becomes of the sale: what a fault orders, or what the gateway and the bank say."""
    instrument = sale.instrument
    reason = ordered or rejections.before_the_bank(
        books,
        kind=sale.type,
        fingerprint=instrument.card.fingerprint,
        amount=sale.amount,
        order_id=sale.details.order_id,
        has_key=sale.has_key,
    )
    if not reason and sale.lacks_authentication:
        reason = Transaction.GatewayRejectionReason.ThreeDSecure
    if reason:
        return processor.refuse(reason)
    if sale.type == _TYPE.Credit:
        return processor.authorize_refund(sale.amount)
    refusal = instrument.refusal
    if not refusal and not sale.options.skip_fraud_check:
        refusal = risks.rejection(books.merchant, instrument.card)
    outcome = processor.authorize(sale.amount, refusal=refusal, accepts_part=sale.options.accepts_part)
    return rejections.after_the_bank(books, outcome, checks)


def _write(
    books: Books, sale: Sale, outcome: Outcome, answered: dict[str, Any], risk: dict[str, Any] | None
) -> str:
    passed_on, instrument, options = sale.details, sale.instrument, sale.options
    network = sale_options.debit_network(books, sale.account, options, instrument)
    return transactions.insert(
        books,
        type=sale.type,
        status=outcome.status,
        amount=sale.amount,
        merchant_account_id=sale.account,
        order_id=passed_on.order_id,
        customer_id=instrument.customer_id,
        payment_method_token=instrument.token,
        details={
            "fields": {**answered, **passed_on.fields, "debit_network": network},
            "card": cards.to_json(instrument.card),
            "account_type": options.account_type,
            "created_using": instrument.created_using,
            "network_token": instrument.network_token,
            "customer": _customer(books, sale),
            "billing": sale.billing.fields,
            "billing_id": sale.billing.id,
            "shipping": sale.shipping.fields,
            "shipping_id": sale.shipping.id,
            "descriptor": passed_on.descriptor,
            "custom_fields": passed_on.custom_fields,
            "line_items": passed_on.line_items,
            "three_d_secure_info": sale.authentication,
            "adjustments": [],
            # Left out where there is nothing: the SDK makes an object of any element.
            "echo": {**passed_on.echo, **({"risk_data": risk} if risk else {})},
        },
    )


def _customer(books: Books, sale: Sale) -> dict[str, Any]:
    """Return the customer's fields as they are at this moment."""
    customer_id = sale.instrument.customer_id
    if customer_id is None:
        return dict(sale.details.customer)
    kept = customers.load(books, customer_id)
    return {name: kept.get(name) for name in customers.FIELDS}
