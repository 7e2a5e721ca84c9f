"""Plays the newcomer: does what the README says, in its order, from an empty folder to a paid invoice.

`python -m tests.newcomer sqlite postgresql` does it to the letter, with a virtual environment and pip; the
test of the README does it in the Python that runs the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.readme import Block, blocks

TOP = Path(__file__).resolve().parent.parent
FOLLOWED = ("Install it into your project", "Test your billing offline")
# What the README promises: the receiver's words, the invoice, the tests of its last step.
PROMISED = ("Dear ada, invoice 1 of 19.98 is paid.", "1 19.98 paid", "2 passed")
# What it does not ask for, and what a newcomer who looks closely would do.
PROOF = "python manage.py audit_billing\npython manage.py reconcile_payments\n"
INSTALLING = ("python3 -m venv", "pip install")
DATABASES = ("sqlite", "postgresql")


def script(database: str, *, here: bool = False) -> str:
    """Return the README's steps for `database` as a script for bash; `here`: without installing anything."""
    steps = (one for one in blocks() if one.heading in FOLLOWED and one.database in ("", database))
    return "\n".join(["set -e", *(_typed(step, here) for step in steps), PROOF])


def play(database: str, folder: Path, *, here: bool = False) -> str:
    """Follow the README in the empty `folder`, and return what was printed.

    Raises:
        AssertionError: a step failed, or something that the README promises did not come.
    """
    if not here:
        _check_out(folder / "genbilling")
    steps = folder / "steps.sh"
    steps.write_text(script(database, here=here))
    done = subprocess.run(
        ["bash", "-x", str(steps)],
        cwd=folder,
        env=_environment(database, here),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    missing = [promise for promise in PROMISED if promise not in done.stdout]
    assert (done.returncode, missing) == (0, []), done.stdout
    return done.stdout


def _typed(step: Block, here: bool) -> str:
    if not step.python:
        lines = step.text.splitlines()
        return "\n".join(line for line in lines if not (here and line.startswith(INSTALLING)))
    command = f"cat {'>>' if step.appended else '>'} {step.file}" if step.file else "python manage.py shell"
    return f"{command} <<'END'\n{step.text}END"


def _check_out(folder: Path) -> None:
    """Put there what pip builds the package from; a build in the tree would leave something behind."""
    folder.mkdir()
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.rst", "LICENSE"):
        shutil.copy(TOP / name, folder)
    shutil.copytree(TOP / "genbilling", folder / "genbilling", ignore=shutil.ignore_patterns("__pycache__"))


def _environment(database: str, here: bool) -> dict[str, str]:
    """Return the environment of somebody who has nothing to do with these tests."""
    ours = ("COVERAGE", "DJANGO_", "GENBILLING_", "PYTEST_", "PYTHON", "TOX_", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    if here:
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
        env["PYTHONPATH"] = str(TOP)
    return env | _server(env["PATH"]) if database == "postgresql" else env


def _server(path: str) -> dict[str, str]:
    """Start a PostgreSQL of the newcomer's own, and return what leads libpq and `createdb` there."""
    # Imported here: whoever works on SQLite needs no psycopg and no server.
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    from tests.postgres import PROGRAMS, start  # noqa: PLC0415

    found = conninfo_to_dict(start())
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    where = {variable: str(found[name]) for name, variable in names.items() if found.get(name)}
    return where | {"PATH": f"{path}{os.pathsep}{PROGRAMS}"}


def main(databases: list[str]) -> None:
    """Follow the README on each of `databases`, or on both."""
    for database in databases or DATABASES:
        with tempfile.TemporaryDirectory(prefix="newcomer-") as folder:
            print(play(database, Path(folder)))
        print(f"On {database} the README leads from an empty folder to a paid invoice.", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
