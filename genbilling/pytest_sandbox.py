"""The fixtures of the pytest plugin `genbilling.testing`.

It is not loaded by itself, so that it costs nothing where it is not used. The fixture ``braintree`` needs
pytest-django; ``braintree_sandbox`` needs neither Django nor the rest of genbilling.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import gateway
from .sandbox import Sandbox
from .testing import Braintree


@pytest.fixture
def braintree(settings: Any, tmp_path: Path) -> Iterator[Braintree]:
    """A Braintree of this test's own, at which the settings point until the test ends."""
    own = Braintree(tmp_path / "braintree.sqlite3")
    for name, value in own.settings().items():
        setattr(settings, name, value)
    yield own
    gateway.disconnect()
    own.close()


@pytest.fixture
def braintree_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """An offline Braintree alone: `genbilling.sandbox.connect` gives the SDK's gateway on it."""
    with Sandbox(tmp_path / "braintree-sandbox.sqlite3") as sandbox:
        yield sandbox
