"""Every error that genbilling raises on purpose.

``GenbillingError`` is the root, for ``except`` clauses; what is raised is always one of its children. The
message says what happened, to which row, and what to do about it.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def shown(value: object) -> str:
    """Return `value` for a message; Python refuses to write out an int of more than 4300 digits."""
    try:
        return repr(value)
    except ValueError:
        return f"a {type(value).__name__} too long to show"


def one_line(text: object) -> str:
    """Return `text` on one line: a space for each line break, and for whatever else cannot be printed.

    Names and messages come from outside: one with a line break in it would write lines of its own into a
    report or a log, and one with a terminal's codes would hide some.
    """
    return "".join(character if character.isprintable() else " " for character in str(text))


class GenbillingError(Exception):
    """The root of the tree; never raised itself. Its text is one line, whatever names stand in it."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class BadSetting(GenbillingError, ImproperlyConfigured):
    """A setting or a product declaration is missing, misspelt or has a wrong value."""


class ClockWrong(GenbillingError):
    """This machine's clock is not the database's: by a wrong clock a wrong month would be billed."""


class OtherMerchant(BadSetting):
    """The books belong to another merchant than the settings point at."""


class BadInput(GenbillingError, ValueError):
    """A value given by the caller cannot be used."""


class BadAmount(BadInput):
    """A number of units or steps that is not a positive whole number."""


class BadMoney(BadInput):
    """A sum of money that is a float, not a number, or too large for the books."""


class BadPeriod(BadInput):
    """A period that is not a month written ``YYYYMM``, or has not come yet."""


class AccountError(GenbillingError):
    """Something that the account's state does not allow; never raised itself."""


class NoAccount(AccountError):
    """The user belongs to no account, or owns none where an owner is asked for."""


class BadUser(NoAccount, BadInput):
    """Something that is no saved user: an anonymous visitor, a user not saved yet, None."""


class AlreadyInAccount(AccountError):
    """The user belongs to an account already, as its owner or as a child user."""


class NotInGoodStanding(AccountError):
    """The account is expired or cancelled and has to be activated first."""


class NotSettled(AccountError):
    """Something is owed on the account, or a credit is open: it is not closed, unless by force."""


class NoCard(AccountError):
    """The account has no card on file."""


class ProductError(GenbillingError, LookupError):
    """A product name that leads nowhere; never raised itself."""


class UnknownProduct(ProductError):
    """The name is neither declared in ``GENBILLING["PRODUCTS"]`` nor held by the account."""


class ProductNotHeld(ProductError):
    """The product is declared, but the account does not have it."""


class HandlerError(GenbillingError, TypeError):
    """A product's own handler returned something that it must not return."""


class MovedByVerb(GenbillingError):
    """A row was changed by hand, and saved, in what only a verb moves, with all that follows from it."""


class InvoiceError(GenbillingError):
    """Something that the invoice's state does not allow; never raised itself."""


class InvoiceClosed(InvoiceError):
    """A closed invoice and its items do not change; a correction is a credit on the open one."""


class InvoiceNotClosed(InvoiceError):
    """An open invoice cannot be charged: ``dispatch_invoices`` closes it first."""


class InvoiceVoid(InvoiceError):
    """A void invoice cannot be charged."""


class InvoicePaid(InvoiceError):
    """A paid invoice cannot be voided: refund what paid it."""


class Outdated(InvoiceError):
    """The books moved since the caller looked at them and decided; nothing was done. Look again."""


class PaymentUnderWay(InvoiceError):
    """What came of the last sending is not known yet, or somebody else is at it: try again later."""


class NotPending(InvoiceError):
    """What came of the charge is known: there is nothing to end."""


class MoneyHeld(InvoiceError):
    """A sale that the charge met at the gateway holds somebody's money: void or refund it there first."""


class SaleUnknown(InvoiceError):
    """The gateway made a sale that the books do not know: nothing is charged until it is taken over."""


class NothingToRefund(InvoiceError):
    """The charge took no money, or all of it went back already."""


class RefundTooLarge(InvoiceError, BadMoney):
    """More would go back than is left of what was paid."""


class RefundRefused(GenbillingError):
    """The gateway did not give the money back; ``refund`` is the attempt, with what the gateway said."""

    def __init__(self, message: str, refund: Any) -> None:
        super().__init__(message)
        self.refund = refund


class CardRefused(GenbillingError):
    """The gateway did not accept the card.

    ``message`` is the gateway's own; ``response_code`` the processor's, or empty.
    """

    def __init__(self, message: str, response_code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.response_code = response_code


class TransactionError(GenbillingError, RuntimeError):
    """A verb that keeps its own transactions was called where it cannot; never raised itself."""


class TransactionOpen(TransactionError):
    """A transaction is open, whose rollback could not take back what the gateway does."""


class NoAutocommit(TransactionError):
    """The connection is in manual transaction mode: what is written would not be committed."""


class LeftUndone(GenbillingError):
    """A job ended and left something undone, which ``report`` names; it is safe to run it again.

    ``report`` is the JSON-able dict that the job would have returned. It is among ``args``, so that the error
    comes out whole of pickle and of a task queue's own serializer.
    """

    def __init__(self, message: str, report: dict[str, Any]) -> None:
        super().__init__(message, report)
        self.message = message
        self.report = report

    def __str__(self) -> str:
        return one_line(self.message)


class GatewayError(GenbillingError):
    """The payment gateway did not do what was asked; never raised itself."""


class GatewayUnusable(GatewayError):
    """The gateway cannot be used now (credentials, network, rate limit); nothing was sent or done.

    Of one payment or refund it says the same: this one was not sent, and may be tried again.
    """


class GatewayForbids(GatewayUnusable):
    """The gateway does not let these credentials do that (403)."""


class NotAtGateway(GatewayUnusable):
    """The gateway does not have what was addressed, or the merchant is another one (404)."""


class GatewayBusy(GatewayUnusable):
    """The gateway's rate limit is reached: nothing was done, and the same call will do a moment later."""


class GatewayUncertain(GatewayError):
    """The gateway did not answer in a way that tells whether it did what was asked."""


class GatewayOverloaded(GatewayUncertain):
    """The gateway did not answer in time, or said that it cannot now: it should be asked for less."""
