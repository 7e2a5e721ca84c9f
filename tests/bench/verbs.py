"""What of genbilling is measured, and how it is called: the one place to change when a name does."""

from genbilling.interface import use_product
from genbilling.services import billing, month
from genbilling.services.reports import DispatchReport

__all__ = ["MONTH", "close_due", "dispatch", "use_product"]

MONTH = {
    "create_invoices": month.create_invoices,
    "restore_products": month.restore_products,
    "reset_products": month.reset_products,
}


def dispatch(period, in_flight):
    report = billing.dispatch_invoices(period, in_flight=in_flight)
    _refuse_errors(report)
    return report


def close_due(period):
    report = DispatchReport()
    billing.close_due(period, report)
    _refuse_errors(report)
    return report


def _refuse_errors(report):
    # What failed quickly must not pass for speed.
    assert report.complete, report
