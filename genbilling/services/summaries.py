"""What a verb did, in one line, and what it left undone, a sentence each: for commands and jobs."""

from __future__ import annotations

from collections import Counter

from .. import conf, money
from ..exceptions import one_line
from ..periods import first_day, get_next_billing_period, next_period
from .month import MonthReport
from .reconcile.report import Comparison
from .reports import DispatchReport


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 product``, ``2 products``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def of_create_invoices(report: MonthReport, period: int, ahead: bool = False) -> str:
    """Return how many invoices were opened by a run in `period`, or by one `ahead`, when it had not come."""
    months = f"{period} and {next_period(period)}" if ahead else f"{next_period(period)}"
    return _of_month(report, f"{counted(report.changed, 'invoice')} opened for {months}")


def of_reset_products(report: MonthReport) -> str:
    """Return how many products were reset, and what they keep."""
    done = _of_month(report, f"{counted(report.changed, 'product')} reset")
    if report.kept is None:
        return done
    steps, through = counted(report.kept.steps, "step"), report.kept.through
    until = f"whose invoices are not closed or are of a month to come, {through} at the latest"
    return f"{done} {steps} kept, {until}; --force takes them."


def of_restore_products(report: MonthReport, period: int) -> str:
    """Return how many products were restored by a run in `period`; where none was, why that is so."""
    done = _of_month(report, f"{counted(report.changed, 'product')} restored")
    before = report.restored
    if before is None:
        return done
    done = f"{done} {before.period} was restored on {before.on}"
    if before.period != period:
        return f"{done}, and an earlier period changes nothing, with --force either."
    if not before.sold_since:
        return f"{done}, and no periodic product was sold since."
    sold = counted(before.sold_since, "periodic product")
    return f"{done}; sold since, and left with what they used: {sold}; --force restores these, too."


def _of_month(report: MonthReport, done: str) -> str:
    return f"{done}." if report.changed else f"{done}; nothing to do."


def left_of_month(report: MonthReport) -> list[str]:
    """Return what a command that changes rows in batches left: those that were held."""
    if not report.held:
        return []
    keys = ", ".join(map(str, report.held))
    return [f"{len(report.held)} rows were held by other transactions all the while, and not worked: {keys}."]


def of_dispatch(report: DispatchReport, dry_run: bool = False) -> str:
    """Return the counts of a dispatch."""
    counts, currency = report.counts, conf.currency()
    billed, collected = (money.written(sum_, currency) for sum_ in (report.billed, report.collected))
    parts = [
        f"{counts['opened']} opened",
        f"{counts['closed']} closed (billed {billed})",
        f"{counts['settled at zero']} settled at zero",
    ]
    if dry_run:
        parts += [
            f"{counts['to charge']} to charge ({collected})",
            f"{counts['to resolve']} to resolve",
        ]
        if worked_out := counts["by a handler"]:
            parts.append(f"{counted(worked_out, 'flat rate')} worked out by a handler on the day")
    else:
        parts += [f"{counts['paid']} paid ({collected})", f"{counts['refused']} refused"]
    parts += [f"{counts['without a card']} without a card", _left_alone(report)]
    parts += [f"{counts['uncertain']} uncertain", f"{len(report.held)} held", f"{len(report.errors)} errors"]
    if report.announced:
        parts.append(f"{counted(report.announced, 'signal')} made good")
    return ", ".join(parts) + (f"; nothing to do.{_next_due(report)}" if report.idle else ".")


def _next_due(report: DispatchReport) -> str:
    due = report.next_due
    if due is None:
        return ""
    said = f" Next: {counted(due.invoices, 'invoice')} of {due.period}, due on {first_day(due.period)}"
    charges_them = due.period == get_next_billing_period()
    return f"{said}; --ahead charges today what is due then." if charges_them else f"{said}."


def _left_alone(report: DispatchReport) -> str:
    waits = {wait.value: count for wait, count in report.waits.items() if count}
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(waits.items()))
    return f"{sum(waits.values())} left alone" + (f" ({reasons})" if reasons else "")


def left_of_dispatch(report: DispatchReport) -> list[str]:
    """Return what a dispatch left undone, a line each; empty if it is complete."""
    left = list(report.errors)
    left += [
        f"account {account_id}: not worked; another transaction or run holds it, or charges it "
        "(a run that died counts as charging for five minutes)"
        for account_id in report.held
    ]
    left += [
        f"{charge} The outcome is not known; each run asks the gateway again." for charge in report.uncertain
    ]
    if report.stopped:
        left.append(f"The run was stopped: {report.stopped}")
    return [one_line(sentence) for sentence in left]


def of_comparison(found: Comparison) -> str:
    """Return the counts of a comparison with the gateway's books."""
    compared = ", ".join(
        counted(found.looked_at[f"{kind}s"], kind) for kind in ("transaction", "charge", "refund", "dispute")
    )
    would = "would be " if found.dry_run else ""
    return f"{compared} compared, {len(found.repaired)} {would}repaired, {len(found.left)} left."


def of_audit(looked_at: Counter[str], findings: int) -> str:
    """Return the counts of an audit."""
    rows = ", ".join(counted(looked_at[f"{kind}s"], kind) for kind in ("invoice", "charge", "product"))
    accounts = counted(looked_at["accounts"], "account")
    return f"{rows} and {accounts} looked at, {counted(findings, 'finding')}."
