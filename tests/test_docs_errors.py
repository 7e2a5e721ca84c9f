"""docs/errors.rst has every error and every check, each with its way out."""

import re

import pytest

from genbilling import interface
from tests.newcomer import TOP
from tests.test_exceptions import ERRORS, ROOTS

DOCUMENT = (TOP / "docs" / "errors.rst").read_text()
RAISED = sorted({one.__name__ for one in ERRORS} - ROOTS)
CHECKS = sorted(set(re.findall(r'id="(genbilling\.\w+)"', (TOP / "genbilling" / "checks.py").read_text())))


@pytest.mark.parametrize("name", RAISED)
def test_an_error_has_its_row(name):
    assert re.search(rf"^{name}  +\S.*  +\S", DOCUMENT, re.MULTILINE)


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_has_its_row(check):
    assert re.search(rf"^``{check}``  +\S", DOCUMENT, re.MULTILINE)


def test_no_row_is_of_an_error_that_there_is_not():
    rows = re.findall(r"^([A-Z]\w+)  +\S", DOCUMENT, re.MULTILINE)
    assert rows == RAISED, "in the order of the alphabet"


def test_the_functions_that_raise_them_are_the_interfaces():
    named = set(re.findall(r"``(\w+_\w+)``", DOCUMENT.partition("What the commands say")[0]))
    others = {
        "spend_amount",
        "send_payment",
        "get_product_by_name",
        "reconcile_payments",
        "dispatch_invoices",
    }
    assert {name for name in named - others if not name.isupper() and not hasattr(interface, name)} == set()
