import importlib
from pathlib import Path

import pytest

from .conftest import REAL_KEYS
from .rows import CODES, ENDPOINTS, MARKER


def cases():
    """Give every test function of this folder, whatever part of it is run."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"{__package__}.{path.stem}")
        yield from (case for name, case in vars(module).items() if name.startswith("test_"))


def covered():
    return {row for case in cases() for mark in marks_of(case) for row in mark.args}


def marks_of(case):
    return [mark for mark in getattr(case, "pytestmark", ()) if mark.name == MARKER]


def test_every_endpoint_and_every_error_code_has_a_case():
    assert {*ENDPOINTS, *CODES} - covered() == set()


def test_the_suite_also_runs_against_braintrees_own_sandbox():
    missing = [f"BRAINTREE_CONTRACT_{name.upper()}" for name, value in REAL_KEYS.items() if not value]
    if missing:
        pytest.skip(f"not run against Braintree's own sandbox: {', '.join(missing)} not set to keys for it")
