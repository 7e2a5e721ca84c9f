"""The demo runs as the README says, twice; and its proof finds what is wrong."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent

# braintree 4.48 warns about two names of its own whenever it is imported.
WARNINGS = (
    "error,ignore:Use ProtectionLevel enum instead:DeprecationWarning,"
    "ignore:Use protection_level parameter instead:DeprecationWarning"
)

# What is done to which book, and what the demo says of it.
TAMPERED = {
    "a sale is a cent less at Braintree": (
        "braintree",
        "UPDATE transactions SET amount = amount - 1 WHERE number = 1",
        "it has 25 paid sales of 731.59, 5 declined.",
    ),
    "a sale is void at Braintree": (
        "braintree",
        "UPDATE transactions SET status = 'voided' WHERE number = 1",
        "Invoice 1 of 19.98 is called paid, but Braintree collected nothing.",
    ),
    "a sale at Braintree is none of ours": (
        "braintree",
        "UPDATE transactions SET order_id = 'somebody-elses' WHERE number = 1",
        "In Braintree's book, and not in ours: sale ",
    ),
    "a sale is twice at Braintree": (
        "braintree",
        "UPDATE transactions SET order_id = (SELECT order_id FROM transactions WHERE number = 1)"
        " WHERE number = 2",
        "is 2 times in Braintree's book.",
    ),
    "a charge of ours is not known at Braintree": (
        "project",
        "UPDATE genbilling_charge SET sent_order_id = 'lost' WHERE id = 1",
        "In our book, and not in Braintree's: sale ",
    ),
    "an invoice that was refused is called paid": (
        "project",
        "UPDATE genbilling_invoice SET paid = 1, paid_at = failed_at, failed = 0, failed_at = NULL"
        " WHERE number = 3",
        "Invoice 3 of 2001.00 is called paid, but Braintree collected nothing.",
    ),
    "an invoice comes to a cent more": (
        "project",
        "UPDATE genbilling_invoice SET total = 10.00 WHERE number = 12",
        "our book says billed 39.97, paid 39.97, owed 0.00.",
    ),
}


def demo(folder, *options):
    env = {**os.environ, "GENBILLING_DEMO_FOLDER": str(folder), "PYTHONWARNINGS": WARNINGS, "COLUMNS": "300"}
    env.pop("FORCE_COLOR", None)
    # The demo is slower by half when its coverage is measured, and covers nothing else than the other tests.
    env.pop("COVERAGE_PROCESS_CONFIG", None)
    command = [sys.executable, "-m", "tests.demo", *options]
    return subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of the demo that has ended, and its folder."""
    folder = tmp_path_factory.mktemp("demo") / "not-there-yet"
    return demo(folder), folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of the folder, to do with as one likes."""
    return shutil.copytree(finished[1], tmp_path / "copy")


def test_the_demo_ends_well(finished):
    run, _ = finished
    assert run.stderr == ""
    assert run.returncode == 0
    assert "Verdict: all is well. 13 accounts are as expected" in run.stdout
    for signal in ("invoice_sent", "credit_card_error", "account_expired", "low_capacity"):
        assert f"    {signal} " in run.stdout


def test_a_second_run_starts_clean(finished, folder):
    before = finished[0].stdout
    again = demo(folder)
    assert again.returncode == 0
    assert again.stdout == before.replace(str(finished[1]), str(folder))


@pytest.mark.parametrize("what", TAMPERED)
def test_the_proof_finds_books_that_were_tampered_with(folder, what):
    book, statement, finding = TAMPERED[what]
    with closing(sqlite3.connect(folder / f"{book}.sqlite3")) as books, books:
        books.execute("DROP TRIGGER IF EXISTS genbilling_keep_closed_invoice")
        assert books.execute(statement).rowcount == 1
    run = demo(folder, "--check")
    assert run.returncode == 1
    assert finding in run.stdout
    assert "Verdict: the books are WRONG" in run.stderr


def test_there_is_nothing_to_check_before_the_first_run(tmp_path):
    run = demo(tmp_path, "--check")
    assert run.returncode == 1
    assert "There is no earlier run" in run.stderr
