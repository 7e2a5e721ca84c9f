"""What an operator corrects in the books: an unpaid invoice voided, a manual credit or debit."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import books, money, periods
from ..exceptions import InvoiceNotClosed, InvoicePaid, InvoiceVoid, Outdated, PaymentUnderWay
from ..language import invoice_language
from ..models import Account, Charge, Invoice, InvoiceItem
from .billing import follow_and_announce, pending_charge, resolve
from .installations import payment_service
from .invoicing import open_invoice
from .locks import lock_account, lock_account_owned_by, lock_row
from .operators import MAX_MEMO, MAX_OPERATOR, positive, text


def void_invoice(invoice: Invoice, operator: str, memo: str) -> Invoice:
    """Void a closed invoice that is not paid; see `genbilling.interface`."""
    books.refuse_open_transaction("void_invoice()")
    operator, memo = text(operator, "operator", MAX_OPERATOR), text(memo, "memo", MAX_MEMO)
    if pending := pending_charge(invoice):
        # It may have been paid: that is found out first. To send it again is not what was asked for.
        resolve(payment_service(), pending, send_again=False)
    with books.atomic(durable=True):
        account = lock_account(invoice.account_id)
        stored = lock_row(Invoice.objects.all(), invoice.pk)
        _refuse_unvoidable(stored)
        Invoice.objects.filter(pk=stored.pk).update(
            void=True, void_at=timezone.now(), void_by=operator, void_memo=memo, failed=False, failed_at=None
        )
        _give_credits_back(account, stored, operator)
    follow_and_announce([invoice.account_id])
    invoice.refresh_from_db()
    return invoice


@books.atomic()
def add_item(
    user: Any, amount: Any, operator: str, memo: str, *, sign: int, after: int | None = None
) -> InvoiceItem:
    """Put a credit (`sign` -1) or a debit (1) on the open invoice of the account that `user` owns."""
    operator, memo = text(operator, "operator", MAX_OPERATOR), text(memo, "memo", MAX_MEMO)
    value = positive(amount)
    account = lock_account_owned_by(user)
    if after is not None and last_manual_item(account) != after:
        raise Outdated(
            f"A credit or debit was put on the {account} since this one was decided on: look again. "
            "Nothing was added now."
        )
    invoice = open_invoice(account, periods.get_current_billing_period())
    return InvoiceItem.objects.create(
        invoice=invoice, description=memo, amount=sign * value, operator=operator
    )


def manual_items(account: Account) -> QuerySet[InvoiceItem]:
    """Return the credits and debits that operators put on the account's invoices, the latest first."""
    return InvoiceItem.objects.filter(invoice__account=account).exclude(operator="").order_by("-pk")


def last_manual_item(account: Account) -> int:
    """Return the id of the account's latest manual credit or debit; 0: it has none."""
    return manual_items(account).values_list("pk", flat=True).first() or 0


def _give_credits_back(account: Account, invoice: Invoice, operator: str) -> None:
    """A credit that stood on a void invoice was not used up: it goes on the open one."""
    credits = invoice.related_items.filter(product=None, amount__lt=0)
    if credits:
        with invoice_language():
            description = _("Credit of void invoice %(number)s") % {"number": invoice.printed_number}
        InvoiceItem.objects.create(
            invoice=open_invoice(account, periods.get_current_billing_period()),
            description=description,
            amount=money.total(item.amount for item in credits),
            operator=operator,
        )


def _refuse_unvoidable(invoice: Invoice) -> None:
    if invoice.void:
        raise InvoiceVoid(f"The {invoice} is void already.")
    if not invoice.closed:
        raise InvoiceNotClosed(
            f"The {invoice} is open: put a credit on it instead, or wait until dispatch_invoices closes it."
        )
    if invoice.paid or invoice.charges.filter(state=Charge.State.PAID).exists():
        raise InvoicePaid(f"The {invoice} is paid: refund_charge() gives the money back.")
    if invoice.charges.filter(state=Charge.State.PENDING).exists():
        raise PaymentUnderWay(
            f"What came of the last charge of the {invoice} is not known yet. The next dispatch finds out; "
            "what is paid then can be refunded, what is not can be voided."
        )
