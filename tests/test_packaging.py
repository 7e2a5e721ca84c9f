"""Tests run on the tree, not on the wheel, so the wheel that tox installed has to be the same."""

import json
from importlib.metadata import distributions
from pathlib import Path

import pytest

import genbilling

TREE = Path(genbilling.__file__).parent


@pytest.fixture
def wheel():
    """The installed wheel. Beside it the build may have left an egg-info in the tree."""
    for found in distributions(name="genbilling"):
        origin = json.loads(found.read_text("direct_url.json") or "{}")
        if "archive_info" in origin:
            return found
    pytest.skip("genbilling is not installed from a wheel here; tox does that")


def test_the_wheel_holds_every_file_of_the_package(wheel):
    in_wheel = {str(file) for file in wheel.files if file.parts[0] == "genbilling" and file.suffix != ".pyc"}
    in_tree = {
        str(file.relative_to(TREE.parent).as_posix())
        for file in TREE.rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    assert in_wheel == in_tree


def test_the_wheel_has_the_version_of_the_package(wheel):
    assert wheel.version == genbilling.__version__


def test_the_package_says_that_it_is_typed():
    assert (TREE / "py.typed").exists()
