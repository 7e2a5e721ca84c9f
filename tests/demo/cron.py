"""What cron runs at two in the morning: the month's commands every day, here the proofs on the first."""

from contextlib import redirect_stderr
from io import StringIO

from django.core.management import call_command

from . import paper

DAILY = (
    "dispatch_invoices",
    "create_invoices",
    "reset_products",
    "restore_products",
)
# A project runs them every day, too; here that would take longer, and say the same.
ON_THE_FIRST = ("reconcile_payments", "audit_billing")


def run_daily(day):
    """Run what is due on `day`; but for the first, a command that sends no signal is not shown."""
    is_first = day.day == 1
    for command in DAILY:
        run(command, always_shown=is_first)
    for command in ON_THE_FIRST if is_first else ():
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
