"""Where the embedded Braintree keeps its books: one for all processes; in tests, not the developer's."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.db import connection

from genbilling import embedded
from genbilling.exceptions import BadSetting
from tests.readme import blocks
from tests.settings import TOP

MEMORY = ":memory:"


@pytest.fixture
def at_start(monkeypatch):
    """As if the database in use were the one that the settings named from the beginning."""
    monkeypatch.setattr(embedded, "_names", {"default": connection.settings_dict["NAME"]})


def given(settings, path):
    settings.GENBILLING = {**settings.GENBILLING, "EMBEDDED_DB": path}


@pytest.mark.parametrize("folder", [str, Path])
def test_a_relative_path_goes_by_the_sqlite_database_or_by_base_dir(
    settings, at_start, tmp_path, monkeypatch, folder
):
    settings.BASE_DIR = folder(tmp_path / "project")
    given(settings, "braintree.sqlite3")
    sqlite = connection.vendor == "sqlite"
    place = Path(connection.settings_dict["NAME"]).parent if sqlite else tmp_path / "project"
    for working_directory in (TOP, tmp_path):
        monkeypatch.chdir(working_directory)
        assert embedded.path() == str(place / "braintree.sqlite3")


def test_a_database_in_memory_is_no_place_to_put_a_file_beside(settings, monkeypatch, tmp_path):
    settings.BASE_DIR = tmp_path
    for name in (MEMORY, "file:memorydb_default?mode=memory&cache=shared"):
        monkeypatch.setitem(connection.settings_dict, "NAME", name)
        monkeypatch.setattr(embedded, "_names", {"default": name})
        given(settings, "braintree.sqlite3")
        assert embedded.path() == str(tmp_path / "braintree.sqlite3")


@pytest.mark.parametrize("path", [Path("/var/lib/shop/books.sqlite3"), "/var/lib/shop/books.sqlite3", MEMORY])
def test_an_absolute_path_and_memory_are_what_they_are(settings, at_start, path):
    given(settings, path)
    assert embedded.path() == str(path)


def test_a_relative_path_with_nothing_to_go_by_is_a_wrong_setting(settings, monkeypatch, at_start):
    del settings.BASE_DIR
    monkeypatch.setattr(connection, "vendor", "postgresql")
    given(settings, "braintree.sqlite3")
    with pytest.raises(BadSetting, match=r"EMBEDDED_DB'\] is 'braintree.sqlite3'.*Give an absolute path"):
        embedded.path()


SETTINGS = """
    from pathlib import Path
    from tests.settings import *

    BASE_DIR = Path(__file__).parent
    DATABASES["default"]["TEST"] = {"NAME": "test_host"}
    if "sqlite3" in DATABASES["default"]["ENGINE"]:
        # As in a new project: the tests' database is in memory.
        DATABASES["default"] |= {"NAME": BASE_DIR / "db.sqlite3", "TEST": {}}
    GENBILLING = {"PRODUCTS": PRODUCTS}
"""
TESTS = """
    from django.contrib.auth import get_user_model
    from django.test import TestCase

    from genbilling import interface
    from genbilling.models import Card

    class WithoutTheMixin(TestCase):
        def test_a_card(self):
            user = get_user_model().objects.create_user("bob")
            interface.new_account(user)
            interface.save_card(user, "fake-valid-nonce")
            self.assertEqual(Card.objects.get().last_4, "1881")
"""
DOCUMENT = (TOP / "docs" / "testing.rst").read_text()
[EXAMPLE] = [one.text for one in blocks(DOCUMENT) if one.heading == "With Django's own test runner"]


@pytest.fixture
def host(tmp_path):
    """The folder of a host project, and what runs a Python program in it."""
    for name, text in (("host_settings", SETTINGS), ("test_host", TESTS), ("test_example", EXAMPLE)):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))

    def python(*arguments):
        left_out = ("GENBILLING_TEST_DATABASE_NAME", "GENBILLING_TEST_BRAINTREE")
        env = {name: value for name, value in os.environ.items() if name not in left_out}
        env |= {"DJANGO_SETTINGS_MODULE": "host_settings", "PYTHONPATH": f"{TOP}{os.pathsep}{tmp_path}"}
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
        )

    return tmp_path, python


def test_djangos_own_test_runner_leaves_the_developers_braintree_alone(host):
    folder, python = host
    ran = python("-m", "django", "test")
    assert "Ran 3 tests" in ran.stderr
    assert ran.returncode == 0, ran.stderr
    assert not list(folder.glob("braintree*"))


def test_the_mixin_needs_no_pytest(host):
    _, python = host
    ran = python("-c", "import sys, genbilling.testing; sys.exit('pytest' in sys.modules)")
    assert ran.returncode == 0, ran.stderr
