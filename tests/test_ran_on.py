"""A tox run in which no test ran does not look good."""

import subprocess
import sys

import pytest

from tests.settings import TOP

SQLITE = "Python 3.13.0, Django 6.1.3, SQLite 3.45.1: 40 passed, 1 failed, 2 skipped"
POSTGRES = "Python 3.13.0, Django 6.1.3, PostgreSQL 16.2: 60 passed, 0 failed, 0 skipped"


def told(file):
    command = [sys.executable, "-m", "tests.ran_on", str(file)]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True)


def test_it_tells_what_ran_and_ends_with_the_sum(tmp_path):
    file = tmp_path / "ran-on.txt"
    file.write_text(f"{SQLITE}\n{POSTGRES}\n")
    done = told(file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Ran on:", SQLITE, POSTGRES, "100 passed, 1 failed, 2 skipped"]


@pytest.mark.parametrize(
    "lines", [[SQLITE], [SQLITE, POSTGRES.replace("60 passed", "0 passed")]], ids=["no run", "nothing passed"]
)
def test_a_database_on_which_nothing_ran_fails_the_run(tmp_path, lines):
    file = tmp_path / "ran-on.txt"
    file.write_text("\n".join(lines))
    done = told(file)
    assert done.returncode == 1
    assert "No test ran on PostgreSQL." in done.stderr


def test_a_run_that_wrote_nothing_down_fails(tmp_path):
    done = told(tmp_path / "ran-on.txt")
    assert done.returncode == 1
    assert "No test ran on SQLite and on PostgreSQL." in done.stderr
    assert done.stdout.splitlines()[-1] == "0 passed, 0 failed, 0 skipped"
