"""The endpoint that makes transactions: sales, and credits that refund nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from braintree import ErrorCodes, Transaction

from . import addresses, amounts, answers, cards, customers, instruments, nonces, processor, transactions
from .addresses import Fields
from .books import Books
from .exchange import Reply, Request
from .instruments import Instrument
from .params import Params
from .processor import Outcome
from .sale_details import PassedOn, read_details
from .sale_vaulting import Vaulting, keep_card, read_vaulting
from .validation import Errors

_CODES = ErrorCodes.Transaction
_STATUS = Transaction.Status
_TYPE = Transaction.Type


@dataclass(frozen=True)
class Sale:
    """A sale or a credit as the request wants it, found to be in order. The amount is in cents."""

    type: str
    amount: int
    details: PassedOn
    instrument: Instrument
    billing: Fields
    billing_id: str | None
    cvv: str | None
    vaulting: Vaulting | None
    submit: bool
    accepts_part: bool


def create(books: Books, request: Request) -> Reply:
    """Make a transaction, and keep its card if the request asks for that."""
    sale = _read(books, request.section("transaction"))
    outcome = _decide(sale)
    transaction_id = _write(books, sale, outcome)
    if sale.instrument.nonce is not None:
        nonces.consume(books, sale.instrument.nonce)
    if sale.vaulting and (outcome.is_approved or not sale.vaulting.only_on_success):
        customer_id, token = keep_card(books, sale.vaulting, sale.instrument)
        transactions.keep_customer_and_card(books, transaction_id, customer_id, token)
    if sale.submit and outcome.status == _STATUS.Authorized:
        kept = transactions.load(books, transaction_id)
        transactions.move(books, kept, _STATUS.SubmittedForSettlement)
    return transactions.reply(books, request, transaction_id, status=201)


def _read(books: Books, params: Params) -> Sale:
    """Return what the request asks for. Raises InvalidError."""
    errors = Errors()
    here = errors.under("transaction")
    options = params.section("options")
    kind = _read_type(params, here)
    amount = amounts.read_transaction_amount(params.text("amount"), here)
    details = read_details(books, params, here)
    instrument = instruments.read(books, params, here)
    billing, billing_id = _read_billing(books, params, instrument, here)
    vaulting = read_vaulting(books, params, instrument, billing, here)
    errors.raise_if_any()
    return Sale(
        type=kind,
        amount=amount,
        details=details,
        instrument=instrument,
        billing=billing,
        billing_id=billing_id,
        cvv=params.section("credit_card").text("cvv"),
        vaulting=vaulting,
        submit=options.flag("submit_for_settlement"),
        accepts_part=params.flag("accept_partial_authorization"),
    )


def _read_type(params: Params, errors: Errors) -> str:
    kind = params.text("type")
    if kind is None:
        errors.add("type", _CODES.TypeIsRequired)
    elif kind not in (_TYPE.Sale, _TYPE.Credit):
        errors.add("type", _CODES.TypeIsInvalid)
    return kind or ""


def _read_billing(
    books: Books, params: Params, instrument: Instrument, errors: Errors
) -> tuple[Fields, str | None]:
    """Return the billing address and its id: the one given, the one named, or that of the card."""
    given = addresses.read(params.section("billing"), errors.under("billing"))
    named = params.text("billing_address_id")
    if given and named:
        errors.add("base", _CODES.BillingAddressConflict)
    if given:
        return given, None
    customer_id = instrument.customer_id
    if named and not (customer_id and addresses.belongs(books, named, customer_id)):
        errors.add("billing_address_id", ErrorCodes.CreditCard.BillingAddressIdIsInvalid)
    address_id = named or instrument.billing_address_id
    return addresses.fields_of(books, address_id), address_id


def _decide(sale: Sale) -> Outcome:
    if sale.type == _TYPE.Credit:
        return processor.authorize_refund(sale.amount)
    return processor.authorize(sale.amount, refusal=sale.instrument.refusal, accepts_part=sale.accepts_part)


def _write(books: Books, sale: Sale, outcome: Outcome) -> str:
    passed_on, instrument = sale.details, sale.instrument
    return transactions.insert(
        books,
        type=sale.type,
        status=outcome.status,
        amount=sale.amount,
        currency=books.merchant.accounts[passed_on.merchant_account_id],
        merchant_account_id=passed_on.merchant_account_id,
        order_id=passed_on.order_id,
        customer_id=instrument.customer_id,
        payment_method_token=instrument.token,
        details={
            "fields": {
                **answers.fields(outcome),
                **passed_on.fields,
                **processor.avs_answers(sale.billing),
                "cvv_response_code": processor.cvv_answer(sale.cvv),
            },
            "card": cards.to_json(instrument.card),
            "created_using": instrument.created_using,
            "customer": _customer(books, sale),
            "billing": sale.billing,
            "billing_id": sale.billing_id,
            "shipping": passed_on.shipping,
            "descriptor": passed_on.descriptor,
            "custom_fields": passed_on.custom_fields,
            "line_items": passed_on.line_items,
            "three_d_secure_info": instrument.three_d_secure,
        },
    )


def _customer(books: Books, sale: Sale) -> dict[str, Any]:
    """Return the customer's fields as they are at this moment."""
    customer_id = sale.instrument.customer_id
    if customer_id is None:
        return dict(sale.details.customer)
    kept = customers.load(books, customer_id)
    return {name: kept[name] for name in customers.FIELDS}
