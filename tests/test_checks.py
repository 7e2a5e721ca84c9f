"""System checks: each fires by its id, and is silent where all is well."""

import os
import subprocess
import sys
from io import StringIO

import django
import pytest
from django.core.checks import ERROR, WARNING, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from genbilling.interface import remove_product_from_account
from tests.factories import GOOD_CARD, an_owner, at, declare, product
from tests.routers import an_empty_file, another_database
from tests.settings import TOP

# Since Django 6.1 checks look at the database unasked.
pytestmark = pytest.mark.django_db


def ids(**options):
    return [message.id for message in run_checks(tags=["genbilling"], **options)]


def check(**options):
    """Run the command, and return what it said on standard error."""
    err = StringIO()
    call_command("check", tags=["genbilling"], stdout=StringIO(), stderr=err, **options)
    return err.getvalue()


@pytest.fixture
def production(settings):
    settings.BRAINTREE_ENVIRONMENT = "production"


def test_a_project_that_is_set_up_well_hears_nothing():
    assert ids() == []
    assert check() == ""


def test_every_message_has_a_hint(settings):
    declare(settings, product("PLAN", step=0))
    settings.BRAINTREE_MERCHANT_ID = ""
    messages = run_checks(tags=["genbilling"], include_deployment_checks=True)
    assert sorted(message.id for message in messages) == [
        "genbilling.E002",
        "genbilling.E003",
        "genbilling.E004",
    ]
    assert all(message.hint and message.level == ERROR for message in messages)


# E001


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"RETRY": 1}, "unknown key 'RETRY'"),
        ({"MAX_TRIES": 0}, "GENBILLING['MAX_TRIES'] is 0: it must be a whole number"),
        ({"PRODUCTS": None}, "GENBILLING['PRODUCTS'] is None"),
        ([], "must be a dict"),
    ],
)
def test_e001_is_a_wrong_genbilling_dict(settings, given, said):
    settings.GENBILLING = given
    assert ids() == ["genbilling.E001"]
    with pytest.raises(SystemCheckError, match=r"genbilling\.E001") as caught:
        check()
    assert said in str(caught.value)


# E002


@pytest.mark.parametrize(
    "name",
    ["BRAINTREE_ENVIRONMENT", "BRAINTREE_MERCHANT_ID", "BRAINTREE_PUBLIC_KEY", "BRAINTREE_PRIVATE_KEY"],
)
def test_e002_is_a_missing_braintree_setting(settings, name):
    settings.BRAINTREE_ENVIRONMENT = "http://localhost:3000"
    delattr(settings, name)
    assert ids() == ["genbilling.E002"]
    with pytest.raises(SystemCheckError, match=rf"genbilling\.E002\) The setting {name} is missing"):
        check()


def test_e002_is_an_environment_that_there_is_not_too(settings):
    settings.BRAINTREE_ENVIRONMENT = "https://localhost:3000"
    assert ids() == ["genbilling.E002"]


# E003


def test_e003_names_the_product_and_the_key_of_every_wrong_declaration(settings):
    declare(settings, product("PLAN", flat_rate=9.99), product("MORE", stepp=1), product("PLAN"))
    assert ids() == ["genbilling.E003"] * 3
    with pytest.raises(SystemCheckError) as caught:
        check()
    for said in (
        "Product 'PLAN': the key 'flat_rate' is 9.99",
        "Product 'MORE': the key 'stepp' is unknown",
        "Product 'PLAN': the key 'name' is a duplicate",
    ):
        assert said in str(caught.value)


def test_e003_is_a_path_that_leads_nowhere_too(settings):
    settings.GENBILLING = {"PRODUCTS": "shop.no_products"}
    assert ids() == ["genbilling.E003"]
    with pytest.raises(SystemCheckError, match=r"cannot be imported: No module named 'shop'") as caught:
        check()
    assert "leads to what is called PRODUCTS in the file shop/products.py" in str(caught.value)
    assert "A product needs name" not in str(caught.value)


def test_e003_hints_at_the_path_of_a_handler_that_leads_nowhere(settings):
    declare(settings, product("PLAN", bill="shop.billing.bill"), product("MORE", step=0))
    path, keys = [message.hint for message in run_checks(tags=["genbilling"])]
    assert path.startswith("The path")
    assert keys.startswith("A product needs")


# E004


@pytest.mark.parametrize("environment", ["embedded", "sandbox", "http://localhost:3000"])
def test_e004_is_anything_but_production_on_a_live_site(settings, environment):
    settings.BRAINTREE_ENVIRONMENT = environment
    assert ids(include_deployment_checks=True) == ["genbilling.E004"]
    assert ids() == [], "only with --deploy"
    assert check() == ""
    with pytest.raises(SystemCheckError, match=rf"genbilling\.E004.*{environment}.*no real card"):
        check(deploy=True)


def test_e004_says_where_the_embedded_braintree_keeps_its_books(braintree):
    with pytest.raises(SystemCheckError, match=rf"genbilling\.E004.*Its books are in {braintree.books}\."):
        check(deploy=True)


def test_e004_is_silent_in_production(production):
    assert ids(include_deployment_checks=True) == []
    assert check(deploy=True) == ""


# E005 and W001: each needs a database of its own, and so a process.

ALONE = """
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "genbilling"],
    DATABASES={databases},
    BRAINTREE_ENVIRONMENT="embedded",
    BRAINTREE_MERCHANT_ID="id",
    BRAINTREE_PUBLIC_KEY="public",
    BRAINTREE_PRIVATE_KEY="private",
    GENBILLING={{"EMBEDDED_DB": ":memory:"}},
)
django.setup()
from django.core.checks import run_checks
print(*(message.id for message in run_checks(tags=["genbilling"])))
"""
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


