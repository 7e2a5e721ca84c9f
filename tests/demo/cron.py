"""What cron runs, at two in the morning: dispatch every day, and after it, on the first, the others."""

from contextlib import redirect_stderr
from io import StringIO

from django.core.management import call_command

from . import paper

ON_THE_FIRST = (
    "create_invoices",
    "reset_products",
    "restore_products",
    "reconcile_payments",
    "audit_billing",
)


def run_daily(day):
    """Run what is due on `day`; a day on which nothing is charged is not shown."""
    run("dispatch_invoices", always_shown=day.day == 1)
    if day.day == 1:
        for command in ON_THE_FIRST:
            run(command)


def run(command, always_shown=True):
    """Run a command without a terminal, as cron does, so that it draws no progress bar."""
    paper.command(command)
    said, complaints = StringIO(), StringIO()
    try:
        with redirect_stderr(complaints):
            call_command(command, stdout=said)
    finally:
        if complaints.getvalue():
            paper.output(complaints.getvalue().strip(), "red")
        if always_shown or not paper.is_silent():
            paper.output(said.getvalue().strip())
