"""The four commands: bad options, wrong credentials, dry runs, exit status."""

import os
import subprocess
import sys
from contextlib import contextmanager
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError

from genbilling.gateway import PaymentService
from genbilling.interface import add_step_to_product, cancel_account, use_product
from genbilling.models import Account, Charge, Installation, Invoice, InvoiceItem, Product
from tests.factories import (
    GOOD_CARD,
    a_user,
    amounts,
    an_owner,
    at,
    declare,
    hearing,
    invoice_of,
    invoices_of,
    product,
    run,
    run_failing,
    turn_the_month,
)
from tests.settings import TOP

pytestmark = pytest.mark.django_db

COMMANDS = ["create_invoices", "dispatch_invoices", "reset_products", "restore_products"]
every_command = pytest.mark.parametrize("command", COMMANDS)
CREDENTIALS = ["BRAINTREE_MERCHANT_ID", "BRAINTREE_PUBLIC_KEY", "BRAINTREE_PRIVATE_KEY"]


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN", periodic=True))


def books():
    """Every row of genbilling's tables."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in apps.get_app_config("genbilling").get_models()
    }


@contextmanager
def nothing_changes():
    before = books()
    yield
    assert books() == before


@pytest.fixture
def owners():
    """Three owners with a card whose first invoice is due in October, a step and some usage on it."""
    with at("2026-09-10"):
        users = [an_owner("PLAN", card=GOOD_CARD) for _ in range(3)]
        for user in users:
            add_step_to_product("PLAN", user)
            use_product("PLAN", user, 120)
    return users


def say(command, *arguments):
    """Run a command with arguments as typed, and return what it printed."""
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


# Options


NOT_PERIODS = [
    "december",
    "2026-12",
    "12/2026",
    "20261",
    "2026123",
    "202600",
    "202613",
    "000001",
    "000000",
    "999912",
    "189912",
    "+20261",
    "-20261",
    "2026 1",
    " 202612",
    "2026.1",
    "٢٠٢٦١٢",
    "",
]


@every_command
def test_a_period_that_is_no_month_is_an_error_that_names_it(owners, command):
    with nothing_changes():
        for period in NOT_PERIODS:
            with pytest.raises(CommandError, match=r"argument --period: .* is not a period") as caught:
                say(command, f"--period={period}")
            assert repr(period) in str(caught.value) or str(int(period)) in str(caught.value)


@every_command
def test_a_period_as_typed_is_accepted(owners, command):
    assert say(command, "--period", "202610").splitlines()[-1].startswith(f"{command} 202610: ")


@pytest.mark.parametrize("number", ["0", "-1", "eight", "1001", "9" * 5000])
def test_a_number_of_calls_that_no_run_can_have_is_refused_in_words(number):
    with nothing_changes(), pytest.raises(CommandError, match="a whole number from 1 to 1000"):
        run("dispatch_invoices", f"--in-flight={number}")


@every_command
@pytest.mark.parametrize("arguments", [["--perod", "202610"], ["202610"], ["--period"]])
def test_an_unknown_option_is_an_error(owners, command, arguments):
    with nothing_changes(), pytest.raises(CommandError):
        say(command, *arguments)


@every_command
def test_without_accounts_there_is_nothing_to_do(command):
    assert run(command).endswith("nothing to do.")
    assert run(command, dry_run=True).endswith("nothing to do.")


@every_command
def test_the_last_line_names_the_command_and_the_period(owners, command):
    with at("2026-10-01"):
        assert run(command).startswith(f"{command} 202610: ")


@every_command
def test_a_dry_run_counts_the_same_and_changes_nothing(owners, command):
    with at("2026-10-01"):
        if command != "dispatch_invoices":
            run("dispatch_invoices")
        with nothing_changes():
            dry = run(command, dry_run=True)
        assert "(dry run, nothing was changed)" in dry
        assert "nothing to do" not in dry
        if command != "dispatch_invoices":
            assert run(command) == dry.replace(" (dry run, nothing was changed)", "")


def test_create_invoices_opens_the_next_months_for_billable_accounts_only(owners):
    users = {status: an_owner() for status in Account.Status}
    for status, user in users.items():
        Account.objects.filter(owner=user).update(status=status)
    with at("2026-11-20"):
        assert "5 invoices opened for 202612." in run("create_invoices")
        assert "nothing to do" in run("create_invoices")
    opened = Invoice.objects.filter(period=202612).values_list("account__owner", flat=True)
    assert set(opened) == {user.pk for user in (*owners, users["active"], users["grace"])}


def test_an_account_that_lacks_a_card_or_is_cancelled_stops_no_other(owners):
    with at("2026-09-12"):
        poor = an_owner("PLAN")
        cancel_account(owners[0])
    with at("2026-10-01"):
        summary = run("dispatch_invoices")
    assert "3 paid" in summary
    assert "1 without a card" in summary
    assert invoice_of(poor, 202610).failed


def test_commands_leave_users_without_an_account_alone(owners):
    a_user()
    with at("2026-10-01"):
        turn_the_month()
    assert Account.objects.count() == 3


# A gateway that cannot be used


def assert_nobody_was_tried(owners):
    for user in owners:
        for invoice in invoices_of(user):
            assert (invoice.sent, invoice.paid, invoice.failed) == (False, False, False)
            assert invoice.pending_charge is None
    assert not Charge.objects.exclude(state=Charge.State.NOT_SENT).exists()
    assert Charge.objects.count() <= len(owners), "the run stopped at once"


@pytest.mark.parametrize("name", CREDENTIALS)
def test_wrong_credentials_stop_the_run_at_once_and_charge_nobody(settings, owners, name):
    right = getattr(settings, name)
    setattr(settings, name, "wrong-one")
    # As of books that no merchant has answered yet.
    Installation.objects.update(merchant_id="")
    with at("2026-10-01"), hearing() as heard:
        for _ in range(2):
            output = run_failing("dispatch_invoices")
            assert "The run was stopped: GatewayUnusable: Braintree refuses the credentials" in output
            assert "0 paid (0.00), 0 refused" in output
            assert "wrong-one" not in output
        assert heard == []
        for user in owners:
            assert not invoice_of(user, 202610).failed
        setattr(settings, name, right)
        for charge in Charge.objects.all():
            assert PaymentService().find_sale(charge.order_id) is None
        assert "3 paid (75.00)" in run("dispatch_invoices")
    assert [name for name, said in heard] == ["invoice_sent"] * 3


def test_wrong_credentials_count_no_try_of_anybody(settings, owners):
    settings.BRAINTREE_PRIVATE_KEY = "wrong"
    with at("2026-10-01"):
        run_failing("dispatch_invoices")
    assert_nobody_was_tried(owners)


@pytest.mark.django_db(transaction=True)
def test_wrong_credentials_stop_the_run_within_its_first_window(settings, owners):
    settings.GENBILLING = {**settings.GENBILLING, "CALLS_IN_FLIGHT": 2}
    with at("2026-09-12"):
        more = [an_owner("PLAN", card=GOOD_CARD) for _ in range(12)]
    settings.BRAINTREE_PUBLIC_KEY = "wrong"
    with at("2026-10-01"):
        run_failing("dispatch_invoices")
    assert Charge.objects.filter(state=Charge.State.NOT_SENT).count() == Charge.objects.count() < 15
    settings.BRAINTREE_PUBLIC_KEY = "integration_public_key"
    with at("2026-10-01"):
        assert f"{len(owners + more)} paid" in run("dispatch_invoices")


@pytest.mark.parametrize("name", ["BRAINTREE_ENVIRONMENT", *CREDENTIALS])
def test_a_missing_setting_stops_a_dispatch_before_anything_is_done(settings, owners, name):
    settings.BRAINTREE_ENVIRONMENT = "http://localhost:3000"
    delattr(settings, name)
    with at("2026-10-01"), nothing_changes():
        assert f"The setting {name} is missing" in run_failing("dispatch_invoices")


@every_command
def test_a_wrong_genbilling_setting_stops_a_dispatch_and_no_more(settings, owners, command):
    settings.GENBILLING = {**settings.GENBILLING, "MAX_TRYS": 3}
    with at("2026-10-01"):
        if command == "dispatch_invoices":
            with nothing_changes():
                assert "unknown key 'MAX_TRYS'" in run_failing(command)
        else:
            run(command)


def test_a_wrong_declaration_stops_the_billing_and_loses_nothing(settings, owners):
    declare(settings, product("PLAN", flat_rate=10.0))
    with at("2026-10-01"):
        output = run_failing("dispatch_invoices")
        assert "Product 'PLAN': the key 'flat_rate' is 10.0" in output
        assert not Invoice.objects.filter(closed=True).exists()
        assert InvoiceItem.objects.count() == 6, "the first month's rate and the step, thrice"
        declare(settings, product("PLAN"))
        assert "3 paid (75.00)" in run("dispatch_invoices")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("setting", "status", "said"),
    [
        ("", 0, "3 paid (75.00)"),
        ('BRAINTREE_PRIVATE_KEY = "wrong"', 1, "Braintree refuses the credentials"),
        (
            'BRAINTREE_ENVIRONMENT = "http://localhost:3000"; del BRAINTREE_PRIVATE_KEY',
            1,
            "BRAINTREE_PRIVATE_KEY is missing",
        ),
    ],
    ids=["all well", "wrong credentials", "no credentials"],
)
def test_the_exit_status_tells_cron(owners, database_env, tmp_path, setting, status, said):
    (tmp_path / "cron_settings.py").write_text(
        "from tests.settings import *\n"
        'GENBILLING["PRODUCTS"] = "tests.test_commands.CRON_PRODUCTS"\n'
        f"{setting}\n"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "dispatch_invoices", "--period", "202610"],
        cwd=TOP,
        env={
            **database_env,
            "DJANGO_SETTINGS_MODULE": "cron_settings",
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{TOP}",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "account/s" not in done.stderr, "no progress bar where there is no terminal"
    assert Invoice.objects.filter(paid=True).count() == (0 if status else 3)


CRON_PRODUCTS = [product("PLAN", periodic=True)]


def test_a_run_that_is_done_twice_bills_once(owners):
    with at("2026-10-01"):
        for _ in range(3):
            turn_the_month()
    for user in owners:
        assert amounts(invoice_of(user, 202610)) == [Decimal("10.00"), Decimal("5.00"), Decimal("10.00")]
        assert invoice_of(user, 202610).charges.count() == 1
    assert set(Product.objects.values_list("used", "capacity")) == {(0, 100)}