@pytest.mark.parametrize(
    ("databases", "expected"),
    [
        ({}, "genbilling.E005"),
        ({"default": SQLITE}, "genbilling.W001"),
        ({"default": SQLITE | {"OPTIONS": {"transaction_mode": "DEFERRED"}}}, "genbilling.W001"),
        ({"default": SQLITE | {"OPTIONS": {"transaction_mode": "IMMEDIATE"}}}, ""),
    ],
    ids=["another database", "sqlite", "sqlite deferred", "sqlite immediate"],
)
def test_e005_is_another_database_and_w001_sqlite_without_immediate_transactions(databases, expected):
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE.format(databases=databases)],
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == expected


# W002


@pytest.fixture
def held(settings, db):
    """An owner of OLD, which is declared no more."""
    declare(settings, product("OLD"), product("NEW"))
    users = [an_owner("OLD", "NEW"), an_owner("OLD")]
    declare(settings, product("NEW"))
    return users


def test_w002_is_a_product_that_is_held_but_declared_no_more(held):
    [message] = run_checks(tags=["genbilling"], databases=["default"])
    assert (message.id, message.level) == ("genbilling.W002", WARNING)
    assert "'OLD'" in message.msg
    assert "genbilling.W002" in check(databases=["default"])


def test_w002_looks_at_the_database_where_django_does_so_unasked(held):
    unasked = django.VERSION >= (6, 1)
    assert ids() == ["genbilling.W002"] * unasked
    assert ("W002" in check()) is unasked


def test_w002_is_silent_where_what_is_held_is_declared(settings, held):
    declare(settings, product("OLD"), product("NEW"))
    assert ids(databases=["default"]) == []


def test_w002_is_silent_once_the_product_has_ended(settings, db):
    declare(settings, product("OLD"))
    with at("2026-09-10"):
        user = an_owner("OLD")
        declare(settings)
        remove_product_from_account("OLD", user)
        assert ids(databases=["default"]) == ["genbilling.W002"], "it is still to be billed for September"
    with at("2026-10-01"):
        assert ids(databases=["default"]) == []


def test_w002_says_nothing_beside_a_wrong_declaration(settings, held):
    declare(settings, product("NEW", step=0))
    assert ids(databases=["default"]) == ["genbilling.E003"]


# E009


def test_e009_is_a_folder_that_there_is_not(settings, tmp_path):
    settings.GENBILLING = {"EMBEDDED_DB": tmp_path / "nowhere" / "books.sqlite3"}
    with pytest.raises(SystemCheckError, match=rf"genbilling\.E009.*{tmp_path}/nowhere/books\.sqlite3"):
        check()


def test_e009_is_a_relative_path_with_nothing_to_go_by(settings, monkeypatch):
    del settings.BASE_DIR
    monkeypatch.setattr(connection, "vendor", "postgresql")
    settings.GENBILLING = {"EMBEDDED_DB": "books.sqlite3"}
    with pytest.raises(SystemCheckError, match=r"genbilling\.E009.*BASE_DIR"):
        check()


# E007 and E008


@pytest.fixture
def other(db, tmp_path, settings):
    """A second database, where the router sends what is genbilling's."""
    with another_database("other", **an_empty_file(tmp_path / "other.sqlite3")) as connection:
        settings.DATABASE_ROUTERS = ["tests.routers.BooksInOther"]
        yield connection
        settings.DATABASE_ROUTERS = []


def test_e007_is_a_database_in_manual_transaction_mode(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    assert ids() == ["genbilling.E007"]
    with pytest.raises(SystemCheckError, match=r"genbilling\.E007\) The database 'default', .*AUTOCOMMIT"):
        check()


def test_e008_is_a_router_that_keeps_the_users_apart_from_the_books(other):
    other.settings_dict["OPTIONS"] = {"transaction_mode": "IMMEDIATE"}
    assert ids() == ["genbilling.E008"]
    with pytest.raises(SystemCheckError, match=r"genbilling\.E008\) auth\.User is written to .*'default'"):
        check()


def test_e008_is_a_router_that_keeps_some_of_the_books_apart(other, settings):
    settings.DATABASE_ROUTERS = ["tests.routers.ChargesInOther"]
    assert ids() == ["genbilling.E008"]
    with pytest.raises(SystemCheckError, match=r"genbilling\.Charge is written to the database 'other'"):
        check()


def test_e008_is_silent_where_two_names_lead_to_one_database(db, settings):
    with another_database("other"):
        settings.DATABASE_ROUTERS = ["tests.routers.BooksInOther"]
        assert ids() == []
        settings.DATABASE_ROUTERS = []


def test_the_database_that_is_looked_at_is_the_one_of_the_books(other):
    assert "genbilling.W001" in ids(), "SQLite without immediate transactions, and not the default database"
    other.settings_dict["AUTOCOMMIT"] = False
    assert "genbilling.E007" in ids()
    assert "genbilling.W002" not in ids(databases=["default"]), "there are no tables there"


# E010


def test_settings_that_point_at_another_merchant_than_the_books_belong_to(settings):
    an_owner(card=GOOD_CARD)
    settings.BRAINTREE_MERCHANT_ID = "another"
    [message] = run_checks(tags=["genbilling"], databases=["default"])
    assert message.id == "genbilling.E010"
    assert "the settings point at the merchant 'another' (offline)" in message.msg
    assert "renew_installation" in message.hint
    settings.BRAINTREE_MERCHANT_ID = ""
    assert ids(databases=["default"]) == ["genbilling.E002"]
