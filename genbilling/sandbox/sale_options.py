"""The options of a sale, and what its merchant account makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from braintree import CreditCard, ErrorCodes

from .books import Books
from .instruments import Instrument
from .merchants import Trait
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Transaction.Options.CreditCard

_DEBIT, _CREDIT = "debit", "credit"


@dataclass(frozen=True)
class SaleOptions:
    """What a sale wants done besides charging the card."""

    submit: bool
    accepts_part: bool
    skip_avs: bool
    skip_cvv: bool
    skip_fraud_check: bool
    # Which side of a card that is both is charged; None for the card's own.
    account_type: str | None
    # Whether a debit card is charged as a credit card, and not over a debit network.
    as_credit: bool


def read(books: Books, params: Params, account: str, errors: Errors) -> SaleOptions:
    """Return the options of a sale; add an error for each that is not acceptable."""
    options = params.section("options")
    for_card = options.section("credit_card")
    submit, account_type = options.flag("submit_for_settlement"), for_card.text("account_type")
    here = errors.under("options").under("credit_card")
    if account_type not in (None, _DEBIT, _CREDIT):
        here.add("account_type", _CODES.AccountTypeIsInvalid)
    elif account_type and not books.merchant.has(Trait.ACCOUNT_TYPES, account):
        here.add("account_type", _CODES.AccountTypeNotSupported)
    elif account_type == _DEBIT and not submit:
        here.add("account_type", _CODES.AccountTypeDebitDoesNotSupportAuths)
    return SaleOptions(
        submit=submit,
        accepts_part=params.flag("accept_partial_authorization"),
        skip_avs=options.flag("skip_avs"),
        skip_cvv=options.flag("skip_cvv"),
        skip_fraud_check=options.flag("skip_advanced_fraud_checking"),
        account_type=account_type,
        as_credit=for_card.flag("process_debit_as_credit"),
    )


def debit_network(books: Books, account: str, options: SaleOptions, instrument: Instrument) -> str | None:
    """Return the network over which a debit card is charged without a PIN, or None if it is not."""
    over_network = (
        books.merchant.has(Trait.PINLESS_DEBIT, account)
        and instrument.card.issuer["debit"] == "Yes"
        and options.submit
        and not options.as_credit
    )
    return CreditCard.DebitNetwork.Star.value if over_network else None
