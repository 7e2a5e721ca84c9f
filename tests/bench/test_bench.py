import os
import subprocess
import sys

import pytest

from tests.settings import TOP

pytestmark = pytest.mark.postgres

PAGE = ".. figures begins\n.. figures ends\n\n.. million begins\nby hand\n.. million ends\n"

WHAT = (
    "closing, 20 accounts with one product",
    "closing, 20 accounts with two products and a step",
    "dispatch, 20 due, gateway at 0 ms, 8 in flight",
    "the same, with a receiver",
    "dispatch, 20 due, gateway at 100 ms, 32 in flight",
    "two dispatch processes against one",
    "statements per dispatched invoice, 10 due",
    "statements per dispatched invoice, 20 due",
    "create_invoices, 20 accounts",
    "restore_products, 40 products",
    "reset_products, 40 products",
    "dispatch_invoices, no card on file, 20 accounts against 10: time per account",
    "reset_products, 20 accounts against 10: peak memory",
    "use_product, 1 process",
    "use_product, 2 process",
    "the sandbox over HTTP",
)


def bench(page, *options):
    page.write_text(PAGE)
    command = [sys.executable, "-m", "tests.bench", "--short", "--page", str(page), *options]
    # Without the name of this test's own settings, if pytest-django was given any; and unmeasured.
    without = {"DJANGO_SETTINGS_MODULE", "COVERAGE_PROCESS_CONFIG"}
    environment = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True)


def test_the_bench_writes_a_row_for_every_figure(tmp_path):
    page = tmp_path / "page.rst"
    done = bench(page)
    assert done.returncode == 0, done.stderr
    written, rest = page.read_text().split(".. figures ends")
    for what in WHAT:
        assert f"* - {what}" in written
    assert rest == PAGE.split(".. figures ends")[1]


def test_the_bench_writes_a_row_for_each_command_and_database_of_the_million(tmp_path):
    page = tmp_path / "page.rst"
    done = bench(page, "--million")
    assert done.returncode == 0, done.stderr
    written = page.read_text()
    assert written.count("- SQLite") == written.count("- PostgreSQL\n") == 4


def test_one_figure_is_printed_and_not_written(tmp_path):
    page = tmp_path / "page.rst"
    done = bench(page, "--only", "create")
    assert done.returncode == 0, done.stderr
    assert "create_invoices, 20 accounts" in done.stdout
    assert page.read_text() == PAGE
