"""The demo as a command: make everything new, live through three months, show the books, prove them."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from tests.demo import books, browser, cron, paper, proof, tables
from tests.demo.clock import at, days
from tests.demo.expected import ACCOUNTS, GATEWAY
from tests.demo.story import FIRST_DAY, LAST_DAY, STORY

CRON_HOUR, OFFICE_HOUR = 2, 12


class Command(BaseCommand):
    help = "Bills thirteen customers for three months, and proves that the books are right."
    # They open the database (Django 6), and that comes after a clean start.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--serve", action="store_true", help="then show the books in a browser")
        parser.add_argument("--port", type=int, default=8000, help="where --serve listens (%(default)s)")
        parser.add_argument(
            "--check", action="store_true", help="tell no story, compare the books of the last run again"
        )

    def handle(self, *args, **options):
        if options["check"]:
            find_the_last_run()
        else:
            start_clean()
            introduce()
            live_through_three_months()
            paper.chapter("The books")
            tables.show_accounts()
        prove()
        if options["serve"]:
            browser.serve(options["port"])


def start_clean():
    """Take away what an earlier run left: the database, Braintree's books, and SQLite's files beside them."""
    settings.FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("project", "braintree"):
        for file in settings.FOLDER.glob(f"{name}.sqlite3*"):
            file.unlink()
    call_command("migrate", verbosity=0, skip_checks=False)


def find_the_last_run():
    if not settings.DATABASES["default"]["NAME"].exists():
        raise CommandError(f"There is no earlier run in {settings.FOLDER}: leave out --check.")


def introduce():
    paper.console.print(
        "A project sells five products to thirteen customers. genbilling bills them, and\n"
        "charges their cards through Braintree's SDK. Braintree itself is embedded: no\n"
        "network is needed. In its sandbox the amount decides: from 2000 to 2999.99 a\n"
        "card is declined, as Fred's and Gina's will be.\n\n"
        "Cron runs every night; nights on which it charges nothing are not shown.\n"
        f"The files are in {settings.FOLDER}, made new by each run.",
        soft_wrap=True,
    )


def live_through_three_months():
    paper.chapter("Three months")
    for day in days(FIRST_DAY, LAST_DAY):
        paper.day(day)
        if day > FIRST_DAY:
            with at(day, CRON_HOUR):
                cron.run_daily(day)
        with at(day, OFFICE_HOUR):
            for happening in STORY.get(day, ()):
                paper.told(happening.__doc__)
                happening()
            if day == FIRST_DAY:
                paper.told("Once, at the start of a project (here the products have opened the invoices):")
                cron.run("create_invoices")


def prove():
    """Compare what was expected with both books.

    Raises:
        CommandError: something differs; exit status 1.
    """
    booked, ours, theirs = books.our_totals(), books.our_sales(), books.their_sales()
    paper.chapter("The proof")
    tables.show_totals(ACCOUNTS, booked)
    tables.show_gateway(GATEWAY, proof.summed(ours), proof.summed(theirs))
    problems = [
        *proof.check_accounts(ACCOUNTS, booked),
        *proof.check_gateway(GATEWAY, theirs),
        *proof.check_sales(ours, theirs),
        *proof.check_invoices(books.our_paid_invoices(), theirs),
    ]
    paper.console.print()
    for problem in problems:
        paper.output(problem, "red")
    if problems:
        raise CommandError("Verdict: the books are WRONG, as said above.")
    paper.console.print(
        f"Verdict: all is well. {len(booked)} accounts are as expected, and the {len(theirs)} sales in our\n"
        "book and in Braintree's are the same, to the cent.",
        style="bold green",
    )
