"""The verbs as plain functions with JSON arguments and JSON results, for any task queue.

Each may be delivered twice, at the same time or later, and be run by any number of workers on any number of
machines: what one run has claimed in the database the others pass by, so nothing hangs on what the queue
promises. `genbilling.celery_tasks` and `genbilling.django_tasks` hand them to the two usual queues.

What `--force`, `--ahead` and `--dry-run` of the commands do is not here: a forced job that is delivered twice
would do the work twice, and one that works ahead, delivered when the month has turned, would charge one more.

A result is a dict: ``job``; ``summary``, the command's last line; counts, and amounts as decimal strings in
the merchant's currency; and ``left``, the sentences about what was left undone. Where that is not empty the
job raises `LeftUndone`, so that the queue shows it as failed. So it does for any other error: BadSetting,
GatewayUnusable, a database that went away. It is safe to run a failed job again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from . import books
from .exceptions import BadInput, BadPeriod, LeftUndone, one_line, shown
from .models import Charge, Invoice
from .periods import parse_day, parse_period
from .services import audit, month, reconcile, runs, summaries
from .services.billing import dispatch_invoices as dispatch
from .services.month import MonthReport
from .services.reconcile.report import Comparison

Report = dict[str, Any]

# A queue keeps results and errors in one message each. The commands name everything.
NAMED = 100
NAMED_IN_MESSAGE = 5


def dispatch_invoices(period: int | None = None) -> Report:
    """Dispatch every invoice that is due in `period` (``YYYYMM``; None: the current one).

    Started several times at once, the runs share the accounts between them.

    Raises:
        BadPeriod: `period` is not a month, or has not come yet.
        ClockWrong: the worker's clock is not the database's.
        LeftUndone: something was left undone: what another run holds, an outcome that is not known.
        TransactionOpen, NoAutocommit: the worker wraps its jobs in transactions, or commits nothing.
        BadSetting: the gateway or the products are not set up.
    """
    period = _period(period)
    done = dispatch(period)
    return _ended(
        f"dispatch_invoices {period}",
        summaries.of_dispatch(done),
        left=summaries.left_of_dispatch(done),
        period=period,
        **done.details(),
    )


def create_invoices(period: int | None = None) -> Report:
    """Open the invoice of the period after `period` for every billable account that lacks it.

    Raises:
        BadPeriod, ClockWrong: as `dispatch_invoices`.
        LeftUndone: rows were held by other transactions all the while.
    """
    period = _period(period)
    done = month.create_invoices(period)
    return _changed(f"create_invoices {period}", summaries.of_create_invoices(done, period), done, period)


def reset_products(period: int | None = None) -> Report:
    """Put capacities back to the initial step; steps that are not invoiced yet, or are ahead, stay.

    Raises as the others.
    """
    period = _period(period)
    done = month.reset_products(period)
    return _changed(f"reset_products {period}", summaries.of_reset_products(done), done, period)


def restore_products(period: int | None = None) -> Report:
    """Put the usage of periodic products back to zero, once per period. Raises as the others."""
    period = _period(period)
    done = month.restore_products(period)
    summary = summaries.of_restore_products(done, period)
    return _changed(f"restore_products {period}", summary, done, period)


def reconcile_payments(
    first: str | None = None, last: str | None = None, known: Sequence[str] = ()
) -> Report:
    """Compare charges and refunds with the gateway's own books, and repair what is safe.

    Args:
        first: the first day, as ``"2026-11-05"``; None: 30 days before the last one.
        last: the last day; None: today.
        known: ids of transactions and disputes that somebody has looked at: they are not left.

    Raises:
        BadInput: `first` or `last` is not a day, or are the wrong way round; `known` is no list of texts.
        LeftUndone: something is left for somebody to look at.
        TransactionOpen, NoAutocommit: as `dispatch_invoices`.
        GatewayUnusable, GatewayUncertain: the gateway did not answer; what was repaired stays.
    """
    begin, end = reconcile.days(_day(first), _day(last))
    if begin > end:
        raise BadInput(f"The first day {begin} is after the last day {end}.")
    looked_at = _ids(known)
    books.refuse_open_transaction("The job reconcile_payments")
    found = Comparison(known=looked_at)
    reconcile.reconcile_days(found, begin, end)
    return _ended(
        f"reconcile_payments {begin} to {end}",
        summaries.of_comparison(found),
        left=found.left,
        first=str(begin),
        last=str(end),
        looked_at=dict(found.looked_at),
        repaired=_named(found.repaired),
        noted=_named(found.noted),
    )


def audit_billing() -> Report:
    """Prove the books from the rows alone; nothing is changed.

    Raises:
        LeftUndone: something does not fit; ``report["left"]`` names it.
    """
    looked_at: Counter[str] = Counter()
    findings = list(audit.audit(looked_at))
    summary = summaries.of_audit(looked_at, len(findings))
    return _ended("audit_billing", summary, left=findings, looked_at=dict(looked_at))


def send_payment(invoice_id: int) -> Report:
    """Charge an invoice now, as `Invoice.send_payment` does: after a new card was stored, for instance.

    Returns:
        ``paid``: whether the invoice is paid by now; ``charge``: the id of the charge, None where nothing was
        tried; ``amount`` and ``message``: the charge's. A refusal is work done.

    Raises:
        BadInput: there is no such invoice.
        InvoiceNotClosed, InvoiceVoid: an invoice in that state cannot be charged.
        SaleUnknown: Braintree has a sale for it that the books do not know: reconcile_payments first.
        LeftUndone: the outcome is not known; every later run asks the gateway again.
        TransactionOpen, NoAutocommit: as `dispatch_invoices`.
        GatewayUnusable: nothing was sent; the invoice is as it was.
    """
    invoice = _invoice(invoice_id)
    charge = invoice.send_payment()
    unknown = charge is not None and charge.state == Charge.State.PENDING
    return _ended(
        f"send_payment {invoice_id}",
        f"{charge or 'nothing was tried'}.",
        left=[f"{charge}: {charge.message} The outcome is not known."] if unknown else [],
        invoice=invoice_id,
        paid=invoice.paid,
        charge=charge and charge.pk,
        amount=charge and str(charge.amount),
        message=charge and charge.message,
    )


def _changed(what: str, summary: str, done: MonthReport, period: int) -> Report:
    return _ended(
        what,
        summary,
        left=summaries.left_of_month(done),
        period=period,
        changed=done.changed,
        held=len(done.held),
    )


def _ended(what: str, summary: str, *, left: list[str], **details: Any) -> Report:
    job, left = what.partition(" ")[0], [one_line(sentence) for sentence in left]
    report = {"job": job, "summary": f"{what}: {summary}", **details, "left": _named(left)}
    if left:
        named = " ".join(_named(left, NAMED_IN_MESSAGE))
        raise LeftUndone(f"{report['summary']} Left undone: {named} It is safe to run the job again.", report)
    return report


def _named(sentences: list[str], number: int = NAMED) -> list[str]:
    more = len(sentences) - number
    return sentences if more <= 0 else [*sentences[:number], f"And {more} more."]


def _period(period: object) -> int:
    if period is None:
        return runs.period_to_work(None)
    # A bool is an int, too.
    if type(period) is not int:
        raise BadPeriod(f"{shown(period)} is not a period: give the month as the number YYYYMM, e.g. 202612.")
    return runs.period_to_work(parse_period(shown(period)))


def _day(day: object) -> date | None:
    if day is None:
        return None
    if not isinstance(day, str):
        raise BadInput(f"{shown(day)} is not a day: write it as the text YYYY-MM-DD.")
    return parse_day(day)


def _ids(known: object) -> frozenset[str]:
    if not isinstance(known, (list, tuple)) or not all(isinstance(one, str) for one in known):
        raise BadInput(f"{shown(known)} is not a list of ids: give each of them as a text.")
    return frozenset(known)


def _invoice(invoice_id: object) -> Invoice:
    found = Invoice.objects.filter(pk=invoice_id).first() if type(invoice_id) is int else None
    if found is None:
        raise BadInput(f"There is no invoice with the id {shown(invoice_id)}: give the number invoice.pk.")
    return found
